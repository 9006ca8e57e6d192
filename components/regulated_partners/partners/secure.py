"""Secrets in a stack's file: `secure: …` in the place of a text, which only the engine can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from exchange_online.connectors import OPTION_KEYS, Direction, Flag, Member, parameters
from regulated_partners.partners.declaration import Acknowledgement, Inbound, Outbound, Partner
from regulated_partners.partners.findings import DeclarationFinding

#: What stands in for a text of a partner that is not known yet, by its place: something that the rules accept.
STAND_INS = {
    "domains": "later{}.example",
    "certificateName": "later.example",
    "comment": "later",
    "inbound.comment": "later",
    "inbound.certificateName": "later.example",
    "inbound.senderIpAddresses": "192.0.2.{}",
    "outbound.comment": "later",
    "outbound.tlsDomain": "later.example",
    "outbound.smartHosts": "later{}.example",
    "outbound.validationRecipients": "later{}@later.example",
}

_MODELS: dict[str, type[BaseModel]] = {
    "": Partner,
    "inbound": Inbound,
    "outbound": Outbound,
    "acknowledge": Acknowledgement,
}

#: Texts of a partner that can be secret although nothing else may stand in for them.
_FURTHER = frozenset({"inbound.name", "outbound.name", "acknowledge.reason"})

_REFUSED = (
    "a secret cannot stand here: {why}. Set it without --secret; comments, domains, names in certificates, addresses "
    "and hosts can be secret."
)
_IN_URN = "the names of a partner or connector are part of Pulumi's names for its resources, which state and logs show"
_DECIDES = "it is not a text, or it decides what is declared"

#: About a whole setting that is one secret.
ALL_OF_IT = (
    "all of it is one secret, which only the engine can read. Set only the values that are secret, each with `pulumi "
    "config set --secret --path`."
)


def is_secure(value: object) -> bool:
    """Whether this is how a stack's file writes a secret, or a list that holds one."""
    if isinstance(value, list):
        return any(map(is_secure, value))
    return isinstance(value, dict) and value.keys() == {"secure"}


def partner_may_keep(place: str) -> bool:
    """Whether a value of a partner can be secret, by its place; an item of a list is its list."""
    for direction in Direction:
        below = f"{direction.word}.settings."
        if place.startswith(below):
            return connector_may_keep(direction, place.removeprefix(below))
    return place in STAND_INS or place in _FURTHER


def connector_may_keep(direction: Direction, key: str) -> bool:
    """Whether a property of a connector can be secret: texts, and not the words that everybody knows."""
    kinds: dict[str, Any] = {parameter.key: parameter.kind for parameter in parameters(direction)}
    return key in kinds and not isinstance(kinds[key], (Flag, Member))


def partner_has(place: str) -> bool:
    """Whether there is such a place in a partner's declaration; below a known one everything is."""
    above, _, key = place.rpartition(".")
    for direction in Direction:
        if above == f"{direction.word}.settings":
            return connector_has(direction, key)
    names = {to_camel(name) for name in _MODELS.get(above, Partner).model_fields}
    return key in names if above in _MODELS else bool(above) and partner_has(above)


def connector_has(direction: Direction, key: str) -> bool:
    """Whether an item of the connectors beside the partners may have such a key."""
    return key in {"protect", "aliases", *OPTION_KEYS, *(parameter.key for parameter in parameters(direction))}


def refusal(path: str, place: str) -> DeclarationFinding:
    """Why a secret cannot stand somewhere.

    Args:
        path: where it stands in the settings.
        place: the same inside of its partner or connector.
    """
    return DeclarationFinding(path, _REFUSED.format(why=_IN_URN if place in ("name", "aliases") else _DECIDES))


@dataclass
class ReadableDeclaration:
    """A partner of a stack's file, as far as it can be read without the engine.

    Args:
        declared: as it stands there.
        number: of the partner in its list, so that no two stand-ins are the same.

    Attributes:
        plain: the same with something that the rules accept in the place of each secret.
        secret: the places of those; of a list its own place counts.
        refused: about secrets that stand where none can.
    """

    declared: object
    number: int = 0
    plain: object = None
    secret: frozenset[str] = frozenset()
    refused: list[DeclarationFinding] = field(default_factory=list)

    def __post_init__(self) -> None:
        found: set[str] = set()
        self.plain = self._plain(self.declared, "", found)
        self.secret = frozenset(found)

    def _plain(self, value: object, place: str, found: set[str]) -> object:
        if isinstance(value, Mapping) and not is_secure(value):
            read = {key: self._plain(one, f"{place}.{key}" if place else str(key), found) for key, one in value.items()}
            return {key: one for key, one in read.items() if one is not _LEFT_OUT}
        if not is_secure(value):
            return value
        if not partner_may_keep(place) and not partner_has(place):
            return value
        if not partner_may_keep(place):
            self.refused.append(refusal(place, place))
            return _LEFT_OUT
        found.add(place)
        if isinstance(value, list):
            return list(self._items(value, place))
        text = STAND_INS.get(place, "later")
        return [text.format(self._unique(0))] if "{}" in text else text

    def _items(self, items: list[Any], place: str) -> Iterator[object]:
        text = STAND_INS.get(place, "later{}")
        for index, item in enumerate(items):
            yield text.format(self._unique(index)) if is_secure(item) else item

    def _unique(self, index: int) -> int:
        # An address has only so many.
        return (self.number * 16 + index) % 250 + 1


_LEFT_OUT = object()
