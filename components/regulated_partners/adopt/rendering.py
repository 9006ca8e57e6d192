"""A plan of adoption for a person, or for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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

#: The plugin's resources take the same properties as the items of a stack file.
_IN_OTHER_WORDS = "What the program has to declare, in the words of a stack file, which the plugin's resources have too"


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was done with a plan.

    Attributes:
        written: the declarations are in the stack's settings file.
        entered: the connectors are in the state.
        file: where the import file of the plugin was written.
    """

    written: bool = False
    entered: bool = False
    file: Path | None = None


def as_text(plan: Plan, stack: str, path: Path, added: Lists, done: Done) -> str:
    """A table of all connectors, the declarations unless they are in the file now, and what to do next.

    Args:
        added: the new items of each list of the stack's settings file, which is at `path`.
        done: what was done.
    """
    columns = [Column("direction"), Column("connector"), Column("kind"), Column("becomes"), Column("why", wide=True)]
    rows = [
        (verdict.connector.direction.word, printable(verdict.connector.name), verdict.kind.value, *_fate(verdict))
        for verdict in plan.verdicts
    ]
    parts = [table(columns, rows) if rows else "The tenant has no connectors.\n", _counts(plan)]
    if added and not done.written:
        shown = with_declarations("", {f"{PREFIX}{key}": items for key, items in added.items()})
        where = f"Declarations for {path}" if done.file is None else _IN_OTHER_WORDS
        parts.append(f"\n{where}:\n\n{shown}")
    parts += [f"\n{complaint}\n" for complaint in plan.complaints]
    parts.append(f"\n{_next(plan, stack, added, done)}\n")
    return "".join(parts)


def as_json(plan: Plan, stack: str, path: Path, added: Lists, done: Done) -> str:
    """The same for a program; the keys stay."""
    document = {
        "stack": stack,
        "stackFile": str(path),
        "written": done.written,
        "entered": [verdict.connector.guid for verdict in plan.adopted] if done.entered else [],
        "importFile": str(done.file) if done.file else None,
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


def _next(plan: Plan, stack: str, added: Lists, done: Done) -> str:
    if not plan.adopted:
        return "There is nothing to adopt."
    count = len(plan.adopted)
    connectors = f"{count} {'connector' if count == 1 else 'connectors'}"
    if done.file is not None:
        return (
            f"{done.file} names {connectors} for the plugin. `pulumi import --file {done.file} --stack {stack}` enters "
            "them into the state, without a write to the tenant; declare them in the program before its next `pulumi "
            "up`."
        )
    if not done.written:
        return "Nothing was written. With --write the declarations go into the file and the connectors into the state."
    where = "The declarations are in the stack file. " if added else ""
    if done.entered:
        return (
            f"{where}{connectors} {'is' if count == 1 else 'are'} in the state of {stack} now; nothing was sent to the "
            "tenant. `pulumi preview` shows no change of a resource."
        )
    takes = (
        f"{where}The next `pulumi up` takes the connectors over as they are, without a write to the tenant. Then the "
        "lines with adoptExisting are needed no more."
    )
    if not plan.without_consent:
        return takes
    names = ", ".join(f"'{printable(verdict.connector.name)}'" for verdict in plan.without_consent)
    return f"{takes} Declared already, and refused by it without adoptExisting: {names}."
