"""The comment on a pull request, and the body of an issue about drift.

The same review gives the same text, so a bot finds its comment by the marker in the first line and changes it only
when there is something to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from regulated_partners.effects import Effect, EffectKind
from regulated_partners.markdown import Markdown, code, details, escaped, marker, shortened, table
from regulated_partners.review.report import (
    LEGEND,
    ConnectorReview,
    Drift,
    OwnerReview,
    Review,
    Setting,
    few,
    reasons,
    sentence,
)

#: What GitHub takes in a comment and in an issue; GitLab takes more, Azure DevOps does not say.
#: Source: GitHub REST API, issues and issues/comments: body is too long (maximum is 65536).
MAXIMUM = 65_536


def comment(review: Review, refusals: Sequence[str], maximum: int = MAXIMUM) -> str:
    """The comment.

    Args:
        refusals: the sentences of the gates.
        maximum: characters it may have; what does not fit is left out from the end, with a sentence that says so.
    """
    head = "\n".join(_head(review, refusals))
    owners = ["\n".join(_owner(review, owner)) for owner in review.owners]
    return _within(head, [*owners, *_drift_blocks(review), *_tail_blocks(review)], maximum, _cut)


def _head(review: Review, refusals: Sequence[str]) -> Iterator[str]:
    yield marker("review", review.stack)
    yield f"## What this does to mail: stack {escaped(review.stack)}"
    yield ""
    yield f"**{escaped(review.summary)}**"
    if refusals:
        yield from ("", "> **This change may not be applied as it is:**", ">")
        yield from (f"> - {escaped(shortened(refusal, 600))}" for refusal in few(refusals))
    if review.problems:
        yield ""
        yield from (f"- {escaped(shortened(problem, 600))}" for problem in few(review.problems))


def _owner(review: Review, owner: OwnerReview) -> Iterator[str]:
    yield f"### {escaped(owner.name)} {owner.headline}"
    if given := review.said_of(owner):
        yield from ("", f"*{escaped(given)}*")
    for connector in owner.connectors:
        yield ""
        yield f"**{owner.way(connector)}** (connector {escaped(connector.name)} {connector.happens})"
        yield from _story(connector)
        yield from _table(connector.settings)


def _story(told: ConnectorReview | Drift) -> Iterator[str]:
    yield ""
    yield from (f"- {word}: {escaped(sentence)}" for word, sentence in told.story)
    yield from _effects(told.effects)


def _effects(effects: tuple[Effect, ...]) -> Iterator[str]:
    for kind, reason in reasons(effects):
        loud = f"**{kind}**" if kind in (EffectKind.WEAKENS, EffectKind.OUTAGE_RISK) else kind
        yield f"- {loud}: {escaped(reason)}"


def _table(settings: Sequence[Setting]) -> Iterator[str]:
    if settings:
        yield ""
        yield from table(
            ("setting", "before", "after"), ((s.parameter, shortened(s.before), shortened(s.after)) for s in settings)
        )


def _drift_blocks(review: Review) -> Iterator[str]:
    title = "## Changed outside of this stack\n\nNot by this pull request: somebody changed these in the tenant.\n\n"
    for drift in review.drifts:
        yield title + "\n".join(_drift(review, drift))
        title = ""


def _drift(review: Review, drift: Drift) -> Iterator[str]:
    yield f"### {escaped(drift.owner)}: connector {escaped(drift.name)}"
    if drift.repair and (given := review.said_of(drift)):
        yield from ("", f"*{escaped(given)}*")
    yield from _story(drift)
    yield f"- {drift.outcome}"
    yield from (f"  {line}" for line in _effects(drift.repair))
    yield from _table(drift.settings)


def _tail_blocks(review: Review) -> Iterator[str]:
    if review.unchanged:
        names = Markdown(", ".join(map(escaped, review.unchanged)))
        yield details(f"{len(review.unchanged)} unchanged", names)
    if review.owners or review.drifts:
        yield f"<sub>{LEGEND}</sub>"


def _within(head: str, blocks: Sequence[str], maximum: int, cut: Callable[[int], str]) -> str:
    """The most important blocks come first, so what is left out is what matters least."""
    whole = "\n\n".join([head, *blocks]) + "\n"
    if len(whole) <= maximum:
        return whole
    text, shown = head, 0
    reserve = len(cut(len(blocks))) + 3
    for block in blocks:
        if len(text) + len(block) + 2 + reserve > maximum:
            break
        text, shown = f"{text}\n\n{block}", shown + 1
    left = f"{text}\n\n{cut(len(blocks) - shown)}\n"
    return left if len(left) <= maximum else left[: maximum - 1] + "\n"


def _cut(count: int) -> str:
    return (
        f"**{count} further {'section does' if count == 1 else 'sections do'} not fit into a comment; the log of the "
        "pipeline and `--json` have everything.**"
    )


def issue_title(stack: str) -> str:
    """The issue's title."""
    return f"Drift: somebody changed connectors of stack {stack} in the tenant"


def issue(stack: str, drifts: Sequence[Drift], maximum: int = MAXIMUM) -> str:
    """The body of an issue about drift; where nothing differs, one that says so.

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
    blocks = ["\n".join(_found(drift)) for drift in drifts]
    more = "And {} more; `--json` lists them all."
    return _within("\n".join(head), blocks, maximum, lambda left: more.format(_count(left, "connector")))


def _found(drift: Drift) -> Iterator[str]:
    yield f"### {escaped(drift.owner)}: connector {escaped(drift.name)}"
    yield ""
    yield f"- declared: {escaped(sentence(drift.before))}"
    yield f"- found: {escaped(sentence(drift.found) or 'The connector is gone.')}"
    for kind, reason in reasons(drift.effects):
        yield f"- {kind}: {escaped(reason)}"
    if drift.settings:
        rows = ((s.parameter, shortened(s.before), shortened(s.after)) for s in drift.settings)
        yield from ("", *table(("property", "declared", "found"), rows))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
