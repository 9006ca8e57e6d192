"""YAML as text: reads it as the engine does, writes values in the style of the stack files."""

from __future__ import annotations

import re
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import yaml

#: What a declaration may hold.
Declared = bool | str | Sequence[str] | Mapping[str, "Declared"]


class _Loader(yaml.SafeLoader):
    """As the engine reads stack files: `yes` and dates are texts, a repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, Hashable) and name in seen:
                # A reader would take the last, and nobody would notice.
                problem = f"the key {name!r} stands here a second time"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag.rpartition(":")[2] not in ("bool", "timestamp")]
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


#: Text that no YAML reader, of version 1.1 or 1.2, takes for anything else.
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 ._@/+(),'-]*[A-Za-z0-9.)])?|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?")
_RESERVED = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})

#: Characters of a list on one line.
_WIDTH = 90


class _Dumper(yaml.SafeDumper):
    """Writes as people write stack files: short lists in brackets, texts in quotation marks where they need them."""

    #: Everything else that is not printable is shown by its number.
    ESCAPE_REPLACEMENTS = {'"': '"', "\\": "\\"}  # type: ignore[misc]  # noqa: RUF012 - PyYAML's own name

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _texts(dumper: _Dumper, texts: Sequence[str]) -> yaml.Node:
    short = sum(len(text) + 4 for text in texts) <= _WIDTH
    return dumper.represent_sequence("tag:yaml.org,2002:seq", texts, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, _texts)
_Dumper.add_representer(list, _texts)


def block_items(items: Sequence[Mapping[str, Declared]], indent: int) -> Iterator[str]:
    """Lines of a block sequence of mappings, without line ends; `indent` is the column of its dashes."""
    for item in items:
        for number, line in enumerate(_written(item, flow=False).splitlines()):
            yield " " * indent + ("  " if number else "- ") + line


def flow(value: Mapping[str, Declared]) -> str:
    """One item for a flow collection, on one line."""
    return _written(value, flow=True).rstrip("\n")


def _written(value: Mapping[str, Declared], *, flow: bool) -> str:
    text = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=sys.maxsize
    )
    return str(text)
