"""YAML as text: reads it as the engine does, writes values in the style of the stack files."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import yaml

#: What a declaration may hold.
Declared = bool | str | Sequence[str] | Mapping[str, "Declared"]

#: Text that no YAML reader, of version 1.1 or 1.2, takes for anything else, inside of flow collections too.
_PLAIN_ANYWHERE = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ._@/+()-]*[A-Za-z0-9.)])?")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ._@/+(),'-]*[A-Za-z0-9.)])?")
_ADDRESS = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?")
_RESERVED = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

_WIDTH = 110


class _DuplicateKeyError(yaml.constructor.ConstructorError):
    """A key that stands twice in a mapping: a reader would take the last, and nobody would notice."""


class _Loader(yaml.SafeLoader):
    """As the engine reads stack files: `yes` and dates are texts, a repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, Hashable) and name in seen:
                raise _DuplicateKeyError(None, None, f"the key {name!r} stands here a second time", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp)
        for tag, regexp in resolvers
        if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def load(text: str) -> Any:
    """The content of one document. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - derived from SafeLoader


def why_not(error: yaml.YAMLError) -> str:
    """What is wrong with a text that is no YAML, with its line, to follow `it is not valid YAML`."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f" in line {error.problem_mark.line + 1}: {error.problem or 'it cannot be read'}"
    return f" {' '.join(str(error).split())}"


def compose(text: str) -> yaml.Node | None:
    """The nodes of one document, with their places in the text. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=_Loader)


def block_items(items: Sequence[Mapping[str, Declared]], indent: int) -> Iterator[str]:
    """Lines of a block sequence of mappings, without line ends; `indent` is the column of its dashes."""
    for item in items:
        for number, line in enumerate(_block_mapping(item, indent + 2)):
            yield " " * indent + "- " + line.lstrip() if number == 0 else line


def _block_mapping(mapping: Mapping[str, Declared], indent: int) -> Iterator[str]:
    for key, value in mapping.items():
        name = " " * indent + key + ":"
        if isinstance(value, Mapping):
            yield name
            yield from _block_mapping(value, indent + 2)
        elif isinstance(value, (str, bool)):
            yield f"{name} {_scalar(value, _PLAIN_IN_BLOCK)}"
        elif len(line := f"{name} {_list(value)}") <= _WIDTH:
            yield line
        else:
            yield name
            yield from (f"{' ' * (indent + 2)}- {_scalar(each, _PLAIN_IN_BLOCK)}" for each in value)


def flow(value: Declared) -> str:
    """One value for a flow collection, every text in quotation marks."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, bool):
        return _scalar(value, _PLAIN_ANYWHERE)
    if isinstance(value, str):
        return quoted(value)
    return "[" + ", ".join(quoted(each) for each in value) + "]"


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_scalar(each, _PLAIN_ANYWHERE) for each in values) + "]"


def _scalar(value: str | bool, plain: re.Pattern[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if (plain.fullmatch(value) and value.lower() not in _RESERVED) or _ADDRESS.fullmatch(value):
        return value
    return quoted(value)


def quoted(text: str) -> str:
    """A double-quoted scalar on one line: what is not printable is escaped (YAML 1.2.2, 5.7)."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
