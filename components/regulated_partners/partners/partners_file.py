"""Reads a file of partners that several stacks share."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from regulated_partners.partners.findings import DeclarationFinding

_KEY = "partners"


class _DuplicateKeyError(yaml.constructor.ConstructorError):
    """A key that stands twice in a mapping: a reader would take the last, and nobody would notice."""


class _Loader(yaml.SafeLoader):
    """As the engine reads stack files: `yes` and dates are texts; a repeated key is an error."""

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


def read_partners_file(path: Path, shown: str) -> tuple[list[object], tuple[DeclarationFinding, ...]]:
    """The declarations in a file: a mapping with the one key `partners`, whose value is a list.

    A file that says nothing is an error, not an empty list: it would delete every connector.

    Args:
        shown: the path as the stack file writes it.
    Returns:
        the items as they are, and what is wrong with the file itself.
    """
    content, problem = _load(path)
    if problem is None and not isinstance(content, dict):
        problem = "it has no list of partners; write 'partners:', and below it each partner after '- name: ...'."
    if isinstance(content, dict):
        problem = _shape_problem(content)
    if problem is not None or not isinstance(content, dict):
        return [], (DeclarationFinding(shown, problem or ""),)
    return list(content[_KEY]), ()


def _load(path: Path) -> tuple[object, str | None]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, (
            "there is no such file; partnersFile is a path from the project's directory, where Pulumi.yaml is."
        )
    except UnicodeDecodeError:
        return None, "it is not UTF-8 text; save it as UTF-8."
    except OSError as error:
        return None, f"it cannot be read: {error.strerror or type(error).__name__}."
    try:
        return yaml.load(text, Loader=_Loader), None  # noqa: S506 - derived from SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}" if mark else ""
        return None, f"it is not valid YAML{where}: {error.problem or 'it cannot be read'}."
    except yaml.YAMLError as error:
        return None, f"it is not valid YAML: {' '.join(str(error).split())}."


def _shape_problem(content: dict[object, object]) -> str | None:
    others = sorted(str(key) for key in content if key != _KEY)
    if others:
        return f"only 'partners' may stand in it, and there is {', '.join(others)}; other settings go into stack files."
    if not isinstance(content.get(_KEY), list):
        return "partners is not a list; write each partner after '- name: ...', or [] if there shall be none."
    return None
