"""What the plugin's package holds of connectors, in the form of Pulumi's package schema; made from the one list of
parameters.

Source: Pulumi's docs, package schema reference; `pulumi schema check` reads the whole in a test.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from exchange_online.connectors import (
    OPTIONS,
    Computed,
    ConnectorType,
    Direction,
    Flag,
    Member,
    MtaStsMode,
    Parameter,
    SmtpDaneMode,
    Texts,
    TlsSettings,
    parameters,
)
from exchange_online.names import Face
from exchange_online.resources.core import ALWAYS_COMPUTED, DECLINED_INPUTS, SECRET_INPUTS, computed_of
from exchange_online.resources.native.configuration import SETTINGS, Kind, Setting
from exchange_online.resources.native.functions import CONNECTORS, GET_CONNECTOR, GUID, LISTINGS, NAME

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_COUNT: Json = {"type": "integer"}
_KINDS = {Kind.TEXT: _TEXT, Kind.FLAG: _FLAG, Kind.TEXTS: _TEXTS, Kind.COUNT: _COUNT}

_TITLES = {
    Direction.INBOUND: "Mail from a partner: an inbound connector of Exchange Online. Source: New-InboundConnector, "
    "Set-InboundConnector.",
    Direction.OUTBOUND: "Mail to a partner: an outbound connector of Exchange Online. Source: New-OutboundConnector, "
    "Set-OutboundConnector.",
}

_ENUMS: dict[type[StrEnum], str] = {
    ConnectorType: "Whose servers a connector is for.",
    TlsSettings: "How an outbound connector checks the receiving server; unset is opportunistic TLS.",
    SmtpDaneMode: "DANE for SMTP (RFC 7672).",
    MtaStsMode: "MTA-STS (RFC 8461); there is no Mandatory.",
}

#: Connectors that a function shows: they have no declaration, so nothing of one.
_FOUND = {direction: Face.NATIVE.token(f"{direction}Found") for direction in Direction}


#: The token of a type, resource or function of the package.
token = Face.NATIVE.token


def reference(name: str) -> str:
    """What points at a type of the package."""
    return f"#/types/{token(name)}"


def enum(members: type[StrEnum], doc: str) -> Json:
    """The type of a choice."""
    values = [{"name": member.value[0].upper() + member.value[1:], "value": member.value} for member in members]
    return {"type": "string", "description": doc, "enum": values}


def choice(members: type[StrEnum], name: str = "") -> Json:
    """An input that takes a choice, or a text that is one of its values.

    Args:
        name: of the type; that of the class unless given.
    """
    return {"oneOf": [_TEXT, {"type": "string", "$ref": reference(name or members.__name__)}]}


def types() -> Json:
    """The choices, and what the functions show of connectors."""
    found = {_FOUND[direction]: _shown(direction) for direction in Direction}
    return {**{token(members.__name__): enum(members, doc) for members, doc in _ENUMS.items()}, **found}


def resources() -> Json:
    """The two connectors."""
    return {token(direction): _resource(direction) for direction in Direction}


def functions() -> Json:
    """What a program can ask before it declares anything."""
    listings = {
        name: {
            "description": f"All {direction.word} connectors of the tenant. Calls the service in every preview.",
            "outputs": {
                "type": "object",
                "properties": {
                    CONNECTORS: {
                        "type": "array",
                        "items": {"$ref": f"#/types/{_FOUND[direction]}"},
                        "description": "The connectors.",
                    }
                },
                "required": [CONNECTORS],
            },
        }
        for name, direction in LISTINGS.items()
    }
    return {**listings, GET_CONNECTOR: _get_connector()}


def settings() -> Json:
    """The settings of the provider by their names: of an explicit one, and of the stack's config."""
    return {setting.name: _setting(setting) for setting in SETTINGS}


def _setting(setting: Setting) -> Json:
    secret = {"secret": True} if setting.is_secret else {}
    return {**_KINDS[setting.kind], "description": setting.doc, **secret}


def _get_connector() -> Json:
    outputs = {
        direction.word: {
            "$ref": f"#/types/{_FOUND[direction]}",
            "description": f"The {direction.word} connector; absent where the tenant has none.",
        }
        for direction in Direction
    }
    return {
        "description": "The connectors that have a name or a Guid, of either direction; nothing where the tenant has "
        "none, so that a program can look before it writes. Calls the service in every preview.",
        "inputs": {
            "type": "object",
            "properties": {
                NAME: {**_TEXT, "description": "The connector's name; case does not matter. Either this or the Guid."},
                GUID: {**_TEXT, "description": "The connector's Guid."},
            },
        },
        "outputs": {"type": "object", "properties": outputs},
    }


def _resource(direction: Direction) -> Json:
    options = [option for option in OPTIONS if direction in option.directions]
    declared = parameters(direction)
    shown = _shown(direction)
    kept = [SECRET_INPUTS, *([DECLINED_INPUTS] if direction is Direction.INBOUND else [])]
    consents = {option.key: {**_FLAG, "description": option.doc} for option in options}
    return {
        "description": f"{_TITLES[direction]}\n\nBad values are refused by `check`, all at once, before anything is "
        "sent. Each input is an output too.",
        "properties": {
            **shown["properties"],
            **consents,
            **{output.key: {**_TEXTS, "description": output.doc} for output in kept},
        },
        "required": shown["required"],
        "inputProperties": {**{parameter.key: _input(parameter) for parameter in declared}, **consents},
        "requiredInputs": [parameter.key for parameter in declared if parameter.required],
        # With it a connector of the dynamic face moves to this one untouched.
        "aliases": [{"type": direction.token(Face.DYNAMIC)}],
    }


def _shown(direction: Direction) -> Json:
    """What the service shows of a connector."""
    declared, computed = parameters(direction), computed_of(direction)
    return {
        "type": "object",
        "description": f"An {direction.word} connector as the tenant has it.",
        "properties": {
            **{parameter.key: _output(parameter) for parameter in declared},
            **{output.key: _computed(output) for output in computed},
        },
        "required": [
            *(parameter.key for parameter in declared if parameter.always_shown),
            *(output.key for output in computed if output.key in ALWAYS_COMPUTED),
        ],
    }


def _shape(parameter: Parameter) -> Json:
    kind = parameter.kind
    return _FLAG if isinstance(kind, Flag) else _TEXTS if isinstance(kind, Texts) else _TEXT


def _input(parameter: Parameter) -> Json:
    kind = parameter.kind
    # Case does not matter in a choice, so a text is one as well.
    shape = choice(kind.members) if isinstance(kind, Member) else _shape(parameter)
    default = f" Default: {str(kind.empty).lower() if isinstance(kind.empty, bool) else kind.empty}."
    return {
        **shape,
        "description": parameter.doc + (default if kind.empty not in (None, (), False) else ""),
    }


def _output(parameter: Parameter) -> Json:
    return {**_shape(parameter), "description": parameter.doc}


def _computed(output: Computed) -> Json:
    return {**(_FLAG if output.type is bool else _TEXT), "description": output.doc}
