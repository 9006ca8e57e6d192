"""A plan of adoption for a person, or for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from regulated_partners.adopt.plan import Becomes, Plan, Verdict
from regulated_partners.adopt.stack_file import Items, with_declarations
from regulated_partners.names import PREFIX
from regulated_partners.table import Column, table
from regulated_partners.text import printable

_WORDS = {
    Becomes.MANAGED: "managed already",
    Becomes.PARTNER: "part of a partner",
    Becomes.CONNECTOR: "plain resource",
    Becomes.LEFT_ALONE: "left alone",
}

Lists = Mapping[str, Items]


def as_text(plan: Plan, stack: str, path: Path, added: Lists, *, written: bool, entered: bool) -> str:
    """A table of all connectors, the declarations unless they are in the file now, and what to do next.

    Args:
        added: the new items of each list of the stack's settings file, which is at `path`.
        written: whether the file was written.
        entered: whether `--write` enters the connectors into the state as well.
    """
    columns = [Column("direction"), Column("connector"), Column("kind"), Column("becomes"), Column("why", wide=True)]
    rows = [
        (verdict.connector.direction.word, printable(verdict.connector.name), verdict.kind.value, *_fate(verdict))
        for verdict in plan.verdicts
    ]
    parts = [table(columns, rows) if rows else "The tenant has no connectors.\n", _counts(plan)]
    if added and not written:
        shown = with_declarations("", {f"{PREFIX}{key}": items for key, items in added.items()})
        parts.append(f"\nDeclarations for {path}:\n\n{shown}")
    parts += [f"\n{complaint}\n" for complaint in plan.complaints]
    parts.append(f"\n{_next(plan, stack, added, written=written, entered=entered)}\n")
    return "".join(parts)


def as_json(plan: Plan, stack: str, path: Path, added: Lists, *, written: bool, entered: bool) -> str:
    """The same for a program; the keys stay."""
    document = {
        "stack": stack,
        "stackFile": str(path),
        "written": written,
        "entered": [verdict.connector.guid for verdict in plan.adopted] if written and entered else [],
        "connectors": [
            {
                "direction": verdict.connector.direction.word,
                "name": verdict.connector.name,
                "id": verdict.connector.guid,
                "kind": verdict.kind.value,
                "mark": verdict.connector.managed_by or None,
                "becomes": verdict.becomes.value,
                "partner": verdict.partner,
                "reason": verdict.reason,
            }
            for verdict in plan.verdicts
        ],
        "declarations": added,
        "complaints": plan.complaints,
    }
    return json.dumps(document, indent=2) + "\n"


def _fate(verdict: Verdict) -> tuple[str, str]:
    why = verdict.reason
    if verdict.becomes is Becomes.PARTNER:
        why = f"{verdict.partner}{f' ({why})' if why else ''}"
    return _WORDS[verdict.becomes], printable(why)


def _counts(plan: Plan) -> str:
    counts = Counter(verdict.becomes for verdict in plan.verdicts)
    return ", ".join(f"{counts[fate]} {_WORDS[fate]}" for fate in Becomes if counts[fate]) + "\n" if counts else ""


def _next(plan: Plan, stack: str, added: Lists, *, written: bool, entered: bool) -> str:
    if not plan.adopted:
        return "There is nothing to adopt."
    if not written:
        return "Nothing was written. With --write the declarations go into the file and the connectors into the state."
    where = "The declarations are in the stack file. " if added else ""
    if entered:
        count = len(plan.adopted)
        return (
            f"{where}{count} {'connector is' if count == 1 else 'connectors are'} in the state of {stack} now; nothing "
            "was sent to the tenant. `pulumi preview` shows no change of a resource."
        )
    takes = (
        f"{where}The next `pulumi up` takes the connectors over as they are, without a write to the tenant. Then the "
        "lines with adoptExisting are needed no more."
    )
    if not plan.without_consent:
        return takes
    names = ", ".join(f"'{printable(verdict.connector.name)}'" for verdict in plan.without_consent)
    return f"{takes} Declared already, and refused by it without adoptExisting: {names}."
