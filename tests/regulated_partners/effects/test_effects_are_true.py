"""The classes of changes against what becomes of single messages, before and after, by the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from exchange_online.connectors import Direction, check
from regulated_partners.effects import EffectKind, classify
from tests.exchange_online.connectors import mail_oracle as oracle
from tests.exchange_online.connectors.mail_oracle import Fate

M = TypeVar("M")
Row = dict[str, Any]

#: What decides more than whether a message passes: whom mail is taken for, and by which way it goes.
_MORE_THAN_PASSING = {"connectorType", "cloudServicesMailEnabled", "smartHosts", "useMxRecord"}


def _neighbours(rows: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Rows that differ in one setting, or in those that belong together."""
    by_key = {_key(row): row for row in rows}
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            if value not in values.setdefault(name, []):
                values[name].append(value)
    for row in rows:
        for name, others in values.items():
            for value in others:
                after = {**row, name: value}
                if "tlsSettings" in row:
                    after["useMxRecord"] = not after["smartHosts"]
                    after["tlsDomain"] = oracle.NAME if after["tlsSettings"] == "DomainValidation" else None
                if after != row and _key(after) in by_key:
                    yield row, after


def _key(row: Row) -> str:
    return repr(sorted(row.items()))


def _judge(
    direction: Direction, rows: Sequence[Row], messages: Sequence[M], fate: Callable[[Mapping[str, Any], M], Fate]
) -> int:
    fates = {_key(row): tuple(fate(row, m) for m in messages) for row in rows}
    settings = {_key(row): check(direction, {"name": "Fabrikam", **row}).settings for row in rows}
    judged = 0
    for before, after in _neighbours(rows):
        was, now = fates[_key(before)], fates[_key(after)]
        if Fate.NOT_DOCUMENTED in (*was, *now):
            continue
        judged += 1
        kinds = {effect.kind for effect in classify(settings[_key(before)], settings[_key(after)])}
        freed = any((old, new) == (Fate.REFUSED, Fate.PASSES) for old, new in zip(was, now, strict=True))
        caught = any((old, new) == (Fate.PASSES, Fate.REFUSED) for old, new in zip(was, now, strict=True))
        changed = {name for name in before if before[name] != after[name]}
        shown = (kinds, {name: (before[name], after[name]) for name in changed}, before)
        if freed and not caught:
            assert EffectKind.WEAKENS in kinds, shown
        if caught and not freed:
            assert EffectKind.OUTAGE_RISK in kinds, shown
        if freed or caught:
            assert kinds != {EffectKind.NEUTRAL}, shown
        elif not changed & _MORE_THAN_PASSING and not _concerns_trust(before, after):
            assert EffectKind.WEAKENS not in kinds or _looser_records(before, after), shown
    return judged


def _concerns_trust(before: Row, after: Row) -> bool:
    """What is told although no message of one connector passes or not by it: whose mail counts as one's own."""
    return "OnPremises" in (before["connectorType"], after["connectorType"])


def _looser_records(before: Row, after: Row) -> bool:
    """DANE and MTA-STS refuse mail by the partner's records, which the messages here do not have."""
    names = ("smtpDaneMode", "mtaStsMode", "enabled", "testMode", "isTransportRuleScoped", "allAcceptedDomains")
    return any(before.get(name) != after.get(name) for name in (*names, "recipientDomains"))


def test_the_class_of_a_change_of_an_inbound_connector_is_true() -> None:
    """Failing, a change that lets mail pass which was refused is not told as weakening, or one that changes nothing
    for any message is: for the pair of settings shown."""
    judged = _judge(Direction.INBOUND, list(oracle.inbound_rows()), oracle.INCOMING, oracle.fate_of_incoming)
    assert judged > 5000


def test_the_class_of_a_change_of_an_outbound_connector_is_true() -> None:
    """Failing, a change that lets mail leave without what was demanded is not told as weakening, or one that changes
    nothing for any message is: for the pair of settings shown."""
    rows = [row for row in oracle.outbound_rows() if row["mtaStsMode"] == "None" or row["tlsSettings"] is None]
    judged = _judge(Direction.OUTBOUND, rows, oracle.OUTGOING, oracle.fate_of_outgoing)
    assert judged > 5000
