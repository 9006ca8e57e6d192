"""The names of a stack's settings. A misspelled one must not read as "no partners", which would remove them all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.schema import PREFIX, schema


def setting_names() -> tuple[str, ...]:
    """Every name of this project's settings, without the namespace."""
    names: Iterable[str] = schema()["properties"]["config"]["properties"]
    return tuple(name.removeprefix(PREFIX) for name in names)


def unknown_settings(names: Iterable[str]) -> tuple[DeclarationFinding, ...]:
    """A finding for each name in this project's namespace that no setting has.

    Args:
        names: the names in the stack, with their namespaces.
    """
    known = setting_names()
    findings = []
    for name in sorted(names):
        key = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or key in known:
            continue
        near = difflib.get_close_matches(key, known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(sorted(known))}."
        findings.append(DeclarationFinding(name, f"there is no such setting; {remedy}"))
    return tuple(findings)
