"""Who wrote a declaration, and when: what git says of the stack file, and of the lines of a waiver."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from regulated_partners.names import PREFIX
from regulated_partners.partners.stack_file import StackFile, named
from regulated_partners.run_record import git

#: The fast one, unless PyYAML was built without libyaml.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: How git calls the commit of a line that is in none.
_NO_COMMIT = "0" * 40
_UNKNOWN = "nobody can say: the project is in no working copy of git"
_NOT_COMMITTED = "nobody yet: it is not committed"


@dataclass(frozen=True)
class Author:
    """Who made a commit."""

    sha: str
    name: str
    when: datetime.datetime

    def __str__(self) -> str:
        return f"{self.name}, {self.when:%Y-%m-%d}, commit {self.sha[:12]}"


@dataclass(frozen=True)
class _Blame:
    """The commits of a file's lines."""

    lines: tuple[str, ...] = ()
    authors: Mapping[str, Author] = field(default_factory=dict)


class Provenance:
    """Of a stack's declaration.

    Attributes:
        commit: the last one that changed the declaration, in words; or why there is none.
        since: when that was, UTC; None where nobody can say.
        remarks: sentences.
    """

    def __init__(self, stack: StackFile) -> None:
        self._stack = stack
        shared = stack.settings.partners_file
        self._shared = stack.root / shared if isinstance(shared, str) and shared.strip() else None
        self.files = tuple(path for path in (stack.path, self._shared) if path is not None)
        self.commit, self.since, self.remarks = self._last_commit()

    def _last_commit(self) -> tuple[str, datetime.datetime | None, tuple[str, ...]]:
        root = self._stack.root
        names = [str(path) for path in self.files]
        written = git(root, "log", "-1", "--format=%H%x00%an%x00%ct", "--", *names)
        if written is None:
            return _UNKNOWN, None, ()
        changed = git(root, "status", "--porcelain", "--", *names)
        if not written.strip():
            return _NOT_COMMITTED, None, ()
        author = _author(*written.strip("\n").split("\0"))
        if changed:
            files = " and ".join(named(path, root) for path in self.files)
            said = f"{files} was changed after that commit, and the change is not committed: nobody can say by whom."
            return f"{author}; changed since, and not committed", None, (said,)
        return str(author), author.when, ()

    def of_waiver(self, index: int) -> str:
        """Who gave a waiver, by its place in the list."""
        return self._of(self._stack.path, self._item(self._stack.path, "waivers", index))

    def of_acknowledgement(self, partner: str) -> str:
        """Who gave the acknowledgement of a partner, or of what has this name."""
        for path in self.files:
            if (node := self._acknowledged(path, partner.casefold())) is not None:
                return self._of(path, node)
        return _UNKNOWN if not self._blames[self._stack.path].lines else "nobody can say: its lines were not found"

    def _of(self, path: Path, node: yaml.Node | None) -> str:
        blame = self._blames.get(path, _Blame())
        if not blame.lines:
            return _UNKNOWN if self.commit == _UNKNOWN else _NOT_COMMITTED
        if node is None:
            return "nobody can say: its lines were not found"
        shas = set(blame.lines[node.start_mark.line : _last_line(node) + 1])
        if not shas or _NO_COMMIT in shas:
            return _NOT_COMMITTED
        found = [blame.authors[sha] for sha in shas if sha in blame.authors]
        return str(max(found, key=lambda author: (author.when, author.sha))) if found else _UNKNOWN

    @cached_property
    def _blames(self) -> Mapping[Path, _Blame]:
        return {path: _blame(self._stack.root, path) for path in self.files}

    @cached_property
    def _nodes(self) -> Mapping[Path, yaml.Node | None]:
        return {path: _composed(path) for path in self.files}

    def _setting(self, path: Path, name: str) -> yaml.Node | None:
        node = self._nodes.get(path)
        if path == self._stack.path:
            return _value(_value(node, "config"), self._stack.spelled(f"{PREFIX}{name}"))
        return _value(node, name)

    def _item(self, path: Path, name: str, index: int) -> yaml.Node | None:
        items = _items(self._setting(path, name))
        return items[index] if index < len(items) else None

    def _acknowledged(self, path: Path, partner: str) -> yaml.Node | None:
        """Where the acknowledgement of a partner stands; that of an override comes before the shared file's."""
        overrides = self._setting(path, "partnerOverrides")
        for key, value in _entries(overrides):
            if key.casefold() == partner and (node := _value(value, "acknowledge")) is not None:
                return node
        for item in _items(self._setting(path, "partners")):
            if _text(_value(item, "name")) == partner and (node := _value(item, "acknowledge")) is not None:
                return node
        beside = (item for item in _items(self._setting(path, "acknowledge")))
        return next((item for item in beside if _text(_value(item, "partner")) == partner), None)


def _author(sha: str, name: str, seconds: str) -> Author:
    try:
        when = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
    except (ValueError, OverflowError, OSError):
        when = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return Author(sha, name, when)


def _blame(root: Path, path: Path) -> _Blame:
    written = git(root, "blame", "--porcelain", "--", str(path))
    if written is None:
        return _Blame()
    lines: list[str] = []
    names: dict[str, dict[str, str]] = {}
    sha = ""
    for line in written.split("\n"):
        if line.startswith("\t"):
            lines.append(sha)
        elif len(words := line.split(" ")) >= 3 and len(words[0]) == len(_NO_COMMIT) and words[1].isdigit():
            sha = words[0]
        else:
            key, _, value = line.partition(" ")
            if key in ("author", "author-time"):
                names.setdefault(sha, {})[key] = value
    authors = {sha: _author(sha, said.get("author", "?"), said.get("author-time", "0")) for sha, said in names.items()}
    return _Blame(tuple(lines), authors)


def _last_line(node: yaml.Node) -> int:
    """The last line of a value; a block's own end is where the next one begins, below comments that are not its own."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    ends: int = node.end_mark.line - (node.end_mark.column == 0)
    return max(node.start_mark.line, ends)


def _composed(path: Path) -> yaml.Node | None:
    try:
        found: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return found


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _entries(node) if key == name), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _text(node: yaml.Node | None) -> str:
    return str(node.value).casefold() if isinstance(node, yaml.ScalarNode) else ""
