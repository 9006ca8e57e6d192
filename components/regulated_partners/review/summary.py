"""What the previews of several stacks say together."""

from __future__ import annotations

import json
from collections.abc import Sequence

from regulated_partners.effects import EffectKind
from regulated_partners.markdown import escaped
from regulated_partners.markdown import table as markdown_table
from regulated_partners.review.stack_review import Previewed
from regulated_partners.table import Column, table
from regulated_partners.text import printable

_COLUMNS = (Column("stack"), Column("result"), Column("what it does to mail", wide=True))


def summary_table(previews: Sequence[Previewed]) -> str:
    """For a terminal or a log; below it why what is refused is refused."""
    rows = [(printable(each.stack), each.result, printable(each.summary)) for each in previews]
    reasons = "".join(f"{printable(each.stack)}: {printable(reason)}\n" for each, reason in _reasons(previews))
    return table(_COLUMNS, rows) + (f"\n{reasons}" if reasons else "")


def summary_markdown(previews: Sequence[Previewed]) -> str:
    """For the summary page of a pipeline."""
    rows = ((each.stack, each.result, each.summary) for each in previews)
    lines = ["## What this does to mail", "", *markdown_table(("stack", "result", "what it does to mail"), rows)]
    reasons = [f"- {escaped(each.stack)}: {escaped(reason)}" for each, reason in _reasons(previews)]
    return "\n".join([*lines, *([""] if reasons else []), *reasons]) + "\n"


def summary_json(previews: Sequence[Previewed]) -> str:
    """For programs. The names are part of the command's contract; new ones may be added."""
    return json.dumps({"stacks": [_object(each) for each in previews]}, indent=2, ensure_ascii=False) + "\n"


def _object(each: Previewed) -> dict[str, object]:
    counts = {kind.name.lower(): each.review.count(kind) for kind in EffectKind} if each.review else {}
    return {
        "stack": each.stack,
        "result": each.result,
        "summary": each.summary,
        "refusals": list(each.refused),
        "problem": each.problem or None,
        "counts": counts,
    }


def _reasons(previews: Sequence[Previewed]) -> list[tuple[Previewed, str]]:
    return [
        (each, reason)
        for each in previews
        for reason in (*each.refused, *(line.strip() for line in each.problem.splitlines()[1:]))
    ]
