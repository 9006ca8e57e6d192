"""Reading an InvokeCommand request, and the tokens of its pages."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qs

import jwt

from exchange_online_emulator.cmdlets.parameters import Json
from exchange_online_emulator.errors import MalformedRequestError, StalePageError
from exchange_online_emulator.rules import observed_multi

_DEPTH_LIMIT = 64
BODY_LIMIT = 4 * 1024 * 1024
_PAGE = re.compile(r"odata\.maxpagesize\s*=\s*(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """One InvokeCommand as it came: in a request of its own, or as the member of a batch.

    Attributes:
        headers: names in any case.
        query: of its URL.
        tenant: as its URL names it.
        origin: the base URL by which it came, and to which links of its answer lead.
        together: how many calls were on their way when it came.
        started: when that was.
    """

    headers: Mapping[str, str]
    query: str
    tenant: str
    body: bytes
    origin: str
    together: int = 1
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def authorization(self) -> str:
        """The header."""
        return self.headers.get("authorization", "")


@dataclass(frozen=True)
class Invocation:
    """One InvokeCommand: the cmdlet, its parameters exactly as sent, and the headers that matter.

    `page_token` is the `$skiptoken` of a next link; `query` identifies the listing that the token belongs to.
    """

    cmdlet: str
    parameters: dict[str, Json]
    anchor: str | None
    prefer: str | None
    page_token: str | None
    select: tuple[str, ...]
    query: str
    wants_clixml: bool
    module_version: str | None = None

    @property
    def page_size(self) -> int:
        """What Prefer asks for, 1000 without it."""
        found = _PAGE.search(self.prefer or "")
        return int(found[1]) if found and int(found[1]) > 0 else 1000

    @property
    def identities(self) -> frozenset[str]:
        """The Identity and Name given, case-folded, for faults that look for one object."""
        wanted = [value for name, value in self.parameters.items() if name.lower() in ("identity", "name")]
        return frozenset(value.casefold() for value in wanted if isinstance(value, str))


@observed_multi(
    "request-body",
    'the body is {"CmdletInput": {"CmdletName": "...", "Parameters": {}}} as JSON; any other body answers 400',
    "exchange-wire 5.3 (form); status and text of the refusal, and refusing `Parameters: null`, are assumed",
)
def parse(asked: Asked, *, strict: bool) -> Invocation:
    """The invocation of a request. Raises `MalformedRequestError`."""
    headers = asked.headers
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise MalformedRequestError("The media type is not supported; send application/json.", status=415)
    body = read_json(asked.body, strict=strict)
    cmdlet, parameters = _cmdlet_input(body)
    query = parse_qs(asked.query)
    select = tuple(name.strip() for name in ",".join(query.get("$select", [])).split(",") if name.strip())
    anchor = headers.get("x-anchormailbox")
    # By what it says, not by how it is written: the next page may be asked for in a batch, or out of one.
    said = json.dumps(body, sort_keys=True).encode()
    digest = hashlib.sha256(said + b"\0" + (anchor or "").encode()).hexdigest()
    return Invocation(
        cmdlet,
        parameters,
        anchor,
        headers.get("prefer"),
        query.get("$skiptoken", [""])[0] or None,
        select,
        digest,
        headers.get("x-responseformat", "").lower() == "clixml",
        headers.get("x-clientmoduleversion") or None,
    )


def read_json(raw: bytes, *, strict: bool) -> Json:
    """A body as JSON. Raises `MalformedRequestError`."""
    if strict and not raw.isascii():
        # CIPP #2898: accented characters gave HTTP 500.
        raise MalformedRequestError("An error has occurred.", status=500)
    try:
        body: Json = json.loads(raw)
        _check(body, _DEPTH_LIMIT)
    except (ValueError, RecursionError):
        raise MalformedRequestError("The request body is not valid JSON.") from None
    return body


def _check(value: Json, depth: int) -> None:
    """Raises `ValueError` for what is no text in any encoding, or nested deeper than anybody's reader goes."""
    if depth == 0:
        raise ValueError("too deep")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for name, item in value.items():
            name.encode()
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)


def _cmdlet_input(body: Json) -> tuple[str, dict[str, Json]]:
    command = body.get("CmdletInput") if isinstance(body, dict) else None
    if not isinstance(command, dict):
        raise MalformedRequestError("The parameter 'CmdletInput' is missing or not an object.")
    cmdlet, parameters = command.get("CmdletName"), command.get("Parameters", {})
    if not isinstance(cmdlet, str) or not cmdlet:
        raise MalformedRequestError("The property 'CmdletName' is missing or not a string.")
    if not isinstance(parameters, dict):
        raise MalformedRequestError("The property 'Parameters' is not an object.")
    return cmdlet, parameters


class PageTokens:
    """Makes and reads the `$skiptoken` of next links; a restart of the service invalidates them all."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, query: str, last_sequence: int) -> str:
        """A token for the rows after `last_sequence` of the listing that `query` identifies."""
        return jwt.encode({"query": query, "last": last_sequence, "made": time.time()}, self._key)

    @observed_multi(
        "page-tokens",
        "a next link is valid for page_token_lifetime_seconds (default 30 minutes) and only with the same body, tenant "
        "and X-AnchorMailbox; else 400 `Expired or Invalid pagination request`",
        "G2O, Q&A 1023619 (text); LEARN says 5-10 minutes; being tied to body and anchor is assumed",
    )
    def read(self, token: str, query: str, lifetime: float) -> int:
        """The sequence that a token stands for. Raises `StalePageError`."""
        try:
            content = jwt.decode(token, self._key, algorithms=["HS256"])
        except jwt.InvalidTokenError:
            raise StalePageError from None
        if content["query"] != query or time.time() - content["made"] > lifetime:
            raise StalePageError
        return int(content["last"])
