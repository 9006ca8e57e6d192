"""YAML as text: reads it as the engine does, writes values in the style of the stack files."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from regulated_partners.partners.yaml_scalars import Moment, key_text, read_scalar

#: What a declaration may hold.
Declared = bool | str | Sequence[str] | Mapping[str, "Declared"]


class _Resolver(yaml.resolver.BaseResolver):
    """Types of plain scalars as the engine has them (`yaml_scalars`)."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        if kind is not yaml.ScalarNode or not implicit[0]:
            return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return _MERGE if value == "<<" else _tag(read_scalar(value))


class _Loader(_Resolver, yaml.SafeLoader):
    """As the engine reads stack files: a repeated key is an error, a key is a text."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            # PyYAML refuses an anchor of the same name once more; to the engine the later one counts from there on.
            self.anchors.pop(self.peek_event().anchor, None)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            name = key_text(self.construct_object(key, deep=True))
            problem = ""
            if not isinstance(name, Hashable):
                problem = "a list or a mapping is no key; write a text"
            elif name in seen:
                # A reader would take the last, and nobody would notice.
                problem = f"the key {name!r} stands here a second time"
            if problem:
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        found = super().construct_mapping(node, deep=deep)
        return {key_text(key): value for key, value in found.items()}

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and (half := _HALF.search(value)):
            # PyYAML takes the escape of half a character, the engine does not; nothing could print it.
            problem = f"\\u{ord(half[0]):04x} is half of a character; write the character itself"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return value


#: None where PyYAML was built without libyaml.
_FAST = type("_FastLoader", (_Resolver, yaml.CSafeLoader), {}) if hasattr(yaml, "CSafeLoader") else None

_STR, _INT, _FLOAT, _BOOL, _NULL, _TIME, _MERGE = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge")
)
_HALF = re.compile("[\ud800-\udfff]")


def _tag(value: object) -> str:
    if isinstance(value, bool):
        return _BOOL
    by_type = {type(None): _NULL, str: _STR, Moment: _TIME}
    return by_type.get(type(value)) or (_INT if isinstance(value, int) else _FLOAT)


def _scalar(loader: _Loader, node: yaml.ScalarNode) -> object:
    """A value of a type that the text itself, or a tag in front of it, says."""
    text = loader.construct_scalar(node)
    value = read_scalar(text)
    if _tag(value) == node.tag or (node.tag == _FLOAT and isinstance(value, int)):
        return value
    problem = f"{text!r} is not what the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} in front of it says"
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _binary(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(yaml.SafeLoader.construct_yaml_binary(loader, node).decode("utf-8", "replace"))


def _untagged(loader: _Loader, _suffix: str, node: yaml.Node) -> object:
    """A tag that nobody knows says nothing to the engine, but that a scalar is a text."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


def _as_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _collection_as_it_is(loader: _Loader, node: yaml.Node) -> object:
    return _untagged(loader, "", node)


for _known in (_INT, _FLOAT, _BOOL, _NULL, _TIME):
    _Loader.add_constructor(_known, _scalar)
_Loader.add_constructor(_MERGE, _as_text)
_Loader.add_constructor("tag:yaml.org,2002:binary", _binary)
for _collection in ("set", "omap", "pairs"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_collection}", _collection_as_it_is)
_Loader.add_multi_constructor("", _untagged)


def load(text: str) -> Any:
    """The content of one document. Raises yaml.YAMLError."""
    nodes = _nodes(text)
    # The reader in Python says where a second document begins.
    return _constructed(compose(text) if len(nodes) > 1 else next(iter(nodes), None))


def first_document(text: str) -> Any:
    """The content of the first document, which is all that the engine reads. Raises yaml.YAMLError."""
    return _constructed(next(iter(compose_all(text)), None))


def _nodes(text: str) -> list[yaml.Node]:
    """The nodes of every document. libyaml is ten times as fast; what it refuses, the reader in Python explains."""
    if _FAST:
        with contextlib.suppress(yaml.YAMLError, UnicodeError):
            return list(yaml.compose_all(text, Loader=_FAST))
    return list(yaml.compose_all(text, Loader=_Loader))


def _constructed(node: yaml.Node | None) -> Any:
    if node is None:
        return None
    _refuse_loops(node, ())
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def why_not(error: yaml.YAMLError) -> str:
    """What is wrong with a text that is no YAML, with its line, to follow `it is not valid YAML`."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f" in line {error.problem_mark.line + 1}: {error.problem or 'it cannot be read'}"
    return f" {' '.join(str(error).split())}"


def compose(text: str) -> yaml.Node | None:
    """The nodes of one document, with their places in the text. Raises yaml.YAMLError."""
    return yaml.compose(text, Loader=_Loader)


def compose_all(text: str) -> list[yaml.Node]:
    """The nodes of every document that is not empty. Raises yaml.YAMLError."""
    return [node for node in _nodes(text) if not (isinstance(node, yaml.ScalarNode) and node.tag == _NULL)]


def _refuse_loops(node: yaml.Node, above: tuple[yaml.Node, ...]) -> None:
    """An anchor inside its own value is a list without an end, for which the engine refuses the file."""
    if any(node is one for one in above):
        problem = "an anchor stands inside its own value"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        for part in child if isinstance(child, tuple) else (child,):
            _refuse_loops(part, (*above, node))


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
