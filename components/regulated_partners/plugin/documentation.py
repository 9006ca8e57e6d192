"""docs/native-api.md: the package `exchange-online`, made from its schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exchange_online.names import Face
from exchange_online.resources.native.schema import Json
from regulated_partners.plugin import schema as package

_HEAD = """# The package `exchange-online`

Made by `make generate` from the plugin's schema: do not edit. How to use it: [native.md](native.md).

"""


def text() -> str:
    """The page."""
    schema = package.schema()
    parts = [
        _section("## The provider", schema["provider"]["description"], _inputs(schema["provider"])),
        *(_resource(token, resource) for token, resource in schema["resources"].items()),
        *(_function(token, function) for token, function in schema["functions"].items()),
        "## Types\n",
        *(_type(token, of_type) for token, of_type in schema["types"].items()),
    ]
    return _HEAD + "\n".join(parts)


def _resource(token: str, resource: Json) -> str:
    inputs = resource["inputProperties"]
    own = {name: output for name, output in resource["properties"].items() if name not in inputs}
    return _section(
        f"## {_name(token)}\n\n`{token}`",
        resource["description"],
        _inputs(resource),
        "Outputs beside the inputs:\n\n" + _table(own, resource.get("required", ())),
    )


def _function(token: str, function: Json) -> str:
    inputs = function.get("inputs", {})
    outputs = function["outputs"]
    return _section(
        f"## {_name(token)}\n\n`{token}`",
        function["description"],
        *([f"Arguments:\n\n{_table(inputs['properties'], ())}"] if inputs else []),
        f"Answer:\n\n{_table(outputs['properties'], outputs.get('required', ()))}",
    )


def _type(token: str, of_type: Json) -> str:
    if "enum" in of_type:
        values = ", ".join(f"`{value['value']}`" for value in of_type["enum"])
        return _section(f"### {_name(token)}", of_type["description"], f"{values}.")
    table = _table(of_type["properties"], of_type.get("required", ()))
    return _section(f"### {_name(token)}", of_type["description"], table)


def _inputs(of: Json) -> str:
    needed = of.get("requiredInputs", ())
    return f"Inputs, the needed ones in bold:\n\n{_table(of['inputProperties'], needed)}"


def _table(properties: Mapping[str, Json], bold: Iterable[str]) -> str:
    rows = [
        f"| {f'**`{name}`**' if name in bold else f'`{name}`'} | {_shape(shape)} | {shape['description']} |"
        for name, shape in properties.items()
    ]
    return "\n".join(["| name | type | what it says |", "|---|---|---|", *rows])


def _shape(shape: Mapping[str, Any]) -> str:
    if "oneOf" in shape:
        return _shape(shape["oneOf"][-1])
    if "$ref" in shape:
        name = str(shape["$ref"])
        return "any" if name.startswith("pulumi.json") else f"[{_name(name)}](#{_name(name).lower()})"
    if shape["type"] == "array":
        return f"list of {_shape(shape['items'])}"
    if "additionalProperties" in shape:
        return f"map of {_shape(shape['additionalProperties'])}"
    return {"string": "text", "boolean": "true or false", "integer": "whole number"}[shape["type"]]


def _name(token: str) -> str:
    return token.removeprefix("#/").rpartition(Face.NATIVE.token(""))[2]


def _section(*paragraphs: str) -> str:
    return "\n\n".join(paragraphs) + "\n"
