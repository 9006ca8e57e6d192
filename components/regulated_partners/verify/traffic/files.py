"""Which kind of report a file is, and who reads it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from regulated_partners.verify.bounded import GZIP, ZIP, TooMuchError, opened
from regulated_partners.verify.file_kinds import what_it_is
from regulated_partners.verify.header_blocks import encoding_of, leading_block, text_of
from regulated_partners.verify.outlook import MAGIC, NoMessageError, read_outlook
from regulated_partners.verify.traffic.counts import FileRead, Traffic
from regulated_partners.verify.traffic.rows import NoTableError
from regulated_partners.verify.traffic.tables import read_table
from regulated_partners.verify.traffic.tls_reports import (
    LARGEST_MAIL,
    LARGEST_REPORT,
    NoTlsReportError,
    read_report_mail,
    read_tls_report,
    start_of,
    unpacked,
)

_START = 64 * 1024
#: Bytes of a compressed file, or an Outlook file, that comes on standard input.
_LARGEST_PIPED = 64 * 1024 * 1024
#: Mails of an mbox that are opened.
_MOST_MAILS = 10_000


def read_report(stream: BinaryIO, name: str, traffic: Traffic) -> None:
    """Adds what a file counts, and what of it was not read. Raises OSError where it cannot be read."""
    try:
        traffic.files.extend(_read(stream, name, traffic))
    except (NoTableError, NoTlsReportError, NoMessageError, TooMuchError) as error:
        traffic.files.append(FileRead(name, None, remarks=(f"it is {error}.",), is_whole=False))


def _read(stream: BinaryIO, name: str, traffic: Traffic) -> Iterator[FileRead]:
    if not stream.seekable():
        stream = io.BufferedReader(_Piped(stream), _START)
    start = _peeked(stream)
    if not start:
        raise NoTableError("empty; export it again")
    if start.startswith((GZIP, ZIP)):
        stream, size = _seekable(stream)
        stream = opened(stream, start, size)
        start = _peeked(stream)
    if start.startswith(MAGIC):
        yield from _outlook(stream, name, traffic)
    elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        yield read_tls_report(start_of(stream, LARGEST_REPORT), name, traffic)
    elif start.startswith(b"From "):
        yield from _mbox(stream, name, traffic)
    elif _is_mail(start):
        yield from read_report_mail(start_of(stream, LARGEST_MAIL), name, traffic)
    elif (what := what_it_is(start)) and "verify traffic" not in what:
        raise NoTableError(what)
    else:
        yield read_table(stream, start, name, traffic)


def _peeked(stream: BinaryIO) -> bytes:
    """The first bytes, which are read again."""
    if isinstance(stream, io.BufferedReader) and not stream.seekable():
        return stream.peek(_START)[:_START]
    start = stream.read(_START)
    stream.seek(0)
    return start


def _seekable(stream: BinaryIO) -> tuple[BinaryIO, int]:
    if not stream.seekable():
        data = stream.read(_LARGEST_PIPED + 1)
        if len(data) > _LARGEST_PIPED:
            raise TooMuchError(f"larger than {_LARGEST_PIPED >> 20} MB; name the file instead of standard input")
        stream = io.BytesIO(data)
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return stream, size


class _Piped(io.RawIOBase):
    """Standard input, whose first bytes are looked at."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._inner.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _is_mail(start: bytes) -> bool:
    block, _ = leading_block(text_of(start), "")
    return encoding_of(start) == "utf-8" and len(block.fields) > 1


def _outlook(stream: BinaryIO, name: str, traffic: Traffic) -> Iterator[FileRead]:
    whole, size = _seekable(stream)
    files = [data for data in read_outlook(whole, size).files if data.startswith((GZIP, ZIP, b"{"))]
    if not files:
        raise NoTlsReportError("an Outlook message without a TLS report attached")
    for data in files:
        yield read_tls_report(unpacked(data), name, traffic)


def _mbox(stream: BinaryIO, name: str, traffic: Traffic) -> Iterator[FileRead]:
    lines: list[bytes] = []
    number, size, after_empty = 0, 0, False
    stream.readline(LARGEST_REPORT)
    while number < _MOST_MAILS:
        line = stream.readline(LARGEST_REPORT)
        if not line or (after_empty and line.startswith(b"From ")):
            number += 1
            yield from _of_mbox(b"".join(lines), f"{name}, message {number}", traffic)
            lines, size = [], 0
        elif size < LARGEST_MAIL:
            lines.append(line)
            size += len(line)
        after_empty = not line.strip()
        if not line:
            return
    yield FileRead(name, None, remarks=(f"its messages after the first {number} were not read.",), is_whole=False)


def _of_mbox(data: bytes, name: str, traffic: Traffic) -> Iterator[FileRead]:
    try:
        yield from read_report_mail(data, name, traffic)
    except (NoTlsReportError, TooMuchError) as error:
        yield FileRead(name, None, remarks=(f"it is {error}.",), is_whole=False)
