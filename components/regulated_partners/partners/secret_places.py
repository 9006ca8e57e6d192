"""Which values of a stack's declarations are secret, and where they may be.

The engine hands a program the settings with all secrets decrypted, and says of a whole setting only that there is one
in it. Which value it is stands in the stack's file: `pulumi config set --secret --path` writes `secure: …` there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.names import PREFIX
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.findings import DeclarationFinding, spelled
from regulated_partners.partners.secure import (
    connector_has,
    connector_may_keep,
    is_secure,
    partner_has,
    partner_may_keep,
    refusal,
)
from regulated_partners.partners.settings import read_settings
from regulated_partners.partners.shared_partners import collect_partners

#: The settings whose values become properties of connectors.
_DECLARING = {
    "partners": "partners",
    "partnerOverrides": "partner_overrides",
    KEYS[Direction.INBOUND]: "inbound_connectors",
    KEYS[Direction.OUTBOUND]: "outbound_connectors",
}

#: Stands in the place of a secret value; no declaration holds the character.
_MARK = "\x00secret"

_INDEX = re.compile(r"\[\d+\]$")


@dataclass(frozen=True)
class SecretPlaces:
    """The secret values of a stack's settings.

    Attributes:
        marked: the settings, with something else in the place of each secret value.
        places: where they stand, as findings name it: `partners[0].domains[1]`.
        values: the values themselves.
        refused: about those that stand where no secret can.
        doubtful: settings that hold a secret, of which nobody could say which value it is: all their texts count.
    """

    marked: Mapping[str, object]
    places: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    refused: tuple[DeclarationFinding, ...] = ()
    doubtful: tuple[str, ...] = ()

    def speaks_of(self, finding: DeclarationFinding) -> bool:
        """Whether a finding is about a secret value, or one that holds or is held by it."""
        return any(
            finding.path == place or finding.path.startswith(f"{place}[") or place.startswith(f"{finding.path}[")
            for place in self.places
        )


def secret_places(held: Mapping[str, object], filed: Mapping[str, object]) -> SecretPlaces:
    """Finds the secret values.

    Args:
        held: the settings that hold a secret, by their names with namespace, as the engine hands them on.
        filed: the settings as the stack's file has them, with `{secure: …}` for a secret; what is missing there, or is
            something else, makes a setting doubtful.
    """
    own, file = (read_settings(config)[0] for config in (held, filed))
    marked: dict[str, object] = {}
    places: set[str] = set()
    values: set[str] = set()
    refused: list[DeclarationFinding] = []
    doubtful: list[str] = []
    for name, attribute in _DECLARING.items():
        value, beside = getattr(own, attribute), getattr(file, attribute)
        if PREFIX + name not in held:
            continue
        walk = _Walk(sure=True)
        marked[name] = walk.marked(value, beside, (name,))
        if walk.unsure or not walk.found:
            walk = _Walk(sure=False)
            marked[name] = walk.marked(value, beside, (name,))
            doubtful.append(name)
        places |= walk.found.keys()
        values |= {value for value in walk.found.values() if isinstance(value, str)}
        refused += walk.refused
    return SecretPlaces(marked, frozenset(places), frozenset(values), tuple(refused), tuple(doubtful))


def secrets_of(places: SecretPlaces, config: Mapping[str, object]) -> Mapping[str, tuple[frozenset[str], ...]]:
    """What is secret of each partner (`inbound.comment`, `domains`) and connector, in their order, by their setting.

    Args:
        config: all settings, by their names with namespace.
    """
    settings, _ = read_settings({**config, **{PREFIX + name: value for name, value in places.marked.items()}})
    lists = {
        "partners": collect_partners(settings).declared,
        KEYS[Direction.INBOUND]: settings.inbound_connectors,
        KEYS[Direction.OUTBOUND]: settings.outbound_connectors,
    }
    return {
        key: tuple(
            frozenset(_INDEX.sub("", place) for place in _marks(item, ""))
            for item in (items if isinstance(items, list) else ())
        )
        for key, items in lists.items()
    }


def _marks(value: object, place: str) -> Iterator[str]:
    if value == _MARK:
        yield place
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _marks(below, f"{place}.{key}" if place else str(key))
    elif isinstance(value, (list, tuple)):
        for index, below in enumerate(value):
            yield from _marks(below, f"{place}[{index}]")


class _Walk:
    """One setting, beside what the file has of it; `sure` is False where the file cannot tell which value is secret."""

    def __init__(self, *, sure: bool) -> None:
        self.found: dict[str, object] = {}
        self.refused: list[DeclarationFinding] = []
        self.unsure = False
        self._sure = sure

    def marked(self, value: object, filed: object, place: tuple[str | int, ...], *, secret: bool = False) -> object:
        """The value with marks."""
        secret = secret or (isinstance(filed, dict) and is_secure(filed))
        if isinstance(value, dict):
            below = filed if isinstance(filed, dict) else {}
            return {key: self.marked(one, below.get(key), (*place, key), secret=secret) for key, one in value.items()}
        if isinstance(value, list):
            items = filed if isinstance(filed, list) and len(filed) == len(value) else [None] * len(value)
            return [self.marked(one, items[index], (*place, index), secret=secret) for index, one in enumerate(value)]
        if secret or not (self._sure or value in (None, "") or not _may_be_secret(place)):
            return self._secret(value, place)
        self.unsure = self.unsure or not _same(value, filed)
        return value

    def _secret(self, value: object, place: tuple[str | int, ...]) -> object:
        self.found[spelled(place)] = value
        if _may_be_secret(place):
            return _MARK
        if not _is_known(place):
            # That there is no such name is said by whoever reads the declaration.
            return value
        self.refused.append(refusal(spelled(place), _relative(place)))
        return value


def _same(value: object, filed: object) -> bool:
    """The engine hands on numbers and switches as they are or as texts."""
    return str(value).lower() == str(filed).lower() if isinstance(filed, bool) else str(value) == str(filed)


def _relative(place: tuple[str | int, ...]) -> str:
    """A place as it is named inside of one partner or connector; an item of a list is its list."""
    return ".".join(step for step in place[2:] if isinstance(step, str))


def _is_known(place: tuple[str | int, ...]) -> bool:
    relative = _relative(place)
    for direction, key in KEYS.items():
        if place[0] == key:
            return connector_has(direction, relative)
    return partner_has(relative)


def _may_be_secret(place: tuple[str | int, ...]) -> bool:
    relative = _relative(place)
    for direction, key in KEYS.items():
        if place[0] == key:
            return relative != "name" and connector_may_keep(direction, relative)
    return partner_may_keep(relative)
