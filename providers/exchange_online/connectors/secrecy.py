"""What must not be said: the values of secret properties, kept out of every text that is made while they are known.

Pulumi's engine takes the mark of a secret off before it calls a provider, and a text in a log has none anyway. So a
declaration names its secret properties beside their values (`secretProperties`), and whoever acts on it does so inside
`keeping_secret`. Values of other connectors of the same process stay hidden too, because a sentence about one
connector can quote another.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from urllib.parse import quote

import idna

from exchange_online.connectors.addresses import spellings
from exchange_online.connectors.names import Direction
from exchange_online.connectors.options import SECRET_PROPERTIES
from exchange_online.connectors.settings import parameters
from exchange_online.connectors.values import Flag, Member

#: Stands where a secret was, as Pulumi writes it.
SECRET = "[secret]"  # noqa: S105 - what stands in its place

#: A shorter value is hidden only where it stands in quotation marks: it would be found in words that are none of it.
_SHORTEST = 4
#: A shorter value is hidden only as a word of its own.
_ANYWHERE = 8
#: So much that a word and a value have in common makes the word a part of it, in a sentence about the value.
_SHARED = 6
#: So much of the beginning of a value is enough to know it by, where a text was cut off.
_BEGINNING = 12

_DIGITS = re.compile(r"[\d./-]+")
_CUT_OFF = re.compile(r"\.\.\.|…|\s*\[shortened\]|\s*$")
#: What can be part of a value in a sentence about it: something in quotation marks, or what is no mere word.
_PIECE = re.compile(r"(?P<mark>['\"])(?P<quoted>[^'\"]+)(?P=mark)|(?P<bare>[^\s'\"(),;]*[\d.@:/_-][^\s'\"(),;]*)")

_NONE: frozenset[str] = frozenset()

_properties: ContextVar[frozenset[str]] = ContextVar("secret_properties", default=_NONE)
_values: set[str] = set()
_lock = threading.Lock()


@contextmanager
def keeping_secret(direction: Direction, *declared: Mapping[str, object]) -> Iterator[None]:
    """Within it, texts made by `redacted` and differences show nothing of what a declaration calls secret.

    Args:
        declared: Pulumi properties, old ones and new ones; each may name secret ones.
    """
    token = _properties.set(hide_secrets(direction, *declared))
    try:
        yield
    finally:
        _properties.reset(token)


def hide_secrets(direction: Direction, *declared: Mapping[str, object]) -> frozenset[str]:
    """Hides what declarations of one connector call secret from now on; returns the secret properties."""
    properties = _NONE.union(*map(secret_properties, declared))
    hide(value for key in properties for one in declared for value in _texts(direction, key, one.get(key)))
    return properties


def secret_properties(declared: Mapping[str, object]) -> frozenset[str]:
    """The properties that a declaration, or a state, calls secret."""
    named = declared.get(SECRET_PROPERTIES)
    return frozenset(name for name in named if isinstance(name, str)) if isinstance(named, (list, tuple)) else _NONE


def hide(values: Iterable[str]) -> None:
    """Values that no text of this process may show from now on."""
    with _lock:
        _values.update(spelling for value in values for spelling in _spellings(value))


def is_secret(key: str) -> bool:
    """Whether a property is one of the secret ones of the declaration that is acted on."""
    return key in _properties.get()


def redacted(text: str, *, parts: bool = False) -> str:
    """A text without secrets.

    Args:
        text: any text.
        parts: whether parts of a secret are hidden too, such as the host in `host:25`: in what is said of a secret.
    """
    with _lock:
        values = sorted(_values, key=len, reverse=True)
    return without(text, values, parts=parts)


def without(text: str, values: Iterable[str], *, parts: bool = False) -> str:
    """A text with `[secret]` in place of each of the values, whatever their case.

    Args:
        values: the longest first.
        parts: whether words of the text that are part of a value go too.
    """
    kept = tuple(values)
    for value in kept:
        text = _pattern(value).sub(SECRET, text)
        text = _without_beginning(text, value)
    return _PIECE.sub(lambda piece: _part(piece, kept), text) if parts and kept else text


@cache
def _pattern(value: str) -> re.Pattern[str]:
    escaped = re.escape(value)
    if len(value) < _SHORTEST:
        escaped = rf"(?<=['\"]){escaped}(?=['\"])"
    elif len(value) < _ANYWHERE or _DIGITS.fullmatch(value):
        escaped = rf"(?<!\w){escaped}(?!\w)"
    return re.compile(escaped, re.IGNORECASE)


def _without_beginning(text: str, value: str) -> str:
    """Hides the beginning of a long value where it was cut off."""
    if len(value) <= _BEGINNING:
        return text
    start, folded = 0, text.lower()
    while (found := folded.find(value[:_BEGINNING].lower(), start)) >= 0:
        end = found + _BEGINNING
        while end < len(text) and end - found < len(value) and folded[end] == value[end - found].lower():
            end += 1
        if _CUT_OFF.match(text, end):
            text = text[:found] + SECRET + text[end:]
            folded, end = text.lower(), found + len(SECRET)
        start = end
    return text


def _part(piece: re.Match[str], values: Iterable[str]) -> str:
    bare = (piece["quoted"] or piece["bare"]).strip(" *.:?!")
    shortest = 1 if piece["quoted"] else _SHORTEST
    # A remedy can put a value right, so that the whole of it is in no value.
    parts = {bare[start : start + _SHARED].lower() for start in range(max(1, len(bare) - _SHARED + 1))}
    hidden = len(bare) >= shortest and any(part in value.lower() for part in parts for value in values)
    return piece[0].replace(bare, SECRET) if hidden else piece[0]


def _texts(direction: Direction, key: str, value: object) -> Iterator[str]:
    """The texts of a property's value, as written and canonical; switches and words that everybody knows are none."""
    known = {parameter.key: parameter.kind for parameter in parameters(direction)}
    kind = known.get(key)
    if kind is None or isinstance(kind, Flag) or not isinstance(value, (str, list, tuple)):
        return
    canonical, problems = kind.read(value)
    if isinstance(kind, Member) and not problems:
        return
    for given in (value, canonical):
        items = given if isinstance(given, (list, tuple)) else (given,)
        yield from (item for item in items if isinstance(item, str))
    if isinstance(canonical, tuple):
        yield from spellings(canonical)


def _spellings(value: str) -> Iterator[str]:
    """How a value can be written in a text: whole or line by line, quoted, escaped, as an A-label."""
    for one in {value, value.strip(), " ".join(value.split()), *(line.strip() for line in value.splitlines())}:
        if not one or one == "*":
            continue
        yield one
        escaped = repr(one)[1:-1].replace("\\'", "'")
        # Whichever mark the text around it is quoted with.
        yield from (escaped, escaped.replace("'", "\\'"), escaped.replace('"', '\\"'))
        yield json.dumps(one)[1:-1]
        yield json.dumps(one, ensure_ascii=False)[1:-1]
        yield html.escape(one)
        yield quote(one, safe="")
        for name in {one.removeprefix("*."), one.partition("@")[2]} - {""}:
            yield from _labels(name)


def _labels(domain: str) -> Iterator[str]:
    if " " in domain or "." not in domain:
        return
    yield domain
    try:
        yield idna.encode(domain, uts46=True).decode("ascii")
        yield idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return
