"""The JSON Schema of a stack file, for editors and pull requests: `python -m regulated_partners.partners.schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from exchange_online.admin_api.clouds import CLOUDS, LOCAL
from exchange_online.connectors import Direction, Parameter, parameters
from exchange_online.connectors.options import OPTION_KEYS
from exchange_online.connectors.values import Flag, Member, Texts
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.declaration import Partner, StackAcknowledgement
from regulated_partners.partners.shared_partners import LEAVE_OUT, OVERRIDES, PARTNERS_FILE
from regulated_partners.preflight_settings import preflight_schema

FILE = Path(__file__).parents[3] / "stacks" / "stack.schema.json"

#: The namespace of this project's settings.
PREFIX = "regulated-partners:"


_TEXTS = {
    "host": "Instead of the cloud's: the host of the admin API, https.",
    "scope": "Instead of the cloud's: the OAuth scope of the token.",
    "authority": "Instead of the cloud's: the host of the token service, https.",
    "caBundle": "A PEM file with the certification authorities to trust.",
}


def schema() -> dict[str, Any]:
    """A stack file's schema, draft 2020-12."""
    partner = Partner.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = partner.pop("$defs", {})
    acknowledgement = StackAcknowledgement.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of regulated-partners",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {
                    f"{PREFIX}cloud": {
                        "description": "The cloud the tenant is in; local is the emulator on this machine.",
                        "enum": [LOCAL, *CLOUDS],
                    },
                    f"{PREFIX}tenant": {"type": "string", "description": "The tenant's GUID."},
                    f"{PREFIX}clientId": {"type": "string", "description": "The application's (client) id."},
                    **{f"{PREFIX}{name}": {"type": "string", "description": text} for name, text in _TEXTS.items()},
                    f"{PREFIX}clientSecret": {
                        "description": "Set with `pulumi config set --secret`; better in the environment."
                    },
                    f"{PREFIX}managedIdentity": {
                        "type": "boolean",
                        "description": "Signs in as the managed identity of the machine that runs Pulumi.",
                    },
                    f"{PREFIX}protect": {
                        "type": "boolean",
                        "description": "Whether Pulumi refuses to delete connectors; by default unless local.",
                    },
                    f"{PREFIX}partners": {
                        "description": "The partners, one after '- name: ...' each.",
                        "type": "array",
                        "items": {"$ref": "#/$defs/Partner"},
                    },
                    f"{PREFIX}acknowledge": {
                        "description": "Changes that weaken protection and are meant; `regulated-partners review`.",
                        "type": "array",
                        "items": acknowledgement,
                    },
                    f"{PREFIX}{PARTNERS_FILE}": {
                        "type": "string",
                        "description": "A file of partners that stacks share, from the project's directory.",
                    },
                    f"{PREFIX}{OVERRIDES}": {
                        "description": "What is different here, by the names of the file's partners.",
                        "type": "object",
                        "additionalProperties": {"$ref": "#/$defs/PartnerOverride"},
                    },
                    f"{PREFIX}{LEAVE_OUT}": {
                        "description": "Names of the file's partners that this stack does not have.",
                        "type": "array",
                        "items": {"type": "string"},
                    },
                    f"{PREFIX}preflight": preflight_schema(),
                    f"{PREFIX}waivers": _waivers(),
                    **{f"{PREFIX}{key}": _connectors(direction) for direction, key in KEYS.items()},
                },
            }
        },
        "$defs": {**definitions, "Partner": partner, "PartnerOverride": _override(partner)},
    }


def _override(partner: dict[str, Any]) -> dict[str, Any]:
    """A partner of which anything but the name may be given; null takes the file's value away."""
    values = {
        key: {"anyOf": [value, {"type": "null"}]} for key, value in partner["properties"].items() if key != "name"
    }
    return {"type": "object", "properties": values, "additionalProperties": False}


def _waivers() -> dict[str, Any]:
    """Source: regulated_partners.policies.waiver, which judges them."""
    words = {
        "policy": "The policy's id, as in docs/policies.md.",
        "partner": "The partner's name, or that of a connector that belongs to none.",
        "reason": "Why: a ticket, a decision.",
        "expires": "The last day it counts, such as 2027-03-31.",
    }
    return {
        "description": "Policies that a partner need not keep for a while.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {key: {"type": "string", "description": text} for key, text in words.items()},
            "required": list(words),
            "additionalProperties": False,
        },
    }


def _connectors(direction: Direction) -> dict[str, Any]:
    return {
        "description": f"{direction.word.capitalize()} connectors that belong to no partner, by their parameters.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                **{parameter.key: _property(parameter) for parameter in parameters(direction)},
                **{key: {"type": "boolean"} for key in (*OPTION_KEYS, "protect")},
                "aliases": {"type": "array", "items": {"type": "string"}},
            },
            "required": [parameter.key for parameter in parameters(direction) if parameter.required],
            "additionalProperties": False,
        },
    }


def _property(parameter: Parameter) -> dict[str, Any]:
    """Null, the empty text and the empty list all stand for nothing."""
    kind = parameter.kind
    if isinstance(kind, Flag):
        shape: dict[str, Any] = {"type": ["boolean", "null"]}
    elif isinstance(kind, Member):
        shape = {"enum": [*(member.value for member in kind.members), None]}
    elif isinstance(kind, Texts):
        shape = {"type": ["array", "null"], "items": {"type": "string"}}
    else:
        shape = {"type": ["string", "null"]}
    return {**shape, "description": parameter.doc}


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the file; with `--check` says whether it is current."""
    if arguments == ["--check"]:
        if FILE.read_text(encoding="utf-8") == text():
            return 0
        sys.stderr.write(f"{FILE.name} is not what the models say: run python -m regulated_partners.partners.schema\n")
        return 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
