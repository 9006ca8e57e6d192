"""Archives and JSON that others made, opened so that a small file cannot take much room or time."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from typing import Any, BinaryIO

#: Quotation marks and brackets of a JSON document: Python needs 60 bytes and more for each value.
_MOST_QUOTES, _MOST_BRACKETS = 2_000_000, 300_000
#: What a compressed table may grow by, and to what size at least. Real ones grow by 5 to 30.
_MOST_GROWTH, _ROOM = 50, 8 * 1024 * 1024

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"


class TooMuchError(Exception):
    """A clause: what was opened is damaged, or far larger than it says."""


def read_json(data: bytes, most_quotes: int = _MOST_QUOTES, most_brackets: int = _MOST_BRACKETS) -> Any:
    """The document. Raises TooMuchError for one that is damaged, or larger than any report or message."""
    if data.count(b'"') > most_quotes or data.count(b"[") + data.count(b"{") > most_brackets:
        raise TooMuchError("JSON with more entries than are read; give it in parts")
    try:
        return json.loads(data.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        raise TooMuchError("JSON that is cut off or damaged; fetch it again") from None


def opened(stream: BinaryIO, start: bytes, size: int) -> BinaryIO:
    """What a gzip or zip file of so many bytes holds; of a zip its first table or report. Raises TooMuchError."""
    largest = max(_ROOM, size * _MOST_GROWTH)
    if start.startswith(GZIP):
        return io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=stream), largest))
    try:
        archive = zipfile.ZipFile(stream)
        names = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.flag_bits & 1]
        if len(names) != 1:
            raise TooMuchError(f"a zip archive that holds {len(names)} readable files; unpack it first")
        return io.BufferedReader(_Bounded(archive.open(names[0]), largest))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, LookupError, RuntimeError, EOFError, OSError):
        raise TooMuchError("a damaged zip archive; fetch it again") from None


class _Bounded(io.RawIOBase):
    """Raises TooMuchError when the end of what is allowed, or damage, is reached."""

    def __init__(self, inner: Any, largest: int) -> None:
        self._inner, self._left = inner, largest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            chunk: bytes = self._inner.read(len(buffer))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ValueError, NotImplementedError):
            raise TooMuchError("a compressed file that is cut off or damaged; fetch it again") from None
        self._left -= len(chunk)
        if self._left < 0:
            raise TooMuchError("a compressed file that grows beyond all measure; unpack it first, if it is sound")
        buffer[: len(chunk)] = chunk
        return len(chunk)
