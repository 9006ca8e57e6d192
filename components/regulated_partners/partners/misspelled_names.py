"""Names that a partner does not have: which one was meant, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from exchange_online.connectors import Direction, folded, nearest, other_words, parameters
from regulated_partners.partners.declaration import Acknowledgement, Inbound, Outbound, Partner

_MODELS: dict[str, type[BaseModel]] = {
    "": Partner,
    "inbound": Inbound,
    "outbound": Outbound,
    "acknowledge": Acknowledgement,
}

#: The names of each place, as a stack file writes them.
NAMES = {
    where: tuple(field.alias or name for name, field in model.model_fields.items()) for where, model in _MODELS.items()
}

#: Where a partner decides what the parameter of a connector is.
_DECIDES = {
    "name": ("name",),
    "comment": ("comment",),
    "enabled": ("enabled",),
    "senderDomains": ("domains",),
    "recipientDomains": ("domains",),
    "tlsSenderCertificateName": ("certificateName", "inbound.certificateName"),
    "tlsDomain": ("outbound.tlsDomain",),
    "requireTls": ("inbound.connectionSecurity",),
    "tlsSettings": ("outbound.connectionSecurity",),
    "restrictDomainsToCertificate": ("inbound.restrictDomainsBy",),
    "restrictDomainsToIpAddresses": ("inbound.restrictDomainsBy",),
    "senderIpAddresses": ("inbound.senderIpAddresses",),
    "smartHosts": ("outbound.smartHosts",),
    "useMxRecord": ("outbound.smartHosts",),
    "validationRecipients": ("outbound.validationRecipients",),
}


#: Other words for what an acknowledgement holds.
_OF_ACKNOWLEDGEMENTS = {
    "reason": ("because", "comment", "description", "text", "ticket", "why"),
    "expires": ("date", "end", "ends", "expirationdate", "expiry", "till", "until", "validuntil"),
}


def meant_by(path: str) -> tuple[str, ...]:
    """The paths that a misspelled one probably stands for; more than one where either may be meant, or none.

    Args:
        path: of the name, from the partner: `inbound.certName`.
    """
    place, _, key = path.rpartition(".")
    here = {folded(name): _at(place, name) for name in NAMES.get(place, ())}
    if folded(key) in here:
        return (here[folded(key)],)
    if place == "acknowledge":
        other = next((name for name, words in _OF_ACKNOWLEDGEMENTS.items() if folded(key) in words), "")
        return (_at(place, other),) if other else _nearest_of(place, key)
    letters, words = list(_by_letters(key)), list(_by_word(key))
    if beside := [path for path in (*letters, *words) if path in here.values()]:
        return tuple(beside[:1])
    found = letters or _same_elsewhere(key) or _nearest_of(place, key) or words or _like_it_elsewhere(key)
    own = tuple(path for path in found if path.startswith(f"{place}."))
    return own or tuple(dict.fromkeys(found))


def known_at(path: str) -> tuple[str, ...]:
    """The names that there are beside one."""
    return NAMES.get(path.rpartition(".")[0], ())


def remedy(path: str) -> str:
    """What to do about a misspelled name."""
    place, meant = path.rpartition(".")[0], meant_by(path)
    if not meant:
        return f"the names are {', '.join(known_at(path))}."
    told = [name.rpartition(".")[2] if name.rpartition(".")[0] == place else name for name in meant]
    at_partner = place and any("." not in name and _at(place, name) not in meant for name in told)
    return f"did you mean {' or '.join(told)}{', of the partner itself' if at_partner else ''}?"


def in_pythons_spelling(declared: object) -> Iterable[tuple[str, str]]:
    """The paths of names in the spelling of Python's arguments, each with the name of the stack file."""
    for place, model in _MODELS.items():
        at = declared.get(place) if place and isinstance(declared, dict) else declared
        for name, field in model.model_fields.items():
            if isinstance(at, dict) and name in at and name != (field.alias or name):
                yield _at(place, name), field.alias or name


def put(declared: dict[Any, Any], path: str, value: object) -> None:
    """Gives a declaration a value at a path, unless it has one there."""
    *places, key = path.split(".")
    for place in places:
        declared = declared.setdefault(place, {}) if isinstance(declared.get(place, {}), dict) else {}
    declared.setdefault(key, value)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _by_letters(key: str) -> Iterable[str]:
    """Where the parameter of a connector that has this name, in whatever spelling, is declared of a partner."""
    for direction in Direction:
        for parameter in parameters(direction):
            if folded(parameter.key) == folded(key):
                yield from _declared(direction, parameter.key)


def _by_word(key: str) -> Iterable[str]:
    """The same for the parameters that a name is another word for."""
    for direction in Direction:
        for parameter in other_words(key, [parameter.key for parameter in parameters(direction)]):
            yield from _declared(direction, parameter)


def _declared(direction: Direction, parameter: str) -> Iterable[str]:
    return _DECIDES.get(parameter, (f"{direction.word}.settings.{parameter}",))


def _nearest_of(place: str, key: str, alike: float = 0.6) -> tuple[str, ...]:
    near = nearest(key, NAMES.get(place, ()), alike)
    return (_at(place, near),) if near else ()


def _same_elsewhere(key: str) -> list[str]:
    """The options of this name, in whatever spelling, of other places."""
    return [_at(place, name) for place, names in NAMES.items() for name in names if folded(name) == folded(key)]


def _like_it_elsewhere(key: str) -> list[str]:
    return [path for place in NAMES for path in _nearest_of(place, key, alike=0.8)]
