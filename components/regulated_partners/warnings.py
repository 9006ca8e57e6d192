"""Findings about a stack's declarations, shown to the person who runs Pulumi."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pulumi

from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.program import DeclaredStack

#: The language host takes this for "the program has said what is wrong". Source: pulumi-language-python-exec.
_ERROR_SHOWN = 32


def show_warnings(declared: DeclaredStack) -> None:
    """Each warning as a diagnostic of its own."""
    for warning in declared.warnings:
        pulumi.log.warn(str(warning))


def stop_on_errors(errors: Sequence[DeclarationFinding]) -> None:
    """Each error as a diagnostic of its own; then the program ends, before any resource is declared."""
    if not errors:
        return
    for error in errors:
        pulumi.log.error(str(error))
    count = len(errors)
    pulumi.log.error(
        f"{count} {'error' if count == 1 else 'errors'} in the declarations of this stack; nothing was changed."
    )
    sys.exit(_ERROR_SHOWN)
