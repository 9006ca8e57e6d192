"""The commands of the pages for people: each shell block with what its page says of who runs it, and what it shows.

The line before a block is a comment of HTML, which no reader sees:

    <!-- run: NAME -->                     tests/docs/test_commands.py runs it, and compares what it shows
    <!-- run by: tests/FILE.py::TEST -->   that test runs its commands, with data of its own; several with commas
    <!-- not run: WHY -->                  nobody does
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.site import ROOT, pages

#: The languages of blocks that hold commands.
_SHELLS = ("console", "sh", "shell", "bash", "powershell", "pwsh")
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*).*$")
_MARK = re.compile(r"^ *<!-- (?P<kind>run|run by|not run): (?P<text>.+) -->$")
_PROMPT = "$ "
_OPERATION = re.compile(r"(?:regulated-partners|pulumi|make) (?:-\S+ )*([a-z]+)")


@dataclass(frozen=True)
class Command:
    """One command of a block.

    Attributes:
        text: as it is typed; a comment behind it stays.
        shown: the lines below it.
    """

    text: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A shell block.

    Attributes:
        page: its page's path in the working copy.
        line: of its fence, from 1.
        kind: `run`, `run by` or `not run`; empty where its page says nothing.
        text: what stands behind that.
        lines: what is in it.
    """

    page: str
    line: int
    kind: str
    text: str
    lines: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where a reader of an error finds it."""
        return f"{self.page}, line {self.line}"

    @property
    def commands(self) -> tuple[Command, ...]:
        """Its commands, each with what is shown below it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.lines:
            if line.startswith(_PROMPT):
                found.append((line.removeprefix(_PROMPT), []))
            elif found:
                found[-1][1].append(line)
        return tuple(Command(text, tuple(_without_blank_end(shown))) for text, shown in found)

    @property
    def operations(self) -> tuple[str, ...]:
        """What its commands ask of the three programs: `up` of `make up`, `verify` of `regulated-partners verify …`."""
        typed = " ; ".join(command.text.partition(" # ")[0] for command in self.commands)
        return tuple(dict.fromkeys(_OPERATION.findall(typed)))


def _without_blank_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def blocks(root: Path = ROOT) -> tuple[Block, ...]:
    """Every shell block of every page."""
    return tuple(block for page in pages(root) for block in blocks_of(page, (root / page).read_text(encoding="utf-8")))


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The shell blocks of a page, in order."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        if opened is None:
            number += 1
            continue
        end = number + 1
        while end < len(lines) and lines[end].strip() != opened["fence"]:
            end += 1
        if opened["language"].lower() in _SHELLS:
            mark = _MARK.match(lines[number - 1]) if number else None
            indent = len(opened["indent"])
            inside = tuple(line[indent:] for line in lines[number + 1 : end])
            yield Block(page, number + 1, mark["kind"] if mark else "", mark["text"] if mark else "", inside)
        number = end + 1


#: What is other in each run: Guids, and how long a step took.
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_SECONDS = re.compile(r"\(\d+(?:\.\d+)?m?s\)")
_ANY = re.compile(r"…|\.\.\.")


def plain(line: str) -> str:
    """A line without what is other in each run."""
    return _SECONDS.sub("(0s)", _GUID.sub("GUID", line)).rstrip()


def shows(shown: tuple[str, ...], written: str) -> bool:
    """Whether a command wrote what its page shows.

    A line `…` (or `...`) stands for any lines, the same within a line for any text; everything else is compared. A page
    that shows nothing promises nothing.
    """
    if not shown:
        return True
    parts = []
    for line in shown:
        if line.strip() in ("…", "..."):
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*".join(re.escape(plain(piece)) for piece in _pieces(line)) + r"\n")
    text = "".join(f"{plain(line)}\n" for line in written.strip("\n").splitlines())
    return re.fullmatch("".join(parts), text) is not None


def _pieces(line: str) -> list[str]:
    """The parts of a line between ellipses; spaces at their ends count, those at the end of the line do not."""
    return _ANY.split(line.rstrip())
