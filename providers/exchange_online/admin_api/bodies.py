"""The body of an answer as it was meant: its encodings undone, its text as UTF-8.

A body need not be what its headers say: a missing role is answered with NUL bytes that are declared as gzip
(exchange-wire, addendum). So nothing here fails: the status of an answer counts whatever its body is.
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass

#: What is asked for, as the official module does, and by nobody's installed libraries. Source: exchange-wire 5.1.
ACCEPTED = "gzip"

_CHARSET = re.compile(r"charset\s*=\s*[\"']?(?P<name>[\w.:-]+)", re.I)
_GZIP_MAGIC = b"\x1f\x8b"
#: Window sizes of zlib: a gzip header, a zlib header, none (which some servers mean by deflate: RFC 9110, 8.4.1.2).
_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15


@dataclass(frozen=True)
class Body:
    """A body that was read.

    Attributes:
        content: UTF-8 wherever that could be found out; empty when the body could not be decoded.
        flaw: why it could not, as the rest of a sentence about the answer; empty when it could.
        is_cut_short: whether it could not because its end is missing.
    """

    content: bytes
    flaw: str = ""
    is_cut_short: bool = False


def body_of(raw: bytes, encoding: str, content_type: str = "") -> Body:
    """The body that was meant.

    Args:
        raw: as it came.
        encoding: the header Content-Encoding; empty for none. What can be read as it stands is not decoded by it.
        content_type: the header Content-Type, for its charset.
    """
    content = raw
    for name in reversed([name.strip().lower() for name in encoding.split(",")]):
        if name in ("", "identity") or not content:
            continue
        decoded, is_cut_short = _decoded(content, name)
        if decoded is not None:
            content = decoded
        elif _is_readable(content):
            break
        elif is_cut_short:
            return Body(b"", "its body is cut short", is_cut_short=True)
        else:
            return Body(b"", "its body cannot be decoded by the encoding that it names")
    return Body(_as_utf8(content, content_type))


def _decoded(content: bytes, name: str) -> tuple[bytes | None, bool]:
    """What was encoded, or None; and whether that is only because its end is missing."""
    if name in ("gzip", "x-gzip"):
        return _gunzipped(content)
    if name != "deflate":
        return None, False
    for window in (_ZLIB, _RAW_DEFLATE):
        decoded, is_cut_short, rest = _inflated(content, window)
        if is_cut_short or (decoded is not None and not rest):
            return decoded, is_cut_short
    return None, False


def _gunzipped(content: bytes) -> tuple[bytes | None, bool]:
    """The members of a gzip file, joined. What follows them is padding."""
    parts: list[bytes] = []
    rest = content
    while rest.startswith(_GZIP_MAGIC) or (not parts and _GZIP_MAGIC.startswith(rest[:2])):
        decoded, is_cut_short, rest = _inflated(rest, _GZIP)
        if decoded is None:
            return None, is_cut_short
        parts.append(decoded)
    return (b"".join(parts) if parts else None), False


def _inflated(content: bytes, window: int) -> tuple[bytes | None, bool, bytes]:
    """What was compressed, or None; whether its end is missing; and what follows it."""
    inflater = zlib.decompressobj(window)
    try:
        decoded = inflater.decompress(content)
    except zlib.error:
        return None, False, b""
    return (decoded, False, inflater.unused_data) if inflater.eof else (None, True, b"")


def _is_readable(content: bytes) -> bool:
    """Whether it was never encoded: NUL bytes, JSON or a page."""
    return content.lstrip(b"\0 \r\n\t\xef\xbb\xbf")[:1] in (b"", b"{", b"[", b"<")


def _as_utf8(content: bytes, content_type: str) -> bytes:
    """The text as UTF-8, by what its bytes show first, and by its charset then; else as it is."""
    declared = _CHARSET.search(content_type)
    for name in ("utf-8", json.detect_encoding(content), declared["name"] if declared else "utf-8"):
        try:
            text = content.decode(name)
        except (LookupError, ValueError):
            continue
        if "\0" not in text:
            return text.encode()
    return content
