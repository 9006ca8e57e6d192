"""The header blocks in what an operator has: .eml, Outlook .msg, mbox, Graph JSON, pasted headers, a reply."""

from __future__ import annotations

import binascii
import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any, BinaryIO

from regulated_partners.verify.file_kinds import is_page, what_it_is
from regulated_partners.verify.header_blocks import (
    LONGEST_FIELD,
    MOST_BLOCKS,
    MOST_FIELDS,
    HeaderBlock,
    encoding_of,
    leading_block,
    quoted_blocks,
    text_of,
    text_of_html,
)
from regulated_partners.verify.outlook import MAGIC, NoMessageError, Outlook, read_outlook

__all__ = ["LARGEST_MESSAGE", "MOST_MESSAGES", "HeaderBlock", "NotMailError", "header_blocks"]

#: Bytes of one message that are read: more than Exchange Online takes (150 MB after encoding is its limit for the
#: whole; headers are at its beginning), and little enough for a pipeline's machine.
LARGEST_MESSAGE = 32 * 1024 * 1024
#: Messages of an mbox that are judged.
MOST_MESSAGES = 10_000

#: Bytes by which the kind of a file is told.
_START = 64 * 1024
#: No line of mail is longer than 998 characters (RFC 5322 2.1.1); the email package is slow with very long ones.
_LONG_LINE = re.compile(rb"[^\n]{10000,}")
#: Parts of a message beyond which it is not taken apart: the email package takes a second for 20,000.
_MOST_PARTS = 20_000
#: Bytes of what is attached in base64 that are looked at.
_LONGEST_PART = 2 * 1024 * 1024
_BOUNDARY = re.compile(rb"\n--")
#: Attachments in attachments that are opened.
_DEEPEST = 5
#: The count of bytes that Apple Mail writes above a message (.emlx).
_APPLE = re.compile(rb"\d{1,12}[ \t]*\r?\n(?=[A-Za-z-]+:)")
#: Kinds of attachments that hold no headers.
_NO_TEXT = ("image", "audio", "video", "font", "multipart")


class NotMailError(Exception):
    """What the file is instead, a clause with what to do."""


def header_blocks(stream: BinaryIO, name: str) -> Iterator[HeaderBlock]:
    """Every header block that holds a Received field; for a message without any, its first block or none.

    Args:
        stream: the file's bytes; an mbox is read message by message.
        name: how outputs call the file.

    Raises:
        NotMailError: where the file is of another kind, or empty.
        OSError: where it cannot be read.
    """
    start = stream.read(_START)
    if not start:
        raise NotMailError("empty; save the message again")
    if start.startswith(MAGIC):
        yield from _outlook_file(start, stream, name)
        return
    if what := what_it_is(start):
        raise NotMailError(what)
    if encoding_of(start) != "utf-8" or (b"\n" not in start and b"\r" in start):
        wide = start + stream.read(LARGEST_MESSAGE * 2)
        if stream.read(1):
            raise NotMailError(f"more than {len(wide) >> 20} MB of UTF-16; save it as UTF-8, or in parts")
        whole = text_of(wide).encode("utf-8", errors="replace")
        del wide
        start, stream = whole[:_START], io.BytesIO(whole[_START:])
    start = start.removeprefix(codecs.BOM_UTF8)
    if start.lstrip(b"\r\n").startswith(b"From "):
        yield from _mbox(_rejoined(start.lstrip(b"\r\n"), stream), name)
        return
    data = start + stream.read(LARGEST_MESSAGE - len(start))
    if data.lstrip()[:1] in (b"{", b"["):
        yield from _graph(data, name)
        return
    blocks = list(_blocks_of_message(_APPLE.sub(b"", data, count=1) if _APPLE.match(data) else data, name))
    if not any(block.fields or block.problem for block in blocks):
        raise NotMailError(
            "text that holds no header lines; save the whole message, or paste its Internet headers (in Outlook: "
            "File > Properties > Internet headers)"
        )
    yield from blocks


def _rejoined(start: bytes, stream: BinaryIO) -> io.BufferedReader:
    class Rejoined(io.RawIOBase):
        left = start

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            chunk = self.left[: len(buffer)] or stream.read(len(buffer))
            self.left = self.left[len(buffer) :]
            buffer[: len(chunk)] = chunk
            return len(chunk)

    return io.BufferedReader(Rejoined(), _START)


