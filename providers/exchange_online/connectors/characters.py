"""Characters that a name or a value must not hold: who reads a log, a portal or a review could not see them.

Pure; characters come from Python's Unicode tables, which know every one that any Python here knows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator

#: Characters that are drawn as nothing and are neither control nor format characters. Source: Unicode 16,
#: DerivedCoreProperties, Default_Ignorable_Code_Point; and U+2800, which is drawn as a blank.
_BLANK = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2065, 0x2800, 0x3164, 0xFFA0),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0xE0000, 0xE1000),
)
_INVISIBLE = frozenset(map(chr, _BLANK))

#: What languages and emoji are written with, and what nothing can be hidden with in a line that somebody reads.
_JOINERS = frozenset("\u200c\u200d") | frozenset(map(chr, range(0xFE00, 0xFE10)))

#: General categories. Source: Unicode 16, table 4-4.
_KINDS = {
    "Cc": "a control character",
    "Cf": "an invisible character",
    "Zl": "a line break",
    "Zp": "a line break",
    "Co": "a character for private use, which others see as something else",
    "Cs": "half of a character, which is not valid Unicode",
}
_NAMES = {
    "\t": "TAB",
    "\n": "LINE FEED",
    "\r": "CARRIAGE RETURN",
    "\0": "NULL",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}


def in_name(text: str) -> str:
    """What is wrong with the characters of a name, or of any text of one line; empty where nothing is."""
    return _wrong(text, lambda _: False)


def in_comment(text: str) -> str:
    """The same for a text that people write: it has lines and tabs, and joiners of letters and of emoji."""
    return _wrong(text, lambda character: character in "\r\n\t" or character in _JOINERS)


def looks_like_space(text: str) -> str:
    """The first character that is drawn as a space and is none, in words; empty where there is none."""
    if _is_plain(text):
        return ""
    return next((f"{_named(c)} at place {place}" for place, c in _places(text) if _is_odd_space(c)), "")


def unknown_here(text: str) -> str:
    """The first character that this Python's Unicode does not know, in words; empty where there is none."""
    if _is_plain(text):
        return ""
    return next((f"{_named(c)} at place {place}" for place, c in _places(text) if _is_unassigned(c)), "")


def utf16_units(text: str) -> int:
    """The length of a text as .NET counts it, in which the service is written: an emoji counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def printable(text: str) -> str:
    """A text for one line of a log: what is refused in a name is escaped, as Python and YAML write it."""
    if _is_plain(text):
        return text
    return "".join(c.encode("unicode_escape").decode("ascii") if _kind(c) else c for c in text)


def _is_plain(text: str) -> bool:
    """Whether it holds the printable characters of ASCII alone, as most texts do: nothing is wrong with these."""
    return text.isascii() and text.isprintable()


def _wrong(text: str, allowed: Callable[[str], bool]) -> str:
    if _is_plain(text):
        return ""
    found = [(place, c, kind) for place, c in _places(text) if not allowed(c) and (kind := _kind(c))]
    if not found:
        return ""
    place, character, kind = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{_named(character)} at place {place}, {kind}{more}"


def _places(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text, 1)


def _kind(character: str) -> str:
    if character in "\n\r\x0b\x0c\x85":
        return "a line break"
    if character in _INVISIBLE:
        return "an invisible character"
    if _is_no_character(character):
        return "no character at all"
    if character == "\ufffd":
        return "what stands for a character that was lost"
    return _KINDS.get(unicodedata.category(character), "")


def _is_no_character(character: str) -> bool:
    """Source: Unicode 16, section 23.7, Noncharacters."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_odd_space(character: str) -> bool:
    return character != " " and unicodedata.category(character) == "Zs"


def _is_unassigned(character: str) -> bool:
    return unicodedata.category(character) == "Cn" and not _kind(character)


def _named(character: str) -> str:
    name = unicodedata.name(character, "") or _NAMES.get(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()
