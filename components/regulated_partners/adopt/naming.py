"""What to call a partner that only its two connectors are known of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
        pairs: the pairs to name.
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
    places = zip(one, other, strict=False)
    return next(
        (place for place, (a, b) in enumerate(places) if a.casefold() != b.casefold()), min(len(one), len(other))
    )


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
