"""Which inbound and outbound connectors belong to one partner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exchange_online.connectors import ConnectorSettings, InboundSettings, OutboundSettings
from regulated_partners.adopt.naming import shared_part
from regulated_partners.adopt.tenant import TenantConnector


@dataclass(frozen=True)
class Pair:
    """Two connectors of type Partner for the same domains."""

    inbound: TenantConnector
    outbound: TenantConnector

    @property
    def domains(self) -> tuple[str, ...]:
        return domains_of(self.inbound.record.settings)


@dataclass
class Pairing:
    """The pairs among some connectors, and why each of the others is in none; by Guid."""

    pairs: list[Pair] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def find_pairs(connectors: Iterable[TenantConnector]) -> Pairing:
    """Pairs the connectors whose domains are the same set.

    Several candidates for one set of domains are told apart by their names: one inbound and one outbound connector
    whose names share something, when there is exactly one such couple.
    """
    found = Pairing()
    inbound: dict[tuple[str, ...], list[TenantConnector]] = defaultdict(list)
    outbound: dict[tuple[str, ...], list[TenantConnector]] = defaultdict(list)
    for each in connectors:
        domains = domains_of(each.record.settings)
        if not each.record.settings.is_partner:
            found.reasons[each.record.guid] = "its type is OnPremises, and a partner's connectors are of type Partner"
        elif not domains:
            found.reasons[each.record.guid] = "it has no domains of its own"
        else:
            side = inbound if isinstance(each.record.settings, InboundSettings) else outbound
            side[domains].append(each)
    for domains in sorted({*inbound, *outbound}):
        _pair(inbound[domains], outbound[domains], found)
    return found


def domains_of(settings: ConnectorSettings) -> tuple[str, ...]:
    """A connector's domains, canonical."""
    if isinstance(settings, InboundSettings):
        return settings.sender_domains
    return settings.recipient_domains if isinstance(settings, OutboundSettings) else ()


def _pair(inbound: Sequence[TenantConnector], outbound: Sequence[TenantConnector], found: Pairing) -> None:
    couples = [(one, other) for one in inbound for other in outbound]
    if len(couples) > 1:
        couples = [(one, other) for one, other in couples if shared_part(one.name, other.name)]
    if len(couples) == 1:
        found.pairs.append(Pair(*couples[0]))
    chosen = {each.record.guid for pair in found.pairs for each in (pair.inbound, pair.outbound)}
    for own, others in ((inbound, outbound), (outbound, inbound)):
        for each in own:
            if each.record.guid not in chosen:
                found.reasons[each.record.guid] = _lonely(each, others, ambiguous=len(couples) != 1)


def _lonely(connector: TenantConnector, others: Sequence[TenantConnector], *, ambiguous: bool) -> str:
    other = "outbound" if isinstance(connector.record.settings, InboundSettings) else "inbound"
    if not others:
        return f"no {other} connector has the same domains"
    if ambiguous:
        return "several connectors have the same domains, and their names do not tell which two belong together"
    return "another pair has the same domains"
