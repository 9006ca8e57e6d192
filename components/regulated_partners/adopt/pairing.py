"""Which inbound and outbound connectors belong to one partner, and what to call it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from exchange_online.connectors import ConnectorRecord, Direction

#: The longest name of a partner. Source: regulated_partners.partners.declaration.Partner.
_LONGEST = 53

#: Words that say what a connector is, not whose.
_GENERIC = frozenset(
    {"connector", "connection", "exchange", "exo", "force", "forced", "from", "ftls", "in", "inbound", "mail", "of"}
    | {"out", "outbound", "partner", "relay", "route", "smtp", "the", "tls", "to", "via", "with"}
)
_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = " -_.,:;/|<>()[]'\"\t"


@dataclass(frozen=True)
class Pair:
    """Two connectors of type Partner for the same domains."""

    inbound: ConnectorRecord
    outbound: ConnectorRecord

    @property
    def domains(self) -> tuple[str, ...]:
        return self.inbound.settings.domains


@dataclass
class Pairing:
    """The pairs among some connectors, and why each of the others is in none; by Guid."""

    pairs: list[Pair] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def find_pairs(connectors: Iterable[ConnectorRecord]) -> Pairing:
    """Pairs the connectors whose domains are the same set.

    Several candidates for one set of domains are told apart by their names: one inbound and one outbound connector
    whose names share something, when there is exactly one such couple.
    """
    found = Pairing()
    inbound: dict[tuple[str, ...], list[ConnectorRecord]] = defaultdict(list)
    outbound: dict[tuple[str, ...], list[ConnectorRecord]] = defaultdict(list)
    sides = {Direction.INBOUND: inbound, Direction.OUTBOUND: outbound}
    for connector in connectors:
        settings = connector.settings
        if not settings.is_partner:
            found.reasons[connector.guid] = "its type is OnPremises, and a partner's connectors are of type Partner"
        elif not settings.domains:
            found.reasons[connector.guid] = "it has no domains of its own"
        else:
            sides[connector.direction][settings.domains].append(connector)
    for domains in sorted({*inbound, *outbound}):
        _pair(inbound[domains], outbound[domains], found)
    return found


def _pair(inbound: Sequence[ConnectorRecord], outbound: Sequence[ConnectorRecord], found: Pairing) -> None:
    couples = [(one, other) for one in inbound for other in outbound]
    if len(couples) > 1:
        couples = [(one, other) for one, other in couples if shared_part(one.name, other.name)]
    if len(couples) == 1:
        found.pairs.append(Pair(*couples[0]))
    chosen = {half.guid for pair in found.pairs for half in (pair.inbound, pair.outbound)}
    for own, others in ((inbound, outbound), (outbound, inbound)):
        for connector in own:
            if connector.guid not in chosen:
                found.reasons[connector.guid] = _lonely(connector, others, ambiguous=len(couples) != 1)


def _lonely(connector: ConnectorRecord, others: Sequence[ConnectorRecord], *, ambiguous: bool) -> str:
    if not others:
        return f"no {connector.direction.other.word} connector has the same domains"
    if ambiguous:
        return "several connectors have the same domains, and their names do not tell which two belong together"
    return "another pair has the same domains"


@dataclass(frozen=True)
class Unnamed:
    """A pair without a partner's name: the names of its connectors, and its first domain."""

    inbound: str
    outbound: str
    domain: str


def partner_names(pairs: Sequence[Unnamed], taken: Iterable[str]) -> tuple[str, ...]:
    """A name for each pair: what the names of both connectors share, else the first domain.

    The names are unique regardless of case, no longer than a partner's name may be, and do not depend on the order
    of the pairs except where even the domain does not tell two apart.

    Args:
        taken: names that partners of the stack have already.
    """
    used = {name.casefold() for name in taken}
    bases = [_shortened(shared_part(pair.inbound, pair.outbound) or _bare(pair.domain)) for pair in pairs]
    counts = Counter(base.casefold() for base in bases)
    names = []
    for pair, base in zip(pairs, bases, strict=True):
        alone = counts[base.casefold()] == 1 and base.casefold() not in used
        name = base if alone else _unused(f"{base} ({_bare(pair.domain)})", used)
        used.add(name.casefold())
        names.append(name)
    return tuple(names)


def shared_part(inbound: str, outbound: str) -> str | None:
    """The words that two names begin with or, failing that, end with; None where these say nothing about a partner."""
    length = _common(inbound, outbound)
    while length and not (_boundary(inbound, length) and _boundary(outbound, length)):
        length -= 1
    return _telling(inbound[:length]) or _shared_end(inbound, outbound)


def _shared_end(inbound: str, outbound: str) -> str | None:
    length = _common(inbound[::-1], outbound[::-1])
    while length and not (_boundary(inbound, len(inbound) - length) and _boundary(outbound, len(outbound) - length)):
        length -= 1
    return _telling(inbound[len(inbound) - length :])


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike, whatever their case."""
    alike = takewhile(lambda pair: pair[0].casefold() == pair[1].casefold(), zip(one, other, strict=False))
    return len(list(alike))


def _boundary(name: str, place: int) -> bool:
    """Whether one word ends and another begins at a place; `FabrikamInbound` has two words."""
    if place in (0, len(name)):
        return True
    before, after = name[place - 1], name[place]
    return not before.isalnum() or not after.isalnum() or (before.islower() and after.isupper())


def _telling(part: str) -> str | None:
    words = _WORD.findall(part)
    if all(word.casefold() in _GENERIC for word in words) or not any(len(word) > 1 for word in words):
        return None
    return part.strip(_SEPARATORS)


def _unused(name: str, used: set[str]) -> str:
    candidate, number = _shortened(name), 1
    while candidate.casefold() in used:
        number += 1
        candidate = f"{_shortened(name, len(f' {number}'))} {number}"
    return candidate


def _shortened(name: str, room: int = 0) -> str:
    return name[: _LONGEST - room].strip()


def _bare(domain: str) -> str:
    return domain.removeprefix("*.")
