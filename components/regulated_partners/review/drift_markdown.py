"""The body of an issue about drift, in Markdown. The same drift gives the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regulated_partners.markdown import code, escaped, marker, shortened, table
from regulated_partners.review import phrases
from regulated_partners.review.report import Drift

#: What GitHub takes in an issue; GitLab takes more, Azure DevOps does not say. Source: GitHub REST API, issues: body.
MAXIMUM = 65_536


def title(stack: str) -> str:
    """The issue's title."""
    return f"Drift: somebody changed connectors of stack {stack} in the tenant"


def markdown(stack: str, drifts: Sequence[Drift], maximum: int = MAXIMUM) -> str:
    """The body; where nothing differs, one that says so.

    Args:
        maximum: characters it may have; connectors that do not fit are counted instead.
    """
    head = [marker("drift", stack), f"## Drift: stack {escaped(stack)}", ""]
    if not drifts:
        return "\n".join([*head, "The tenant has what the stack deployed."]) + "\n"
    head.append(
        f"Somebody changed {_count(len(drifts), 'connector')} of {_count(len({d.owner for d in drifts}), 'partner')} "
        "in the tenant, outside of this stack. "
        f"{code(f'regulated-partners up --stack {stack}')} puts back what is declared; to keep a change, declare it."
    )
    text = "\n".join(head) + "\n"
    for index, drift in enumerate(drifts):
        block = "\n" + "\n".join(_connector(drift)) + "\n"
        left = f"\nAnd {_count(len(drifts) - index, 'connector')} more; `--json` lists them all.\n"
        if len(text) + len(block) + len(left) > maximum:
            return text + left
        text += block
    return text


def _connector(drift: Drift) -> Iterator[str]:
    yield f"### {escaped(drift.owner)}: connector {escaped(drift.name)}"
    yield ""
    yield f"- declared: {escaped(phrases.sentence(drift.before))}"
    yield f"- found: {escaped(phrases.sentence(drift.found) or 'The connector is gone.')}"
    for kind, reason in phrases.reasons(drift.effects):
        yield f"- {kind}: {escaped(reason)}"
    if drift.settings:
        rows = ((s.parameter, shortened(s.before), shortened(s.after)) for s in drift.settings)
        yield from ("", *table(("property", "declared", "found"), rows))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
