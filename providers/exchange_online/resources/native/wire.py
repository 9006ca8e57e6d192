"""Properties as the engine sends them, and as the core knows them: unknown values, secrets, numbers. Pure.

Source: pulumi/pulumi 3.259, sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

from exchange_online.connectors import SECRET_PROPERTIES, Direction, hide_secrets

Properties = dict[str, Any]

#: Stands for a text whose value is not known yet. The others stand for one of another type, and are read only.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWN = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)

#: The key that makes a mapping stand for something else, and what it says where it stands for a secret or an output.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

#: What the dynamic face adds to the properties of its resources; a state that it made has it still.
_INTERNAL = "__"


@dataclass(frozen=True)
class Received:
    """Properties without the engine's marks.

    Attributes:
        properties: plain values; one that is not known yet is its marker still.
        secret: the properties that hold a secret, at whatever depth.
    """

    properties: Properties
    secret: frozenset[str]


def is_unknown(value: object) -> bool:
    """Whether a value, or something in it, is not known yet."""
    if isinstance(value, str):
        return value in _UNKNOWN
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    return isinstance(value, (list, tuple)) and any(map(is_unknown, value))


def received(struct: struct_pb2.Struct) -> Received:
    """Properties that the engine has sent."""
    properties: Properties = {}
    secret = set()
    for key, value in struct.fields.items():
        if key.startswith(_INTERNAL):
            continue
        properties[key], is_secret = _plain(value)
        if is_secret:
            secret.add(key)
    return Received(properties, frozenset(secret))


def declared(direction: Direction, struct: struct_pb2.Struct) -> Properties:
    """The inputs of a connector: which are secret stands among them, as in the state of the dynamic face."""
    found = received(struct)
    named = {SECRET_PROPERTIES: sorted(found.secret)} if found.secret else {}
    properties = {key: value for key, value in found.properties.items() if key != SECRET_PROPERTIES} | named
    hide_secrets(direction, properties)
    return properties


def recorded(direction: Direction, struct: struct_pb2.Struct) -> Properties:
    """What the state has of a connector: which properties were secret when it was written stands in it already.

    Others can have become secret since, as `additionalSecretOutputs` makes them.
    """
    found = received(struct)
    hide_secrets(direction, {**found.properties, SECRET_PROPERTIES: sorted(found.secret)})
    return found.properties


def sent(properties: Mapping[str, object], secret: Collection[str] = ()) -> struct_pb2.Struct:
    """Properties for the engine, which marks nothing itself.

    Args:
        secret: the properties whose values are secret.
    """
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        struct.fields[key].CopyFrom(_value({_SIGNATURE: _SECRET, "value": value} if key in secret else value))
    return struct


def _plain(value: struct_pb2.Value) -> tuple[Any, bool]:
    """A value without marks, and whether there was that of a secret in it."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _of_mapping(value.struct_value.fields)
    if kind == "list_value":
        return _of_list(value.list_value.values)
    if kind == "number_value":
        number = value.number_value
        return (int(number) if number.is_integer() else number), False
    return (None if kind in (None, "null_value") else getattr(value, kind)), False


def _of_list(values: Iterable[struct_pb2.Value]) -> tuple[list[Any], bool]:
    items = [_plain(item) for item in values]
    return [item for item, _ in items], any(secret for _, secret in items)


def _of_mapping(fields: Mapping[str, struct_pb2.Value]) -> tuple[Any, bool]:
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature in (_SECRET, _OUTPUT):
        # An output without a value is not known yet.
        inner, secret = _plain(fields["value"]) if "value" in fields else (UNKNOWN, False)
        return inner, secret or signature == _SECRET or ("secret" in fields and fields["secret"].bool_value)
    items = {key: _plain(item) for key, item in fields.items()}
    return {key: item for key, (item, _) in items.items()}, any(secret for _, secret in items.values())


def _value(value: object) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Mapping):
        fields = {str(key): _value(item) for key, item in value.items()}
        return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=fields))
    if isinstance(value, (list, tuple)):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=map(_value, value)))
    raise TypeError(f"a {type(value).__name__} is no property")
