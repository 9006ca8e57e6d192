"""Blocks of header lines in text: at its beginning, quoted in the midst of it, in HTML."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Characters of one field that are kept, and fields of one block.
LONGEST_FIELD, MOST_FIELDS = 16_384, 2_000
#: Characters of a header block that are looked at: Exchange takes 256 kB. Source: Exchange limits, header size.
_LONGEST_BLOCK = 1024 * 1024
#: Blocks of one message that are judged.
MOST_BLOCKS = 100

_FIELD = re.compile(r"(?P<name>[A-Za-z0-9!#$%&'*+./^_`|~-]{1,76}):(?P<value>.*)", re.DOTALL)
#: How a line goes on that lost its folding and is no field: an IPv6 address, a time of day, the scheme of a link.
_NO_FIELD = re.compile(r"[0-9a-f]{1,4}:[0-9a-f]{0,4}:|\d{1,2}:\d\d|ipv6:|(?:https?|mailto):", re.IGNORECASE)
_QUOTE = re.compile(r"[>| \t]{0,20}[>|][ ]?")
#: Where quoted headers begin. A search for it passes over 10 MB of text in a moment, which a loop over lines does not.
_QUOTED_START = re.compile(r"^[>| \t]{0,20}received:", re.IGNORECASE | re.MULTILINE)
#: What Outlook adds where it takes a host or an address for a link: `mx.fabrikam.com<http://mx.fabrikam.com>`.
_LINK = re.compile(r"<(?:mailto|https?):[^<>\s]{1,300}>", re.IGNORECASE)
#: Lines above the first quoted Received that are looked at: other fields stand there too.
_MOST_ABOVE = 200

#: Pasted headers with an empty line after each: what Outlook makes of a paragraph. No message has one line of headers.
_DOUBLE_SPACED = re.compile(r"[A-Za-z-]{2,76}:[^\n]*\n[ \t]*\n(?:[ \t]+\S|[A-Za-z-]{2,76}:[ \t])[^\n]*\n[ \t]*\n")

_PREFORMATTED = re.compile(r"<(/?)pre\b[^<>]{0,1000}>", re.IGNORECASE)
_BREAK = re.compile(r"<br\b[^<>]{0,200}>[ \t]*\n?[ \t]*", re.IGNORECASE)
_OF_BLOCK = re.compile(r"</?(?:p|div|tr|li|ul|ol|table|body|blockquote|h[1-6])\b[^<>]{0,1000}>", re.IGNORECASE)
_BLOCKS_END = re.compile(r"[ \t\n]*\x00[\x00 \t\n]*")
_TAG = re.compile(r"<[/!a-z][^<>]{0,2000}>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n]+")

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class HeaderBlock:
    """The headers of one message.

    Attributes:
        place: where it was found: `test.eml`, `box.mbox, message 3`, `reply.eml, attached message`.
        fields: lower-case names with their values, in the order of the message; long ones cut.
        is_whole: whether all fields are there.
        problem: a sentence: why what is at this place was not read; empty for headers.
    """

    place: str
    fields: tuple[tuple[str, str], ...]
    is_whole: bool = True
    problem: str = ""

    @property
    def received(self) -> tuple[str, ...]:
        """The Received fields, newest first."""
        return tuple(value for name, value in self.fields if name == "received")

    def first(self, name: str) -> str | None:
        """The first field of a lower-case name."""
        return next((value for field, value in self.fields if field == name), None)


def encoding_of(start: bytes) -> str:
    """The encoding of text by how it begins: the mark, or the zero bytes of UTF-16 without one; else UTF-8."""
    for mark, encoding in sorted(_MARKS.items(), key=lambda item: -len(item[0])):
        if start.startswith(mark):
            return encoding
    sample = start[: 4096 // 2 * 2]
    half = len(sample) // 2
    if half >= 4:
        # ASCII in UTF-16 has a zero in every other byte, and hardly one in the rest.
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if odd > 0.6 * half and even < 0.1 * half:
            return "utf-16-le"
        if even > 0.6 * half and odd < 0.1 * half:
            return "utf-16-be"
    return "utf-8"


def text_of(data: bytes) -> str:
    """The text of a file, its lines ending with LF alone."""
    text = data.decode(encoding_of(data), errors="replace").lstrip("\ufeff")
    return re.sub("\r+\n|\r", "\n", text)


def leading_block(text: str, place: str) -> tuple[HeaderBlock, int]:
    """The block that the text begins with, after empty lines, and where the body begins."""
    begins = at = len(text) - len(text.lstrip("\n"))
    fields = _Fields()
    for line, after in _lines(text, at):
        if not line.strip():
            if _DOUBLE_SPACED.match(text, begins):
                return HeaderBlock(place, ()), begins
            return HeaderBlock(place, fields.take(), fields.is_whole), after
        if not fields.add(line):
            return HeaderBlock(place, ()), at
        at = after
        if at > _LONGEST_BLOCK:
            return HeaderBlock(place, fields.take(), is_whole=False), at
    return HeaderBlock(place, fields.take(), fields.is_whole), at


def quoted_blocks(text: str, place: str) -> Iterator[HeaderBlock]:
    """Blocks of headers in the midst of text, quoted with `>` or not, double-spaced or not."""
    at, count = 0, 0
    while count <= MOST_BLOCKS and (start := _QUOTED_START.search(text, at)):
        fields, count = _Fields(), count + 1
        begins = _above(text, start.start(), at)
        at = _take_quoted(text, begins, fields)
        yield HeaderBlock(f"{place}, quoted headers", fields.take(), fields.is_whole)


def text_of_html(source: str) -> str:
    """The lines that a browser would show of a reply, as far as headers pasted into it need."""
    shown: list[str] = []
    at, inside = 0, False
    for tag in _PREFORMATTED.finditer(source):
        shown += [_shown(source[at : tag.start()], inside), "\n"]
        at, inside = tag.end(), not tag[1]
    shown.append(_shown(source[at:], inside))
    return "".join(shown)


def _shown(source: str, is_preformatted: bool) -> str:
    if is_preformatted:
        text = _BREAK.sub("\n", source)
    else:
        text = _BLANKS.sub(" ", source)
        text = _BREAK.sub("\n", text)
    text = _BLOCKS_END.sub("\n", _OF_BLOCK.sub("\x00", text))
    return html.unescape(_TAG.sub("", text)).replace("\xa0", " ")


def _above(text: str, at: int, not_before: int) -> int:
    """Where the fields begin that stand right above a Received field."""
    for _ in range(_MOST_ABOVE):
        if at <= not_before:
            return at
        start = text.rfind("\n", not_before, at - 1) + 1
        start = max(start, not_before)
        line = _unquoted(text[start : at - 1])
        if not line.strip() or not (line[:1] in (" ", "\t") or _is_field(line)):
            return at
        at = start
    return at


def _take_quoted(text: str, begins: int, fields: _Fields) -> int:
    """Adds the lines of one quoted block. Returns where the text goes on."""
    at, since_blank, is_double_spaced, blank = begins, 0, True, False
    for line, after in _lines(text, begins):
        plain = _LINK.sub("", _unquoted(line))
        if not plain.strip():
            is_double_spaced = is_double_spaced and since_blank == 1
            if not is_double_spaced:
                return after
            since_blank, blank, at = 0, True, after
            continue
        if (blank and not (plain[:1] in (" ", "\t") or _is_field(plain))) or after - begins > _LONGEST_BLOCK:
            return at
        fields.add(plain)
        since_blank, blank, at = since_blank + 1, False, after
    return at


def _unquoted(line: str) -> str:
    return _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line


def _is_field(line: str) -> bool:
    return _FIELD.match(line) is not None and not _NO_FIELD.match(line)


def _lines(text: str, at: int = 0) -> Iterator[tuple[str, int]]:
    """Each line from a place on, with where the next begins; `str.splitlines` cuts at what ends no line in mail."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[at:end], end + 1
        at = end + 1


class _Fields:
    """Collects the fields of one block: bounded, folded lines joined."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, list[str], int]] = []
        self.is_whole = True

    def add(self, line: str) -> bool:
        """Whether the line belongs to a header block. A line without a name continues the field before it."""
        is_folded = line[:1] in (" ", "\t") or bool(self._fields and _NO_FIELD.match(line))
        found = None if is_folded else _FIELD.match(line)
        if found is None:
            return self._continue(line)
        if len(self._fields) >= MOST_FIELDS:
            self.is_whole = False
            return True
        value = found["value"][:LONGEST_FIELD]
        self._fields.append((found["name"].lower(), [value], len(value)))
        return True

    def _continue(self, line: str) -> bool:
        if not self._fields or not self.is_whole:
            return bool(self._fields)
        name, pieces, size = self._fields[-1]
        if size < LONGEST_FIELD:
            pieces.append(line[: LONGEST_FIELD - size])
            self._fields[-1] = (name, pieces, size + len(pieces[-1]) + 1)
        return True

    def take(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, "\n".join(pieces).strip()) for name, pieces, _ in self._fields)
