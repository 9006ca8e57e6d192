"""Writes Outlook .msg files: OLE structured storage with the streams of [MS-OXMSG]."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field

_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_END, _FREE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
PROPERTIES = "__properties_version1.0"

Tree = dict[str, "bytes | Tree"]


@dataclass(frozen=True)
class Item:
    """A message as it lies in Outlook.

    Attributes:
        headers: its Internet headers; None for one that has none.
        text, html: its body.
        files, messages: its attachments.
        wide: whether texts are Unicode, or 8-bit as in older files.
    """

    headers: str | None = None
    text: str = ""
    html: bytes = b""
    files: tuple[bytes, ...] = ()
    messages: tuple[Item, ...] = ()
    wide: bool = True

    def tree(self) -> Tree:
        tree: Tree = {PROPERTIES: b"\x00" * 32}
        texts = {"007D": self.headers, "1000": self.text or None, "001A": "IPM.Note"}
        for name, value in texts.items():
            if value is not None:
                kind, data = ("001F", value.encode("utf-16-le")) if self.wide else ("001E", value.encode("cp1252"))
                tree[f"__substg1.0_{name}{kind}"] = data
        if self.html:
            tree["__substg1.0_10130102"] = self.html
        attached: list[Tree] = [{PROPERTIES: b"", "__substg1.0_37010102": data} for data in self.files]
        attached += [{PROPERTIES: b"", "__substg1.0_3701000D": inner.tree()} for inner in self.messages]
        for number, storage in enumerate(attached):
            tree[f"__attach_version1.0_#{number:08X}"] = storage
        return tree


def outlook_file(item: Item) -> bytes:
    """The file of a message."""
    return compound_file(item.tree())


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    child: int = _NONE
    right: int = _NONE
    start: int = _END
    children: list[int] = field(default_factory=list)


def compound_file(tree: Tree) -> bytes:
    """A file of structured storage. Source: [MS-CFB] 2."""
    entries = [_Entry("Root Entry", 5)]
    _add(entries, 0, tree)
    sectors: list[bytes] = []
    fat: list[int] = []

    def place(data: bytes) -> int:
        count = max(1, -(-len(data) // _SECTOR))
        first = len(fat)
        padded = data.ljust(count * _SECTOR, b"\x00")
        sectors.extend(padded[at : at + _SECTOR] for at in range(0, len(padded), _SECTOR))
        fat.extend([*range(first + 1, first + count), _END])
        return first

    mini = b""
    mini_fat: list[int] = []
    for entry in entries:
        if entry.kind == 2 and entry.data and len(entry.data) < _CUTOFF:
            count = -(-len(entry.data) // _MINI)
            entry.start = len(mini_fat)
            mini_fat += [*range(entry.start + 1, entry.start + count), _END]
            mini += entry.data.ljust(count * _MINI, b"\x00")
        elif entry.kind == 2 and entry.data:
            entry.start = place(entry.data)
    if mini:
        entries[0].start, entries[0].data = place(mini), mini
    first_mini = place(struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(_SECTOR, b"\xff")) if mini_fat else _END
    mini_sectors = -(-len(mini_fat) * 4 // _SECTOR)
    directory = place(b"".join(_packed(entry) for entry in entries))
    tables = 1
    while (len(fat) + tables) * 4 > tables * _SECTOR:
        tables += 1
    at = len(fat)
    fat += [0xFFFFFFFD] * tables
    packed = struct.pack(f"<{len(fat)}I", *fat).ljust(tables * _SECTOR, b"\xff")
    difat = [*range(at, at + tables), *[_FREE] * (109 - tables)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16
    header += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + b"\x00" * 6
    header += struct.pack("<9I", 0, tables, directory, 0, _CUTOFF, first_mini, mini_sectors, _END, 0)
    header += struct.pack("<109I", *difat)
    return header + b"".join(sectors) + packed


def _add(entries: list[_Entry], parent: int, tree: Tree) -> None:
    for name, value in tree.items():
        number = len(entries)
        entries[parent].children.append(number)
        if isinstance(value, dict):
            entries.append(_Entry(name, 1))
            _add(entries, number, value)
        else:
            entries.append(_Entry(name, 2, value))
    children = entries[parent].children
    if children:
        entries[parent].child = children[0]
    for left, right in itertools.pairwise(children):
        entries[left].right = right


def _packed(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le")
    packed = name.ljust(64, b"\x00") + struct.pack("<HBB", len(name) + 2, entry.kind, 1)
    packed += struct.pack("<3I", _NONE, entry.right, entry.child) + b"\x00" * 36
    return packed + struct.pack("<IQ", entry.start, len(entry.data))
