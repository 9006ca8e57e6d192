# Made by `make generate` from components/regulated_partners/evidence/drawing.py: do not edit.
"""A picture of the mail between two organizations: what is drawn where, for `flow.svg.jinja` and `flow.css`.

The emulator, which imports nothing of this package, has copies of the three: `make generate` makes them.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: Units of the drawing, which is 360 wide, as a small telephone is, so that its text stays readable there.
_LINE, _PAD = 15, 10
#: Characters in a line of a box, of an arrow's words, and of those beside another way; a wide one counts twice.
BOX, LANE, LANE_BESIDE = 48, 23, 21
#: Lines of one text.
MOST_LINES = 4


@dataclass(frozen=True)
class Words:
    """One line of text.

    Attributes:
        kind: `h` a heading, `v` a verdict, `g` a machine between, `x` what is broken, `o` what is open, `w` another
            way; empty plain.
    """

    text: str
    y: int
    kind: str = ""


@dataclass(frozen=True)
class Told:
    """What is told of one direction.

    Attributes:
        lines: kind and text of each.
        code: the colour of its arrow: `pv` good, `at` with a warning, `np` open, `ct` bad, `pl` none.
        other: whether there is another way, drawn as a dashed arrow.
    """

    lines: Sequence[tuple[str, str]]
    code: str = "pl"
    other: bool = False


@dataclass(frozen=True)
class Lane:
    """One direction.

    Attributes:
        x: its left edge.
        down: whether mail goes down, from the partner to us.
        code: as in `Told`.
        gateways: the places of machines in between, top and height.
        other: as in `Told`.
    """

    x: int
    down: bool
    code: str
    words: tuple[Words, ...]
    gateways: tuple[tuple[int, int], ...]
    other: bool


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn; `y` counts down."""

    title: str
    description: str
    partner: tuple[Words, ...]
    own: tuple[Words, ...]
    lanes: tuple[Lane, ...]
    top: int
    bottom: int
    height: int


def drawn(
    title: str,
    description: str,
    *,
    partner: Sequence[tuple[str, str]],
    own: Sequence[tuple[str, str]],
    told: Sequence[Told],
) -> Picture:
    """The picture.

    Args:
        title, description: for those who do not see it.
        partner, own: kind and text of each line of the two boxes.
        told: of mail from the partner, and of mail to it.
    """
    top = _PAD + len(partner) * _LINE + 8
    lanes = tuple(_lane(one, number, top) for number, one in enumerate(told))
    bottom = top + 18 + max(len(one.lines) for one in told) * _LINE + 14
    height = bottom + 4 + len(own) * _LINE + 8
    return Picture(title, description, _placed(partner, _PAD), _placed(own, bottom + 4), lanes, top, bottom, height)


def _lane(told: Told, number: int, top: int) -> Lane:
    words = _placed(told.lines, top + 18)
    boxed = [list(group) for kind, group in itertools.groupby(words, lambda word: word.kind) if kind == "g"]
    gateways = tuple((group[0].y - 11, len(group) * _LINE) for group in boxed)
    return Lane(8 + 176 * number, number == 0, told.code, words, gateways, told.other)


def _placed(lines: Iterable[tuple[str, str]], y: int) -> tuple[Words, ...]:
    return tuple(Words(text, y + 11 + number * _LINE, kind) for number, (kind, text) in enumerate(lines))


def wrapped(text: str, width: int, most: int) -> list[str]:
    """Lines of at most so many columns; a word that is longer is cut where the line ends, and what is left out told."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        for part in _pieces(word, width):
            if line and _columns(line) + 1 + _columns(part) <= width:
                line = f"{line} {part}"
                continue
            lines += [line] if line else []
            line = part
        if len(lines) > most:
            break
    lines += [line] if line else []
    if len(lines) <= most:
        return lines
    kept = lines[:most]
    while kept[-1] and _columns(kept[-1]) > width - 1:
        kept[-1] = kept[-1][:-1]
    kept[-1] += "\u2026"
    return kept


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word in pieces that fit a line, cut after a dot or a hyphen where there is one."""
    while _columns(word) > width:
        end = fits = _fitting(word, width)
        cut = max(word.rfind(mark, 0, fits) for mark in ".-/") + 1
        if cut > fits // 3:
            end = cut
        yield word[:end]
        word = word[end:]
    yield word


def _fitting(word: str, width: int) -> int:
    """How many of its characters fit a line; at least one."""
    taken = 0
    for count, character in enumerate(word):
        taken += _columns(character)
        if taken > width:
            return max(1, count)
    return len(word)


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
