"""The header blocks in what an operator has: an .eml, an mbox, pasted headers, a message returned as an attachment."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import BinaryIO

#: Bytes of one message that are read: more than Exchange Online takes (150 MB after encoding is its limit for the
#: whole; headers are at its beginning), and little enough for a pipeline's machine.
LARGEST_MESSAGE = 32 * 1024 * 1024
#: Characters of one field that are kept, and fields of one block.
_LONGEST_FIELD, _MOST_FIELDS = 16_384, 2_000
#: Characters of a header block that are looked at: Exchange takes 256 kB. Source: Exchange limits, header size.
_LONGEST_BLOCK = 1024 * 1024
#: Messages of an mbox, and blocks of one message, that are judged.
MOST_MESSAGES, _MOST_BLOCKS = 10_000, 20

_FIELD = re.compile(r"(?P<name>[!-9;-~]{1,76}):(?P<value>.*)", re.DOTALL)
_QUOTE = re.compile(r"[> \t]{0,20}>[ ]?")
#: Where quoted headers begin. A search for it passes over 10 MB of text in a moment, which a loop over lines does not.
_QUOTED_START = re.compile(r"^[> \t]{0,20}received:", re.IGNORECASE | re.MULTILINE)
#: No line of mail is longer than 998 characters (RFC 5322 2.1.1); the email package is slow with very long ones.
_LONG_LINE = re.compile(rb"[^\n]{10000,}")
#: Parts of a message beyond which it is not taken apart: the email package takes a second for 20,000.
_MOST_PARTS = 20_000
_NOT_MAIL = {
    b"\xd0\xcf\x11\xe0": "an Outlook .msg file; save it as .eml, or paste its Internet headers into a text file",
    b"PK\x03\x04": "a zip archive (or an Office file); unpack it first",
    b"%PDF": "a PDF; paste the message's Internet headers into a text file instead",
    b"\x1f\x8b": "a gzip file; unpack it first",
}


class NotMailError(Exception):
    """What the file is instead, a clause with what to do."""


@dataclass(frozen=True)
class HeaderBlock:
    """The headers of one message.

    Attributes:
        place: where it was found: `test.eml`, `box.mbox, message 3`, `reply.eml, attached message`.
        fields: lower-case names with their values, in the order of the message; long ones cut.
        is_whole: whether all fields are there.
    """

    place: str
    fields: tuple[tuple[str, str], ...]
    is_whole: bool = True

    @property
    def received(self) -> tuple[str, ...]:
        """The Received fields, newest first."""
        return tuple(value for name, value in self.fields if name == "received")

    def first(self, name: str) -> str | None:
        """The first field of a lower-case name."""
        return next((value for field, value in self.fields if field == name), None)


def header_blocks(stream: BinaryIO, name: str) -> Iterator[HeaderBlock]:
    """Every header block that holds a Received field; for a message without any, its first block or none.

    Args:
        stream: the file's bytes; an mbox is read message by message.
        name: how outputs call the file.

    Raises:
        NotMailError: where the file is of another kind, or empty.
        OSError: where it cannot be read.
    """
    first = stream.readline(LARGEST_MESSAGE)
    for magic, what in _NOT_MAIL.items():
        if first.startswith(magic):
            raise NotMailError(what)
    if not first:
        raise NotMailError("empty")
    if not first.startswith(b"From "):
        yield from _blocks_of_message(first + stream.read(max(0, LARGEST_MESSAGE - len(first))), name)
        return
    for number, message in enumerate(_messages_of_mbox(stream), start=1):
        if number > MOST_MESSAGES:
            return
        yield from _blocks_of_message(message, f"{name}, message {number}")


def _messages_of_mbox(stream: BinaryIO) -> Iterator[bytes]:
    """Source: RFC 4155: each message begins with a `From ` line, which follows an empty line."""
    lines: list[bytes] = []
    size, after_empty = 0, False
    while line := stream.readline(LARGEST_MESSAGE):
        if after_empty and line.startswith(b"From "):
            yield b"".join(lines)
            lines, size = [], 0
        elif size < LARGEST_MESSAGE:
            lines.append(line)
            size += len(line)
        after_empty = not line.strip()
    yield b"".join(lines)


def _blocks_of_message(data: bytes, place: str) -> Iterator[HeaderBlock]:
    text = _text(data)
    top, body_at = _leading_block(text, place)
    nested = [] if not top.fields else list(_attached(data, top, place))
    if not nested:
        nested = list(_quoted(text[body_at:], place))
    blocks = [block for block in (top, *nested) if block.received]
    yield from (blocks or [top])[:_MOST_BLOCKS]


def _text(data: bytes) -> str:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    text = data.decode(encoding, errors="replace").lstrip("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
        found = _FIELD.match(line) if line[:1] not in (" ", "\t") else None
        if found is None:
            return self._continue(line)
        if len(self._fields) >= _MOST_FIELDS:
            self.is_whole = False
            return True
        value = found["value"][:_LONGEST_FIELD]
        self._fields.append((found["name"].lower(), [value], len(value)))
        return True

    def _continue(self, line: str) -> bool:
        if not self._fields or not self.is_whole:
            return bool(self._fields)
        name, pieces, size = self._fields[-1]
        if size < _LONGEST_FIELD:
            pieces.append(line[: _LONGEST_FIELD - size])
            self._fields[-1] = (name, pieces, size + len(pieces[-1]) + 1)
        return True

    def take(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, "\n".join(pieces).strip()) for name, pieces, _ in self._fields)


def _leading_block(text: str, place: str) -> tuple[HeaderBlock, int]:
    """The block that the text begins with, after empty lines, and where the body begins."""
    fields, at = _Fields(), len(text) - len(text.lstrip("\n"))
    for line, after in _lines(text, at):
        if not line.strip():
            return HeaderBlock(place, fields.take(), fields.is_whole), after
        if not fields.add(line):
            return HeaderBlock(place, ()), at
        at = after
        if at > _LONGEST_BLOCK:
            return HeaderBlock(place, fields.take(), is_whole=False), at
    return HeaderBlock(place, fields.take(), fields.is_whole), at


def _quoted(text: str, place: str) -> Iterator[HeaderBlock]:
    """Blocks of headers in the midst of text, quoted with `>` or not."""
    at, count = 0, 0
    while count < _MOST_BLOCKS and (start := _QUOTED_START.search(text, at)):
        fields, count = _Fields(), count + 1
        for line, after in _lines(text, start.start()):
            at = after
            plain = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
            if not plain.strip() or at - start.start() > _LONGEST_BLOCK:
                break
            fields.add(plain)
        yield HeaderBlock(f"{place}, quoted headers", fields.take(), fields.is_whole)


def _attached(data: bytes, top: HeaderBlock, place: str) -> Iterator[HeaderBlock]:
    """The headers of attached messages: so a partner returns what arrived, and so a bounce quotes it."""
    kind = (top.first("content-type") or "").strip().lower()
    encoded = (top.first("content-transfer-encoding") or "").strip().lower() in ("base64", "quoted-printable")
    if not kind.startswith(("multipart/", "message/")) and not encoded:
        return
    if data.count(b"\n--") > _MOST_PARTS:
        return
    try:
        for part in _parts(message_from_bytes(_LONG_LINE.sub(b"", data))):
            yield from _part_blocks(part, place)
    except (RecursionError, ValueError, LookupError):
        # A message nested beyond reason, or with a field that email cannot read, is judged by its own headers.
        return


def _parts(message: Message) -> Iterable[Message]:
    waiting, seen = [message], 0
    while waiting and seen < 200:
        part, seen = waiting.pop(0), seen + 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += [inner for inner in payload if isinstance(inner, Message)]


def _part_blocks(part: Message, place: str) -> Iterator[HeaderBlock]:
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload:
        inner = payload[0]
        if isinstance(inner, Message):
            items = [(name.lower(), str(value)[:_LONGEST_FIELD]) for name, value in inner.items()[:_MOST_FIELDS]]
            yield HeaderBlock(f"{place}, attached message", tuple(items), len(inner) <= _MOST_FIELDS)
    elif part.get_content_maintype() == "text" or part.get_content_type() in ("message/rfc822", "message/global"):
        decoded = part.get_payload(decode=True)
        if isinstance(decoded, bytes):
            yield from _quoted(_text(decoded), place)
