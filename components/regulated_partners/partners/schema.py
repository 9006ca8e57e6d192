"""The JSON Schema of a stack file, for editors and pull requests: `python -m regulated_partners.partners.schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from exchange_online.connectors import OPTION_KEYS, Direction, Flag, Member, Parameter, Texts, parameters
from regulated_partners.names import PREFIX
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.placement import TOP_LEVEL
from regulated_partners.partners.secure import connector_may_keep, partner_may_keep
from regulated_partners.partners.settings import StackSettings
from regulated_partners.partners.shared_partners import OVERRIDES, project_root

#: In the project that the current directory lies in: this one, or one that was made from it.
FILE = (project_root(Path.cwd()) or Path.cwd()) / "stacks" / "stack.schema.json"


def schema() -> dict[str, Any]:
    """A stack file's schema, draft 2020-12: of this namespace only what there is, of others anything."""
    model = StackSettings.model_json_schema(by_alias=True)
    settings, definitions = model["properties"], model["$defs"]
    definitions["Secret"] = _SECRET
    for name, above in {"Partner": "", "Inbound": "inbound.", "Outbound": "outbound."}.items():
        own = definitions[name]["properties"]
        for key in [key for key in own if key == "settings" or partner_may_keep(above + key)]:
            own[key] = _or_secret(own[key])
    definitions["PartnerOverride"] = _override(definitions["Partner"])
    settings[OVERRIDES]["additionalProperties"] = {"$ref": "#/$defs/PartnerOverride"}
    for direction, key in KEYS.items():
        settings[key]["items"] = _connector(direction)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of regulated-partners",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {f"{PREFIX}{name}": _without_titles(value) for name, value in settings.items()},
                "patternProperties": {f"^(?!{PREFIX.removesuffix(':')}(:|$))": {}},
                "additionalProperties": False,
            },
            # Pulumi's own; it ignores every other name there, and what stands below it.
            **{name: {} for name in TOP_LEVEL if name != "config"},
        },
        "additionalProperties": False,
        "$defs": _without_titles(definitions),
    }


#: How the engine writes a secret.
_SECRET = {
    "type": "object",
    "description": "A secret: `pulumi config set --secret --path`.",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}


def _or_secret(value: Any) -> Any:
    """The same with a secret where a text may stand."""
    if isinstance(value, list):
        return [_or_secret(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "string" and "description" not in value:
        return {"anyOf": [value, {"$ref": "#/$defs/Secret"}]}
    return {key: _or_secret(item) for key, item in value.items()}


def _without_titles(value: Any) -> Any:
    """Without what pydantic says about every value and nobody reads."""
    if isinstance(value, list):
        return [_without_titles(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_titles(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str)) and not (key == "default" and item is None)
    }


def _override(partner: dict[str, Any]) -> dict[str, Any]:
    """A partner of which anything but the name may be given; null takes the file's value away."""
    values = {
        key: {"anyOf": [value, {"type": "null"}]} for key, value in partner["properties"].items() if key != "name"
    }
    return {"type": "object", "properties": values, "additionalProperties": False}


def _connector(direction: Direction) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            **{parameter.key: _with_secret(direction, parameter) for parameter in parameters(direction)},
            **{key: {"type": "boolean"} for key in (*OPTION_KEYS, "protect")},
            "aliases": {"type": "array", "items": {"type": "string"}},
        },
        "required": [parameter.key for parameter in parameters(direction) if parameter.required],
        "additionalProperties": False,
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


def _with_secret(direction: Direction, parameter: Parameter) -> dict[str, Any]:
    shape = _property(parameter)
    if parameter.key == "name" or not connector_may_keep(direction, parameter.key):
        return shape
    items = {"items": _or_secret(shape["items"])} if "items" in shape else {}
    return {"anyOf": [shape | items, {"$ref": "#/$defs/Secret"}]}


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the file; with `--check` says whether it is current."""
    if not FILE.parent.is_dir():
        sys.stderr.write(f"There is no folder {FILE.parent}: run this in the directory of a project.\n")
        return 2
    if arguments == ["--check"]:
        if FILE.read_text(encoding="utf-8") == text():
            return 0
        sys.stderr.write(f"{FILE.name} is not what the models say: run python -m regulated_partners.partners.schema\n")
        return 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