def _mbox(stream: BinaryIO, name: str) -> Iterator[HeaderBlock]:
    stream.readline(LARGEST_MESSAGE)
    for number, message in enumerate(_messages_of_mbox(stream), start=1):
        if number > MOST_MESSAGES:
            text = (
                f"{name} holds more than {MOST_MESSAGES} messages, and those after them were not looked at: split it, "
                "or keep the partner's messages alone."
            )
            yield HeaderBlock(f"{name}, after message {MOST_MESSAGES}", (), is_whole=False, problem=text)
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


def _graph(data: bytes, name: str) -> Iterator[HeaderBlock]:
    """Source: Microsoft Graph, message resource: internetMessageHeaders is a list of name and value."""
    try:
        document = json.loads(data.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        raise NotMailError(
            "JSON that is cut off or damaged; fetch it again, or fetch the message itself (GET .../messages/ID/$value)"
        ) from None
    entries = document.get("value") if isinstance(document, dict) and "value" in document else document
    found = [block for entry in (entries if isinstance(entries, list) else [entries]) for block in _of_graph(entry)]
    if not found:
        raise NotMailError(
            "JSON without internetMessageHeaders; ask Microsoft Graph for them with "
            "?$select=internetMessageHeaders (a sent item has none), or fetch the message itself "
            "(GET .../messages/ID/$value)"
        )
    for number, fields in enumerate(found[:MOST_MESSAGES], start=1):
        yield HeaderBlock(name if len(found) == 1 else f"{name}, message {number}", fields)


def _of_graph(entry: Any) -> Iterator[tuple[tuple[str, str], ...]]:
    listed = entry.get("internetMessageHeaders") if isinstance(entry, dict) else None
    if isinstance(listed, list) and listed:
        pairs = [(item.get("name"), item.get("value")) for item in listed[:MOST_FIELDS] if isinstance(item, dict)]
        yield tuple((str(name).lower(), str(value)[:LONGEST_FIELD]) for name, value in pairs)


def _outlook_file(start: bytes, stream: BinaryIO, name: str) -> Iterator[HeaderBlock]:
    if stream.seekable():
        size = stream.seek(0, io.SEEK_END)
    else:
        data = start + stream.read(LARGEST_MESSAGE)
        stream, size = io.BytesIO(data), len(data)
    try:
        message = read_outlook(stream, size)
    except NoMessageError as error:
        raise NotMailError(str(error)) from None
    blocks = list(_distinct(_outlook_blocks(message, name, 0)))
    if not blocks:
        raise NotMailError(
            "an Outlook .msg file without Internet headers: a sent item, a draft or mail within the organization has "
            "none; take the message from the mailbox of who received it from outside"
        )
    yield from blocks


def _outlook_blocks(message: Outlook, place: str, depth: int) -> Iterator[HeaderBlock]:
    top, _ = leading_block(text_of(message.headers.encode()), place)
    if top.fields:
        yield top
    else:
        yield from quoted_blocks(text_of(message.headers.encode()), place)
    yield from _in_texts([message.text], [message.html], place)
    for inner in message.messages:
        yield from _outlook_blocks(inner, f"{place}, attached message", depth + 1)
    for data in message.files:
        yield from _in_file(data, f"{place}, attached file", depth + 1)


def _blocks_of_message(data: bytes, place: str, depth: int = 0) -> Iterator[HeaderBlock]:
    text = text_of(data)
    top, body_at = leading_block(text, place)
    if encoding_of(data) != "utf-8":
        data = text.encode("utf-8", errors="replace")
    nested = [] if not top.fields else list(_attached(data, top, place, depth))
    if not any(block.received or block.problem for block in nested):
        nested = list(_in_texts([text[body_at:]], [text] if is_page(data[:_START]) else [], place))
    blocks = list(_distinct(block for block in (top, *nested) if block.received or block.problem)) or [top]
    yield from blocks[:MOST_BLOCKS]
    if len(blocks) > MOST_BLOCKS:
        problem = f"{place} holds more than {MOST_BLOCKS} messages' headers; those after them were not looked at."
        yield HeaderBlock(place, (), is_whole=False, problem=problem)


def _distinct(blocks: Iterable[HeaderBlock]) -> Iterator[HeaderBlock]:
    """What stands in the text and in the HTML of a reply, or in both and an attachment, is one message's headers."""
    seen = set()
    for block in blocks:
        words = tuple(" ".join(value.split()) for value in block.received)
        if not words or words not in seen:
            seen.add(words)
            yield block


def _in_texts(texts: Iterable[str], pages: Iterable[str], place: str) -> Iterator[HeaderBlock]:
    """Quoted blocks of plain text; where there are none, of HTML."""
    found = [block for text in texts for block in quoted_blocks(text, place) if block.received]
    if not found:
        found = [block for page in pages for block in quoted_blocks(text_of_html(page), place) if block.received]
    yield from found


def _in_file(data: bytes, place: str, depth: int) -> Iterator[HeaderBlock]:
    """An attachment of whatever name and kind, where it is a message or text with headers."""
    if depth > _DEEPEST or not data:
        return
    if data.startswith(MAGIC):
        try:
            yield from _outlook_blocks(read_outlook(io.BytesIO(data), len(data)), place, depth)
        except NoMessageError:
            return
    elif not what_it_is(data[:_START]):
        yield from (block for block in _blocks_of_message(data[:LARGEST_MESSAGE], place, depth) if block.received)


def _attached(data: bytes, top: HeaderBlock, place: str, depth: int) -> Iterator[HeaderBlock]:
    """The headers of attached messages: so a partner returns what arrived, and so a bounce quotes it."""
    kind = (top.first("content-type") or "").strip().lower()
    encoded = (top.first("content-transfer-encoding") or "").strip().lower() in ("base64", "quoted-printable")
    if not kind.startswith(("multipart/", "message/", "text/html", "application/")) and not encoded:
        return
    if data.count(b"\n--") > _MOST_PARTS:
        text = f"{place} has more parts than are taken apart; only its own headers were looked at."
        yield HeaderBlock(place, (), is_whole=False, problem=text)
        return
    texts: list[str] = []
    pages: list[str] = []
    try:
        for part in _parts(message_from_bytes(_LONG_LINE.sub(b"", _without_long_attachments(data)))):
            yield from _part_blocks(part, place, depth, texts, pages)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        # A message nested beyond reason, or with a field that email cannot read, is judged by its own headers.
        return
    yield from _in_texts(texts, pages, place)


def _without_long_attachments(data: bytes) -> bytes:
    """What is attached in base64 keeps its beginning, where headers are: the email package is slow, and needs room."""
    kept, at = [], 0
    for boundary in (*_BOUNDARY.finditer(data), None):
        end = boundary.start() if boundary else len(data)
        is_long = end - at > _LONGEST_PART and b"base64" in data[at : at + _START].lower()
        # At the end of a line, which holds whole groups of four.
        end = data.rfind(b"\n", at, at + _LONGEST_PART) if is_long else end
        kept.append(data[at : max(at, end)])
        at = boundary.start() if boundary else len(data)
    return b"".join(kept)


def _parts(message: Message) -> Iterable[Message]:
    waiting, seen = [message], 0
    while waiting and seen < 200:
        part, seen = waiting.pop(0), seen + 1
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += [inner for inner in payload if isinstance(inner, Message)]


def _part_blocks(part: Message, place: str, depth: int, texts: list[str], pages: list[str]) -> Iterator[HeaderBlock]:
    """Adds the text of a part to one of the lists, or gives the blocks of what is attached."""
    kind, payload = part.get_content_type(), part.get_payload()
    if kind == "message/rfc822" and isinstance(payload, list) and payload:
        yield from _attached_message(part, payload[0], place, depth)
    elif isinstance(payload, list) or part.get_content_maintype() in _NO_TEXT:
        return
    elif isinstance(decoded := part.get_payload(decode=True), bytes):
        if kind == "text/html":
            pages.append(_in_charset(decoded, part))
        elif part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            texts.append(_in_charset(decoded, part))
        else:
            yield from _in_file(decoded, f"{place}, attached file", depth + 1)


def _attached_message(part: Message, inner: Any, place: str, depth: int) -> Iterator[HeaderBlock]:
    if not isinstance(inner, Message):
        return
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    payload = inner.get_payload()
    if encoding == "base64" and not inner.keys() and isinstance(payload, str):
        # RFC 2046 5.2.1 forbids it, and programs do it.
        try:
            yield from _in_file(binascii.a2b_base64(payload), f"{place}, attached message", depth + 1)
        except binascii.Error:
            return
    else:
        items = [(name.lower(), str(value)[:LONGEST_FIELD]) for name, value in inner.items()[:MOST_FIELDS]]
        yield HeaderBlock(f"{place}, attached message", tuple(items), len(inner) <= MOST_FIELDS)


def _in_charset(data: bytes, part: Message) -> str:
    if encoding_of(data) != "utf-8":
        return text_of(data)
    charset = part.get_content_charset() or "utf-8"
    try:
        return text_of(data.decode(charset, errors="replace").encode("utf-8", errors="replace"))
    except (LookupError, ValueError):
        return text_of(data)
