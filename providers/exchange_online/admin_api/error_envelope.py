"""Reads the body of a refusal: every form in which the service has been seen to say no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.wire import json_object

#: How many proxied errors inside each other are unwrapped. One level has been observed.
_DEEPEST = 3

_MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


@dataclass(frozen=True)
class ErrorWords:
    """What a refusal says.

    Attributes:
        text: the service's words for a person; empty when it said nothing.
        exception_type: the .NET type of the failed cmdlet; empty when not named.
        everything: all texts and types of the body in one string, for matching.
        bodyless: the body was empty or a run of NUL bytes, as a missing role gives.
        is_page: it was a web page, which the service does not send, but a proxy does.
        is_envelope: it had the service's own form. Only then may it say that an object is missing, or there already.
    """

    text: str = ""
    exception_type: str = ""
    everything: str = ""
    bodyless: bool = False
    is_page: bool = False
    is_envelope: bool = False


def read_error(body: bytes) -> ErrorWords:
    """The words of an error body: JSON in any key case, plain text, a page of a proxy, NUL bytes or nothing.

    Source: exchange-wire 7.1 (envelope, precedence of the messages) and 7.2 (NUL bytes, plain text).
    """
    content = body.strip(b"\0 \r\n\t")
    if not content:
        return ErrorWords(bodyless=True)
    text = content.decode("utf-8-sig", errors="replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _from_text(text)
    return _from_json(document, depth=0)


def _from_text(text: str) -> ErrorWords:
    if text.lstrip().startswith("<"):
        return ErrorWords(text=clean(_MARKUP.sub(" ", text)), is_page=True)
    if _CONTROL.search(text):
        return ErrorWords()
    # The beginning of an envelope whose end is missing: what it names may stand in a stack trace.
    return ErrorWords(text=clean(text), everything="" if text.startswith(("{", "[")) else text)


def words_of(message: str) -> ErrorWords:
    """The words of one message of the form `StringId|.NET type|text`; also of an entry of `@adminapi.errors`."""
    return replace(_from_message(message, depth=0), is_envelope=True)


def _from_json(document: object, depth: int) -> ErrorWords:
    if isinstance(document, str):
        return _from_message(document, depth)
    error = _member(document, "error") or document
    if isinstance(error, str):
        return _from_message(error, depth)
    inner = _member(error, "innererror")
    internal = _member(inner, "internalexception")
    details = _member(error, "details")
    first = details[0] if isinstance(details, list) and details else None
    candidates = [
        _text(_member(first, "message")),
        _text(_member(internal, "message")),
        _text(_member(inner, "message")),
        _text(_member(error, "message")),
    ]
    # The outer message is "Invalid Operation" whatever happened: of use only when nothing else is there.
    if candidates[2] == candidates[3]:
        candidates[2] = ""
    message = next((candidate for candidate in candidates if candidate), "")
    words = _from_message(message, depth)
    named = words.exception_type or _text(_member(internal, "type")) or _text(_member(inner, "type"))
    everything = " ".join([words.everything, *candidates, named, _text(_member(internal, "type"))])
    is_envelope = words.is_envelope or details is not None or inner is not None
    return ErrorWords(text=words.text, exception_type=named, everything=everything, is_envelope=is_envelope)


def _from_message(message: str, depth: int) -> ErrorWords:
    serialized = _serialized_exception(message)
    parts = message.split("|", 2)
    if serialized is not None:
        exception_type, text = serialized
    elif len(parts) == 3:
        exception_type, text = parts[1].strip(), parts[2]
    else:
        exception_type, text = "", message
    nested = _nested(text, depth) if "CmdletProxyException" in exception_type or "proxy command" in text else None
    if nested is not None and nested.text:
        return replace(nested, everything=f"{message} {nested.everything}")
    everything = f"{exception_type} {text}"
    return ErrorWords(clean(text), exception_type, everything, is_envelope=bool(exception_type) or len(parts) == 3)


def _nested(text: str, depth: int) -> ErrorWords | None:
    """The error that another forest gave, quoted as JSON in the text of a proxied call."""
    start = text.find("{")
    if start < 0 or depth >= _DEEPEST:
        return None
    try:
        document, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError):
        return None
    return _from_json(document, depth + 1)


def _serialized_exception(message: str) -> tuple[str, str] | None:
    """Type and text of a serialized .NET exception, which newer servers put where the plain text was."""
    document = json_object(message)
    # TypeName: a real body that the go-exoscc client keeps (exchange-wire, addendum to 7.1).
    name = _text(_member(document, "ClassName")) or _text(_member(document, "TypeName"))
    text = _text(_member(document, "Message"))
    return (name, text) if name or text else None


def _member(value: object, name: str) -> object:
    """A member by its name in any case: the case varies between servers."""
    if not isinstance(value, Mapping):
        return None
    for key, found in value.items():
        if isinstance(key, str) and key.lower() == name.lower():
            return found
    return None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip("\0 \r\n\t")
    inner = _member(value, "value")  # OData 3 wrote messages as {"lang": ..., "value": ...}
    return inner if isinstance(inner, str) else ""
