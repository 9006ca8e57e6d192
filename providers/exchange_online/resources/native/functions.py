"""The functions of the plugin: what a program can ask before it declares anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from exchange_online.connectors import ConnectorRecord, Direction, nearest, shown
from exchange_online.names import Face
from exchange_online.resources.core import Refusal, outputs_of
from exchange_online.resources.session import Session

Properties = dict[str, Any]

#: Lists the connectors of a direction.
LISTINGS = {Face.NATIVE.token(f"get{direction}s"): direction for direction in Direction}
#: Finds connectors by name or Guid.
GET_CONNECTOR = Face.NATIVE.token("getConnector")
#: The arguments of the latter: one of them.
NAME, GUID = "name", "guid"
#: What a listing answers.
CONNECTORS = "connectors"


def answer(session: Session, token: str, arguments: Mapping[str, object]) -> tuple[Properties, tuple[Refusal, ...]]:
    """What a function answers, or why it is not answered.

    Raises:
        AdminApiError: where the tenant cannot be asked.
        LookupError: for a function that there is not.
    """
    arguments = {name: value for name, value in arguments.items() if value is not None}
    if token in LISTINGS:
        if refusals := _strangers(arguments, ()):
            return {}, refusals
        listed = session.lifecycle().listing.all(LISTINGS[token])
        found = sorted(listed, key=lambda record: (record.name.casefold(), record.guid))
        return {CONNECTORS: [_outputs(session, record) for record in found]}, ()
    if token != GET_CONNECTOR:
        known = ", ".join(name.rpartition(":")[2] for name in (*LISTINGS, GET_CONNECTOR))
        raise LookupError(f"the plugin has no function {token}; there are {known}")
    if refusals := (*_strangers(arguments, (NAME, GUID)), *_not_one(arguments)):
        return {}, refusals
    answers = {}
    for direction in Direction:
        if record := _found(session, direction, arguments):
            answers[direction.word] = _outputs(session, record)
    return answers, ()


def _found(session: Session, direction: Direction, arguments: Mapping[str, object]) -> ConnectorRecord | None:
    listing = session.lifecycle().listing
    if GUID in arguments:
        return listing.shown(direction, str(UUID(str(arguments[GUID]))))
    return next(iter(listing.named(direction, str(arguments[NAME]))), None)


def _outputs(session: Session, record: ConnectorRecord) -> Properties:
    return outputs_of(record, session.tenant())


def _strangers(arguments: Mapping[str, object], known: tuple[str, ...]) -> tuple[Refusal, ...]:
    there_are = f"the arguments are {' and '.join(known)}." if known else "the function takes none."
    found = []
    for name in sorted(arguments.keys() - set(known)):
        near = nearest(name, known)
        found.append(
            Refusal(name, f"{name}: there is no such argument; " + (f"did you mean {near}?" if near else there_are))
        )
    return tuple(found)


def _not_one(arguments: Mapping[str, object]) -> tuple[Refusal, ...]:
    given = [name for name in (NAME, GUID) if name in arguments]
    if len(given) != 1:
        asked = "both are" if given else "neither is"
        return (Refusal(NAME, f"name and guid: {asked} given; write one of them."),)
    (name,) = given
    value = arguments[name]
    if not isinstance(value, str) or not value:
        return (Refusal(name, f"{name}: {shown(value)} is not a text; write the connector's {name}."),)
    if name == GUID:
        try:
            UUID(value)
        except ValueError:
            return (Refusal(name, f"guid: {shown(value)} is no Guid; a connector's name goes into name."),)
    return ()
