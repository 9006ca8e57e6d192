"""What an Outlook .msg file holds: Internet headers, text, attachments, attached messages.

Source: [MS-OXMSG] 2.1-2.2 (streams `__substg1.0_<property><type>`, storages `__attach_version1.0_#<number>`),
[MS-OXPROPS] (PidTagTransportMessageHeaders 0x007D, PidTagBody 0x1000, PidTagHtml 0x1013, PidTagAttachDataBinary and
PidTagAttachDataObject 0x3701), [MS-OXCDATA] 2.11.1 (types 0x001F Unicode, 0x001E 8-bit, 0x0102 binary, 0x000D object).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import olefile

#: How a file of OLE structured storage begins. Source: [MS-CFB] 2.2.
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Bytes of one property, and of all attachments together, that are read.
_LARGEST_PROPERTY, _LARGEST_ATTACHED = 8 * 1024 * 1024, 32 * 1024 * 1024
#: Attached messages in attached messages, and attachments, that are looked at.
_DEEPEST, _MOST_ATTACHED = 5, 100
_HEADERS, _BODY, _HTML, _DATA = "007D", "1000", "1013", "3701"
_PROPERTIES = "__properties_version1.0"
#: What olefile lets through for a damaged file, beside its own errors, which are OSErrors.
_DAMAGE = (OSError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError, struct.error, RecursionError)


class NoMessageError(Exception):
    """A clause: what the file is instead, or that it is damaged."""


@dataclass(frozen=True)
class Outlook:
    """One message.

    Attributes:
        headers: the Internet headers; empty for one that never came by Internet mail.
        text, html: its body.
        files: the attachments that are files.
        messages: the attachments that are messages.
    """

    headers: str
    text: str
    html: str
    files: tuple[bytes, ...]
    messages: tuple[Outlook, ...]


def read_outlook(stream: BinaryIO, size: int) -> Outlook:
    """Reads a .msg file of so many bytes, from a stream that can seek. Raises NoMessageError."""
    try:
        _stop_on_loops(stream, size)
        stream.seek(0)
        file: olefile.OleFileIO[str] = olefile.OleFileIO(stream)
        with file:
            if not file.exists(_PROPERTIES):
                raise NoMessageError(
                    "an Office document of the older kind (.doc, .xls), not a message; give the message itself"
                )
            return _message(_Reader(file), (), 0)
    except _DAMAGE:
        raise NoMessageError(
            "a damaged Outlook .msg file, which cannot be read; save the message again, as .msg or as .eml"
        ) from None


def _stop_on_loops(stream: BinaryIO, size: int) -> None:
    """Raises ValueError where the table of sectors covers far more than the file has: olefile would read it in loops.

    Source: [MS-CFB] 2.2: sector shift at offset 30, number of FAT sectors at 44, DIFAT from 76 on.
    """
    stream.seek(0)
    header = stream.read(512)
    (shift,) = struct.unpack_from("<H", header, 30)
    (tables,) = struct.unpack_from("<I", header, 44)
    if shift not in (9, 12):
        raise ValueError("neither of the two sizes of a sector")
    listed = sum(number < 0xFFFFFFFA for number in struct.unpack_from("<109I", header, 76))
    covers = (1 << shift) * ((1 << shift) // 4)
    if max(tables, listed) > size // covers + 2:
        raise ValueError("more sectors than the file has")


class _Reader:
    """The properties of the storages of a file."""

    def __init__(self, file: olefile.OleFileIO[str]) -> None:
        self._file = file
        self._left = _LARGEST_ATTACHED

    def attached(self, storage: tuple[str, ...]) -> bytes:
        """The file of an attachment; empty for one that is too large, or no file."""
        data = self.binary(storage, _DATA, "0102", self._left)
        self._left -= len(data)
        return data

    def binary(self, storage: tuple[str, ...], property_id: str, kind: str, largest: int) -> bytes:
        path = [*storage, f"__substg1.0_{property_id}{kind}"]
        if not self._file.exists(path) or self._file.get_size(path) > largest:
            return b""
        data: bytes = self._file.openstream(path).read(largest)
        return data

    def text(self, storage: tuple[str, ...], property_id: str) -> str:
        wide = self.binary(storage, property_id, "001F", _LARGEST_PROPERTY)
        if wide:
            return wide.decode("utf-16-le", errors="replace").rstrip("\x00")
        return _eight_bit(self.binary(storage, property_id, "001E", _LARGEST_PROPERTY)).rstrip("\x00")

    def attachments(self, storage: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        depth, found = len(storage), 0
        for path in self._file.listdir(streams=False, storages=True):
            is_below = len(path) == depth + 1 and tuple(path[:depth]) == storage
            if is_below and path[-1].lower().startswith("__attach_version1.0"):
                found += 1
                if found > _MOST_ATTACHED:
                    return
                yield tuple(path)

    def holds(self, storage: tuple[str, ...]) -> bool:
        return bool(self._file.exists([*storage, _PROPERTIES]))


def _message(reader: _Reader, storage: tuple[str, ...], depth: int) -> Outlook:
    files: list[bytes] = []
    messages: list[Outlook] = []
    for attached in reader.attachments(storage):
        inner = (*attached, f"__substg1.0_{_DATA}000D")
        if depth < _DEEPEST and reader.holds(inner):
            messages.append(_message(reader, inner, depth + 1))
        elif data := reader.attached(attached):
            files.append(data)
    page = _eight_bit(reader.binary(storage, _HTML, "0102", _LARGEST_PROPERTY)) or reader.text(storage, _HTML)
    return Outlook(
        headers=reader.text(storage, _HEADERS),
        text=reader.text(storage, _BODY),
        html=page,
        files=tuple(files),
        messages=tuple(messages),
    )


def _eight_bit(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
