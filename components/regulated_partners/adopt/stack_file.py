"""New declarations as items of a stack file's lists, without a change of any other character of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from exchange_online.connectors import Direction
from regulated_partners.adopt.plan import Plan
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.stack import read_stack
from regulated_partners.partners.yaml_text import Declared, block_items, compose, flow, load

Items = Sequence[Mapping[str, Declared]]


def additions(plan: Plan, *, taken_over_by_up: bool = False) -> dict[str, Items]:
    """The new items of each list, by the setting's name without namespace; lists that stay as they are are left out.

    Args:
        taken_over_by_up: whether `pulumi up` will take the connectors over. It needs a consent for each that does not
            carry the stack's mark.
    """
    unmarked = [verdict for verdict in plan.adopted if taken_over_by_up and verdict.connector.mark is None]
    partners = {verdict.partner for verdict in unmarked}
    connectors = {(verdict.connector.direction, verdict.connector.name) for verdict in unmarked}
    lists: dict[str, Items] = {
        "partners": [
            {**_not_at_default(partner), **_consent(given=partner.name in partners)} for partner in plan.partners
        ]
    }
    for direction in Direction:
        lists[KEYS[direction]] = [
            {
                **declared.properties,
                **_consent(given=(direction, declared.checked.settings.name) in connectors),
            }
            for declared in plan.connectors
            if declared.checked.settings.direction is direction
        ]
    return {key: items for key, items in lists.items() if items}


def _consent(*, given: bool) -> Mapping[str, Declared]:
    return {"adoptExisting": True} if given else {}


def prove(config: Mapping[str, object], plan: Plan, root: Path) -> None:
    """Reads the settings of the stack as the program will: they must give exactly the connectors of the plan.

    Args:
        config: the stack's settings with the new declarations, by their names with namespace.
        root: the project's folder, where a file of shared partners is looked for.

    Raises:
        CannotRunError: where a rule over the whole stack refuses the declarations.
    """
    declared = read_stack(config, root)
    if declared.errors:
        found = " ".join(str(error) for error in declared.errors)
        raise CannotRunError(
            f"The declarations were not written, because the program would refuse them: {found} Leave the connectors "
            "in question out with --exclude."
        )
    # A consent is no part of what a partner is.
    partners = [partner.model_copy(update={"adopt_existing": False}) for partner in declared.partners]
    missing = [partner.name for partner in plan.partners if partner not in partners]
    settings = [connector.settings for connector in declared.connectors]
    missing += [
        connector.checked.settings.name for connector in plan.connectors if connector.checked.settings not in settings
    ]
    if missing:
        raise CannotRunError(
            f"The declarations were not written, because these would not read back as they are: {', '.join(missing)}. "
            "This is a defect of the command: please report it, and leave them out with --exclude."
        )


def _not_at_default(partner: Partner) -> Mapping[str, Declared]:
    return _without_empty(partner.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def _without_empty(mapping: Mapping[str, Any]) -> dict[str, Declared]:
    found = {key: _without_empty(value) if isinstance(value, dict) else value for key, value in mapping.items()}
    return {key: value for key, value in found.items() if value is not None and value not in ({}, [], ())}


def with_declarations(text: str, additions: Mapping[str, Items]) -> str:
    """The text of a stack file with items added at the end of lists of its `config`; the lists are made where missing.

    Args:
        additions: the new items of each list, by the setting's name with namespace.

    Raises:
        CannotRunError: where the file is written in a way that items cannot be added to without rewriting it.
    """
    additions = {key: items for key, items in additions.items() if items}
    if not additions:
        return text
    added = text
    try:
        for key, items in additions.items():
            added = _append(added, key, items)
        as_wanted = load(added) == _expected(text, additions)
    except yaml.YAMLError:
        as_wanted = False
    if not as_wanted:
        raise _unusual("it is written in a way that declarations cannot be added to by machine")
    return added


def _expected(text: str, additions: Mapping[str, Items]) -> dict[str, Any]:
    content = load(text) or {}
    config = dict(content.get("config") or {})
    for key, items in additions.items():
        config[key] = [*(config.get(key) or []), *json.loads(json.dumps(items))]
    return {**content, "config": config}


def _append(text: str, key: str, items: Items) -> str:
    root = compose(text)
    if root is not None and (not isinstance(root, yaml.MappingNode) or root.flow_style):
        raise _unusual("it is not a mapping in block style")
    config = None if root is None else _value(root, "config")
    if config is None:
        place = len(text) if root is None else _end(root)
        return _insert(text, place, ["config:", *_list(key, items, 2)])
    if _is_nothing(config):
        text, place = _without(text, config)
        return _insert(text, place, _list(key, items, 2))
    if not isinstance(config, yaml.MappingNode):
        raise _unusual("its config is not a mapping")
    listed = _value(config, key)
    if listed is not None:
        return _longer_list(text, config, listed, items)
    if config.flow_style:
        return _into_flow(text, config, f'"{key}": [{", ".join(map(flow, items))}]')
    return _insert(text, _end(config), _list(key, items, config.value[0][0].start_mark.column))


def _list(key: str, items: Items, indent: int) -> list[str]:
    return [" " * indent + f"{key}:", *block_items(items, indent + 2)]


def _longer_list(text: str, config: yaml.MappingNode, listed: yaml.Node, items: Items) -> str:
    if _is_nothing(listed) and not config.flow_style:
        indent = config.value[0][0].start_mark.column + 2
        text, place = _without(text, listed)
        return _insert(text, place, block_items(items, indent))
    if not isinstance(listed, yaml.SequenceNode):
        raise _unusual("one of its lists of declarations is no list in a place where one can be added")
    if listed.flow_style:
        return _into_flow(text, listed, ", ".join(map(flow, items)))
    return _insert(text, _end(listed), block_items(items, listed.start_mark.column))


def _value(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in mapping.value if name.value == key), None)


def _is_nothing(node: yaml.Node) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return bool(node.tag == "tag:yaml.org,2002:null")
    return not node.value


def _without(text: str, node: yaml.Node) -> tuple[str, int]:
    """The text without a null or an empty collection, and the place where that stood."""
    before = text[: node.start_mark.index].rstrip(" ")
    return before + text[node.end_mark.index :], len(before)


def _into_flow(text: str, node: yaml.CollectionNode, added: str) -> str:
    place = node.end_mark.index - 1
    return text[:place].rstrip() + (", " if node.value else "") + added + text[place:]


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends; a block collection's own mark stands after the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _insert(text: str, place: int, lines: Iterable[str]) -> str:
    """Puts lines after the line in which `place` lies; before it where `place` is the beginning of a line."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    if place and text[place - 1] != "\n":
        found = text.find("\n", place)
        if found < 0:
            text, place = text + line_end, len(text) + len(line_end)
        else:
            place = found + 1
    return text[:place] + "".join(line + line_end for line in lines) + text[place:]


def _unusual(why: str) -> CannotRunError:
    return CannotRunError(
        f"The stack file was not changed: {why}. Run without --write and copy the declarations that it prints."
    )
