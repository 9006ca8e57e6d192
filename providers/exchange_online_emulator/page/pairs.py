"""Pairs of connectors: an inbound and an outbound one that are for the same domains."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange_online_emulator.models import StoredObject

#: The stored form of a sender domain. Source: rule N1.
_ADDRESS_SPACE = re.compile(r"(?:smtp:)?(?P<domain>[^;]*)(?:;\d+)?", re.IGNORECASE)
#: What names of a pair have between what they share and their direction.
_BETWEEN = " -_:(/"
#: A shorter beginning is shared by chance.
_SHORTEST_TITLE = 3


@dataclass(frozen=True)
class Pair:
    """Two connectors, or one that has no other.

    Attributes:
        title: what their names share; of one connector its name.
        domains: whose mail they are for, in the order of the first that names them.
    """

    title: str
    domains: tuple[str, ...]
    inbound: StoredObject | None
    outbound: StoredObject | None

    @property
    def connectors(self) -> tuple[StoredObject, ...]:
        """Those that are there."""
        return tuple(item for item in (self.inbound, self.outbound) if item is not None)

    @property
    def changed(self) -> datetime:
        """When the later of them was made or changed."""
        return max(item.changed for item in self.connectors)

    def is_about(self, wanted: str) -> bool:
        """Whether a name or a domain has these characters in it, in any case."""
        texts = (self.title, *self.domains, *(item.name for item in self.connectors))
        return any(wanted.casefold() in text.casefold() for text in texts)


def pairs(inbound: Sequence[StoredObject], outbound: Sequence[StoredObject]) -> tuple[Pair, ...]:
    """Every connector, once: with the first of the other direction that is for just its domains, or shares one.

    Nothing in the service ties two connectors together; what they are for does.
    """
    partners = _Waiting(outbound)
    # Those for just the same come first, so that none of them is taken by one that only shares a domain.
    found = {item.guid: partners.same(item) for item in inbound}
    found = {item.guid: found[item.guid] or partners.sharing(item) for item in inbound}
    taken = {item.guid for item in found.values() if item is not None}
    made = [_pair(item, found[item.guid]) for item in inbound]
    return (*made, *(_pair(None, item) for item in outbound if item.guid not in taken))


class _Waiting:
    """Outbound connectors that have no inbound one yet, by what they are for."""

    def __init__(self, items: Iterable[StoredObject]) -> None:
        self._taken: set[str] = set()
        self._by_all: dict[frozenset[str], deque[StoredObject]] = defaultdict(deque)
        self._by_one: dict[str, deque[StoredObject]] = defaultdict(deque)
        for item in items:
            own = frozenset(_keys(item))
            self._by_all[own].append(item)
            for key in own:
                self._by_one[key].append(item)

    def same(self, item: StoredObject) -> StoredObject | None:
        """The first for just these domains."""
        own = frozenset(_keys(item))
        return self._next(self._by_all.get(own)) if own else None

    def sharing(self, item: StoredObject) -> StoredObject | None:
        """The first that shares one of them."""
        return next((found for key in _keys(item) if (found := self._next(self._by_one.get(key)))), None)

    def _next(self, queue: deque[StoredObject] | None) -> StoredObject | None:
        while queue:
            found = queue.popleft()
            if found.guid not in self._taken:
                self._taken.add(found.guid)
                return found
        return None


def _pair(inbound: StoredObject | None, outbound: StoredObject | None) -> Pair:
    both = [item for item in (inbound, outbound) if item is not None]
    domains = dict.fromkeys(domain for item in both for domain in domains_of(item))
    return Pair(_title([item.name for item in both]), tuple(domains), inbound, outbound)


def _title(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    shared = "".join(letters[0] for letters in same)
    if any(name[len(shared) : len(shared) + 1].isalnum() for name in names):
        # Half a word is none: `Fabrikam in` and `Fabrikam inbound` share `Fabrikam`.
        shared = re.sub(r"\w+$", "", shared)
    shared = shared.rstrip(_BETWEEN)
    return shared if len(shared) >= _SHORTEST_TITLE else " / ".join(names)


def domains_of(item: StoredObject) -> tuple[str, ...]:
    """The domains that a connector is for, without the form in which they are stored."""
    stored = (*item.values("SenderDomains"), *item.values("RecipientDomains"))
    found = (_ADDRESS_SPACE.fullmatch(text) for text in stored)
    return tuple(match["domain"] if match else text for match, text in zip(found, stored, strict=True))


def _keys(item: StoredObject) -> tuple[str, ...]:
    return tuple(domain.casefold() for domain in domains_of(item))
