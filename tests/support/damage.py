"""Damages files as transfers, editors and strangers do, the same way for the same seed."""

from __future__ import annotations

import random

#: What a reader of tables, JSON, mail and structured storage trips over.
_SINGLE = (b'"', b"\x00", b"\r", b"\n", b"\xff", b",", b"{", b"]", b"\xfe\xff", b":", b"=")
_NUMBERS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xfe\xff\xff\xff", b"\x01\x00\x00\x00", b"\xff\xff\xff\x7f")
_LONGEST = 600


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A copy with up to 15 places damaged."""
    mutable = bytearray(data)
    for _ in range(chance.randint(1, 15)):
        at = chance.randrange(len(mutable) + 1)
        what = chance.randrange(6)
        if what == 0:
            mutable[at : at + 1] = chance.choice(_SINGLE)
        elif what == 1:
            mutable[at : at + 4] = chance.choice(_NUMBERS)
        elif what == 2:
            del mutable[at : at + chance.randint(1, _LONGEST)]
        elif what == 3:
            mutable[at:at] = chance.randbytes(chance.randint(1, _LONGEST))
        elif what == 4:
            start = chance.randrange(len(mutable) + 1)
            mutable[at:at] = mutable[start : start + chance.randint(1, _LONGEST)] * chance.choice((1, 1, 50))
        else:
            mutable[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(mutable)
