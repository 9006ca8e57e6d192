"""Reduces a service's JSON Schema to what checking needs: `python -m tools.pipelines.reduce SOURCE TARGET [TASK...]`.

SOURCE is a file of the PyPI package check-jsonschema, builtin_schemas/vendor/: gitlab-ci.json (GitLab, MIT) or
azure-pipelines.json (Microsoft, MIT); schemas/LICENSES.txt has their licences. Prose goes, and of Azure's many tasks
stay those that are named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_PROSE = {
    *("description", "markdownDescription", "examples", "$comment", "deprecationMessage", "defaultSnippets"),
    *("doNotSuggest", "ignoreCase", "firstProperty", "aliases"),
}
#: Below these the keys are names, not words of JSON Schema.
_NAMED = {"properties", "patternProperties", "definitions"}


def reduced(schema: dict[str, Any], tasks: set[str]) -> dict[str, Any]:
    """The schema without prose, and with only these tasks where it lists tasks."""
    small: dict[str, Any] = _without_prose(schema)
    task = small.get("definitions", {}).get("task")
    if tasks and isinstance(task, dict):
        small["definitions"]["task"] = _with_tasks(task, tasks)
    return small


def _without_prose(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_prose(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {name: _without_prose(each) for name, each in below.items()} if key in _NAMED else _without_prose(below)
        for key, below in value.items()
        if key not in _PROSE
    }


def _with_tasks(task: dict[str, Any], tasks: set[str]) -> dict[str, Any]:
    """`anyOf` holds one schema for each task; `properties.task` has their names."""
    chosen = {"anyOf": [each for each in task["anyOf"] if tasks & set(_strings(each))]}
    names = {"task": {"enum": sorted(tasks)}}
    small: dict[str, Any] = {**task, **chosen, "properties": {**task["properties"], **names}}
    return dict(_booleans_as_texts(small))


def _booleans_as_texts(value: Any) -> Any:
    """To Azure every value is a text; the schemas of tasks alone say otherwise, for editors."""
    if value == {"type": "boolean"}:
        return {"enum": ["true", "false"]}
    if isinstance(value, list):
        return [_booleans_as_texts(each) for each in value]
    if isinstance(value, dict):
        return {key: _booleans_as_texts(each) for key, each in value.items()}
    return value


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.strip("^$")]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in below for text in _strings(each)]


def main(arguments: list[str]) -> int:
    """The command."""
    source, target, *tasks = arguments
    schema = reduced(json.loads(Path(source).read_text(encoding="utf-8")), set(tasks))
    Path(target).write_text(json.dumps(schema, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
