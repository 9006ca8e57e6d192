"""A review on a terminal, in colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from regulated_partners.effects import EffectKind
from regulated_partners.review import phrases
from regulated_partners.review.report import ConnectorReview, Drift, OwnerReview, Review, Setting
from regulated_partners.text import printable

_STYLES = {
    EffectKind.WEAKENS.value: "bold red",
    EffectKind.OUTAGE_RISK.value: "yellow",
    EffectKind.STRENGTHENS.value: "green",
    EffectKind.NEUTRAL.value: "dim",
}


def show(console: Console, review: Review, refusals: Sequence[str]) -> None:
    """Writes the review to a console."""
    console.print(f"[bold]Stack {_plain(review.stack)}.[/] {_plain(phrases.summary(review))}")
    for owner in review.owners:
        _owner(console, review, owner)
    if review.drifts:
        console.print("\n[bold]Changed outside of this stack[/], not by this change:")
    for drift in review.drifts:
        _drift(console, review, drift)
    for problem in review.problems:
        console.print(f"\n[yellow]{_plain(problem)}[/]")
    if refusals:
        console.print("\n[bold red]This change may not be applied as it is:[/]")
        for refusal in refusals:
            console.print(f"  {_plain(refusal)}")


def _owner(console: Console, review: Review, owner: OwnerReview) -> None:
    console.print(f"\n[bold]{_plain(owner.name)}[/] {phrases.headline(owner)}")
    given = phrases.acknowledgement(review, owner)
    if given:
        console.print(f"  [italic]{_plain(given)}[/]")
    for connector in owner.connectors:
        _connector(console, owner, connector)


def _connector(console: Console, owner: OwnerReview, connector: ConnectorReview) -> None:
    way = phrases.way(connector, is_partner=owner.is_partner)
    console.print(f"  {way} (connector {_plain(connector.name)} {phrases.operation(connector)})")
    none = "There is no such connector."
    if connector.before == connector.after:
        console.print(f"    before and after: {_plain(phrases.sentence(connector.after))}")
    else:
        console.print(f"    before: {_plain(phrases.sentence(connector.before) or none)}")
        console.print(f"    after:  {_plain(phrases.sentence(connector.after) or none)}")
    _reasons(console, phrases.reasons(connector.effects))
    _table(console, connector.settings)


def _drift(console: Console, review: Review, drift: Drift) -> None:
    console.print(f"\n[bold]{_plain(drift.owner)}[/] (connector {_plain(drift.name)})")
    given = phrases.acknowledgement(review, drift)
    if given and drift.repair:
        console.print(f"  [italic]{_plain(given)}[/]")
    console.print(f"    as deployed: {_plain(phrases.sentence(drift.before))}")
    console.print(f"    as found:    {_plain(phrases.sentence(drift.found) or 'The connector is gone.')}")
    _reasons(console, phrases.reasons(drift.effects))
    console.print(f"    {drift.outcome}")
    _reasons(console, phrases.reasons(drift.repair))
    _table(console, drift.settings)


def _reasons(console: Console, reasons: Sequence[tuple[str, str]]) -> None:
    for kind, reason in reasons:
        console.print(f"    [{_STYLES[kind]}]{kind}[/]: {_plain(reason)}")


def _table(console: Console, settings: Sequence[Setting]) -> None:
    if not settings:
        return
    table = Table("setting", "before", "after", box=None, padding=(0, 2, 0, 4), header_style="dim")
    for setting in settings:
        table.add_row(*(_plain(text) for text in (setting.parameter, setting.before, setting.after)))
    console.print(table)


def _plain(text: str) -> str:
    return escape(printable(text))
