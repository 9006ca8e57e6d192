"""Where a stack's settings stand in its file: what Pulumi does not read there, and a stack that declares nothing.

Absent is not empty. Pulumi ignores what stands at the wrong place of a stack file without a word, and a list of
partners that nobody reads would be a list without partners: every connector would be deleted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from regulated_partners.names import PREFIX
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.settings import setting_names
from regulated_partners.partners.shared_partners import PARTNERS_FILE
from regulated_partners.partners.yaml_text import compose_all

#: What may stand at the left edge of a stack file, spelled so. Source: Pulumi, ProjectStack in sdk/go/common/workspace.
TOP_LEVEL = ("config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment")

#: A stack that has none of them declares nothing, not even that it has no partners.
DECLARING = ("partners", PARTNERS_FILE, *KEYS.values())

_NAMESPACE = PREFIX.removesuffix(":")

#: Levels of mappings that are looked through.
_DEEPEST = 4


@dataclass(frozen=True)
class _Key:
    """A key of a stack file that is not where a setting of ours belongs.

    Attributes:
        line: counted from 1.
        above: the keys that it stands below.
        ours: whether it can only be meant for us.
    """

    name: str
    line: int
    above: tuple[str, ...]
    ours: bool

    @property
    def setting(self) -> str:
        """The setting that is meant, without the namespace."""
        return _setting(self.name) or self.name.rpartition(":")[2].strip()

    def __str__(self) -> str:
        if not self.above:
            where = "at the left edge, beside config:"
        elif self.above == ("config",):
            where = "below config:"
        else:
            where = f"below {' > '.join(f'{key}:' for key in self.above)}"
        return f"`{self.name}:` in line {self.line}, {where}"


def with_namespace(key: str, project: str) -> str:
    """A setting's name with its namespace, by the key of a file: a project may leave its own out.

    Source: Pulumi, config.ParseKey: `NAMESPACE:config:NAME` is an old spelling of `NAMESPACE:NAME`.
    """
    namespace, colon, name = key.rpartition(":")
    return f"{namespace.removesuffix(':config')}:{name}" if colon else f"{project}:{name}"


def misplaced(text: str, file: str, project: str) -> tuple[DeclarationFinding, ...]:
    """Settings of ours that stand where nobody reads them.

    Args:
        text: of the stack file; what is no YAML is left to who reads it.
        file: what to call it.
        project: the project's name.
    """
    roots = _documents(text)
    findings = [
        DeclarationFinding(
            file,
            f"a second document begins in line {root.start_mark.line + 1}, after '---', and Pulumi reads the first one "
            "only; move what stands there into it.",
        )
        for root in roots[1:]
    ]
    for key in _strangers(roots[0]) if roots else ():
        if key.ours:
            right = f"{PREFIX}{key.setting}:"
            findings.append(
                DeclarationFinding(
                    file,
                    f"{key} is not read by anybody; write it as `{right}` directly below `config:`, indented.",
                )
            )
    findings += [DeclarationFinding(file, text) for root in roots[:1] for text in _twice(root, project)]
    return tuple(findings)


def absent(
    config: Collection[str], found: Iterable[DeclarationFinding], text: str, file: str
) -> DeclarationFinding | None:
    """What to say of a stack that has none of the settings that declare something; None where it has one.

    Args:
        config: the names of its settings, with namespace.
        found: what was found wrong with its settings; where that explains it, nothing more is said.
        text: of its file, empty where that is not known.
        file: what to call it.
    """
    if any(f"{PREFIX}{name}" in config for name in DECLARING):
        return None
    if any(_setting(finding.path) in DECLARING for finding in found):
        return None
    roots = _documents(text)
    keys = [key for root in roots[:1] for key in _strangers(root) if key.setting in DECLARING]
    if any(key.ours for key in keys):
        return None
    names = f"{', '.join(DECLARING[:-1])} or {DECLARING[-1]}"
    instead = f" (There is {keys[0]}; that is not `{PREFIX}{keys[0].setting}:` below `config:`.)" if keys else ""
    return DeclarationFinding(
        f"{PREFIX}partners",
        f"the stack does not say which partners it has, and absent is not empty: it has none of {names}.{instead} "
        f"Below `config:` in {file} write `{PREFIX}partners:` with the partners, or `{PREFIX}partners: []` if it shall "
        "have none.",
    )


def nothing_below(config: Mapping[str, object]) -> Iterator[DeclarationFinding]:
    """Lists that are there and hold nothing, such as one whose items are all commented out."""
    for name in DECLARING:
        if config.get(f"{PREFIX}{name}", ()) not in (None, ""):
            continue
        if name == PARTNERS_FILE:
            remedy = "write a path such as stacks/partners.yaml, or take the line away."
        else:
            item = "partner" if name == "partners" else "connector"
            none = f"write `{PREFIX}{name}: []` if there shall be none"
            remedy = f"{none}, or each {item} after '- name: ...'."
        yield DeclarationFinding(name, f"nothing is written there, and that may be an accident; {remedy}")


def _documents(text: str) -> list[yaml.Node]:
    try:
        return compose_all(text)
    except yaml.YAMLError:
        return []


def _strangers(root: yaml.Node) -> Iterator[_Key]:
    """Keys that look like settings of ours, outside of the places where settings are read."""
    config = next((node for key, node in _pairs(root) if key.value == "config"), None)
    merged = [node for key, value in _pairs(config) if key.value == "<<" for node in (value, *_items(value))]
    for key, node in _pairs(root):
        if key.value != "config":
            yield from _looked_at(key, ())
            # What `<<` merges into config is read there.
            if not any(node is one for one in merged):
                yield from _below(node, (key.value,), named=_alike(key.value))
    for key, node in _pairs(config):
        namespace, colon, _ = key.value.rpartition(":")
        if colon and namespace.removesuffix(":config") != _NAMESPACE:
            yield from _looked_at(key, ("config",))
        elif not colon and key.value != "<<":
            yield from _below(node, ("config", key.value), named=_alike(key.value))


def _below(node: yaml.Node, above: tuple[str, ...], *, named: bool = False) -> Iterator[_Key]:
    """Keys of mappings in mappings; `named` says that a key above them is our namespace."""
    if len(above) > _DEEPEST:
        return
    for key, inner in _pairs(node):
        if named and key.value in setting_names():
            yield _Key(key.value, key.start_mark.line + 1, above, ours=True)
        else:
            yield from _looked_at(key, above)
        yield from _below(inner, (*above, key.value), named=_alike(key.value))


def _looked_at(key: yaml.ScalarNode, above: tuple[str, ...]) -> Iterator[_Key]:
    if _setting(key.value) is not None:
        namespace, colon, _ = key.value.rpartition(":")
        ours = bool(colon) and _alike(namespace.removesuffix(":config"))
        yield _Key(key.value, key.start_mark.line + 1, above, ours)


def _setting(name: str) -> str | None:
    """The setting that a key with any namespace, or none, is meant for; None for what resembles no setting."""
    bare = name.rpartition(":")[2].strip()
    known = {_folded(setting): setting for setting in setting_names()}
    if _folded(bare) in known:
        return known[_folded(bare)]
    if not name.startswith(PREFIX):
        return None
    return next(iter(difflib.get_close_matches(bare, setting_names(), n=1)), bare)


def _alike(namespace: str) -> bool:
    """Whether it is our namespace, or one that can only be a slip of it."""
    folded = _folded(namespace)
    return difflib.SequenceMatcher(None, folded, _folded(_NAMESPACE)).ratio() > 0.9


def _folded(name: str) -> str:
    return re.sub(r"[-_. ]", "", name).casefold()


def _twice(root: yaml.Node, project: str) -> Iterator[str]:
    """Settings of ours that stand there under two spellings, of which the engine takes one."""
    config = next((node for key, node in _pairs(root) if key.value == "config"), None)
    first: dict[str, yaml.ScalarNode] = {}
    for key, _ in _pairs(config):
        name = with_namespace(key.value, project)
        earlier = first.setdefault(name, key)
        if earlier is not key and name.startswith(PREFIX):
            yield (
                f"`{key.value}:` in line {key.start_mark.line + 1} and `{earlier.value}:` in line "
                f"{earlier.start_mark.line + 1} are the same setting, of which one does not count; put both into "
                f"`{name}:`."
            )


def _items(node: yaml.Node) -> Iterable[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The keys of a mapping that are texts, and their nodes."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value
