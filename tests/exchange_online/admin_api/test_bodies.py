"""Answers whose bodies are not what their headers say, over a real connection: the status keeps its meaning."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.admin_api import (
    AccessDenied,
    AdminApiError,
    Effect,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    ServiceError,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from exchange_online.admin_api.bodies import Body, body_of
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import Reply, ScriptedService

GET, SET, NEW = "Get-InboundConnector", "Set-InboundConnector", "New-InboundConnector"
NULS = b"\0" * 1256
ROWS = json.dumps({"value": [{"Name": "Müller"}]}, ensure_ascii=False).encode()
MISSING = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
REFUSAL = json.dumps(
    {"error": {"details": [{"message": f"Ex6F9304|{MISSING}|'Fabrikam' couldn't be found."}]}}
).encode()
#: As a proxy writes it; the words are those by which the service says that an object is missing, or there already.
PAGE = b"<!DOCTYPE html><html><body><h1>The server couldn't be found, or already exists.</h1></body></html>"


def labelled(encoding: str, content_type: str = "application/json") -> Mapping[str, str]:
    return {"Content-Encoding": encoding, "Content-Type": content_type}


def damaged(content: bytes) -> bytes:
    """Gzip whose checksum is not that of its content."""
    packed = gzip.compress(content)
    return packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]


#: What a body may be, with its headers. None of them says anything.
SPEECHLESS: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "nothing": (b"", {}),
    "nothing, as gzip": (b"", labelled("gzip")),
    "NUL bytes": (NULS, {}),
    "NUL bytes, as gzip": (NULS, labelled("gzip")),
    "NUL bytes, as deflate": (NULS, labelled("deflate")),
    "NUL bytes, as br": (NULS, labelled("br")),
    "NUL bytes, as two encodings": (NULS, labelled("gzip, br")),
    "NUL bytes, as what nobody knows": (NULS, labelled("\x7fcompressé".encode().decode("latin-1"))),
    "NUL bytes, as UTF-16": (NULS, {"Content-Type": "application/json; charset=utf-16"}),
    "NUL bytes, truly gzip": (gzip.compress(NULS), labelled("gzip")),
    "a page": (PAGE, {"Content-Type": "text/html"}),
    "a page, truly gzip": (gzip.compress(PAGE), labelled("gzip", "text/html")),
    "a page, falsely gzip": (PAGE, labelled("gzip", "text/html")),
    "a page in UTF-16": (PAGE.decode().encode("utf-16"), {"Content-Type": "text/html; charset=utf-16"}),
    "gzip, cut short": (gzip.compress(REFUSAL)[:40], labelled("gzip")),
    "gzip, its end missing": (gzip.compress(REFUSAL)[:-8], labelled("gzip")),
    "gzip, damaged": (damaged(REFUSAL), labelled("gzip")),
    "deflate, cut short": (zlib.compress(REFUSAL)[:40], labelled("deflate")),
    "gzip that is not said": (gzip.compress(REFUSAL), {}),
    "another encoding": (b"\x1b\x0e\x00\xf8\x25\x14\x06\x82" * 20, labelled("br")),
    "half of the JSON": (REFUSAL[:-4], {}),
    "half of the JSON, truly gzip": (gzip.compress(REFUSAL[:-4]), labelled("gzip")),
}

#: What each status means, and how often a read is sent for it.
MEANINGS: Mapping[int, tuple[type[AdminApiError], int]] = {
    400: (ServiceError, 1),
    401: (NotAuthenticated, 2),
    403: (AccessDenied, 1),
    404: (ServiceError, 1),
    405: (ServiceError, 1),
    408: (Unavailable, 6),
    409: (ServiceError, 1),
    429: (Throttled, 6),
    500: (Unavailable, 6),
    502: (Unavailable, 6),
    503: (Unavailable, 6),
    504: (Unavailable, 6),
}


@pytest.mark.parametrize("body", SPEECHLESS)
def test_a_status_keeps_its_meaning_whatever_the_body(client: Clients, service: ScriptedService, body: str) -> None:
    """Fails when a missing role reads as a broken connection after a minute, or a proxy's page as a missing object."""
    content, headers = SPEECHLESS[body]
    for status, (kind, calls) in MEANINGS.items():
        service.script = [Reply(status, content, {**headers, "Retry-After": "2.5"})] * 6
        service.calls.clear()
        client.sleeps.clear()

        with pytest.raises(AdminApiError) as caught:
            client().invoke(GET, {}, effect=Effect.READ)

        assert type(caught.value) is kind
        assert caught.value.failure.status == status
        assert len(service.calls) == calls
        assert client.sleeps == [2.5] * (5 if calls == 6 else 0)
        said = str(caught.value)
        assert said.isprintable()
        assert "\N{REPLACEMENT CHARACTER}" not in said


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "br", "identity", "zstd", ""])
def test_a_missing_role_is_said_at_once_whatever_the_answer_is_labelled(
    client: Clients, service: ScriptedService, encoding: str
) -> None:
    """Fails when a user's likeliest first failure ends in `the connection broke` or `outcome unknown`.

    Source: exchange-wire, addendum (the 403 of NUL bytes is declared as gzip).
    """
    for cmdlet, effect in ((GET, Effect.READ), (SET, Effect.IDEMPOTENT), (NEW, Effect.CREATE)):
        service.script, service.calls = [Reply(403, NULS, labelled(encoding))], []
        with pytest.raises(AccessDenied, match=r"may not run this cmdlet.*Exchange Administrator"):
            client().invoke(cmdlet, {"Name": "Fabrikam"}, effect=effect)
        assert len(service.calls) == 1


#: What the service says, in every form that can be read.
SPEAKING: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "gzip": (gzip.compress(REFUSAL), labelled("gzip")),
    "x-gzip": (gzip.compress(REFUSAL), labelled("X-GZip")),
    "gzip, padded": (gzip.compress(REFUSAL) + b"\0" * 64, labelled("gzip")),
    "gzip, two members": (gzip.compress(REFUSAL[:40]) + gzip.compress(REFUSAL[40:]), labelled("gzip")),
    "deflate": (zlib.compress(REFUSAL), labelled("deflate")),
    "deflate, no header": (zlib.compress(REFUSAL, wbits=-15), labelled("deflate")),
    "deflate, then gzip": (gzip.compress(zlib.compress(REFUSAL)), labelled("deflate, gzip")),
    "falsely gzip": (REFUSAL, labelled("gzip")),
    "falsely deflate": (REFUSAL, labelled("deflate")),
    "falsely br": (REFUSAL, labelled("br")),
    "falsely what nobody knows": (REFUSAL, labelled("nobody-knows")),
    "between NUL bytes": (b"\0\0" + REFUSAL + b"\0\0", {}),
    "UTF-16": (REFUSAL.decode().encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    "UTF-16, not said": (REFUSAL.decode().encode("utf-16-le"), {"Content-Type": "application/json"}),
    "UTF-32, not said": (REFUSAL.decode().encode("utf-32"), {"Content-Type": "application/json"}),
    "a charset that nobody knows": (REFUSAL, {"Content-Type": "application/json; charset=nobody-knows"}),
    "JSON called a page": (REFUSAL, {"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("status", [400, 404, 500])
@pytest.mark.parametrize("body", SPEAKING)
def test_words_that_can_be_read_are_read(client: Clients, service: ScriptedService, body: str, status: int) -> None:
    """Fails when a wrong label, or another form than usual, throws away what the service said."""
    content, headers = SPEAKING[body]
    service.script = [Reply(status, content, headers)]
    with pytest.raises(NotFound, match="'Fabrikam' couldn't be found"):
        client().invoke(SET, {"Identity": "Fabrikam"}, effect=Effect.IDEMPOTENT)
    assert len(service.calls) == 1


def test_words_in_another_charset_are_read(client: Clients, service: ScriptedService) -> None:
    """Fails when the service's words in German arrive with holes although the answer says how to read them."""
    service.script = [
        Reply(400, "Für dieses Angebot".encode("latin-1"), {"Content-Type": "text/plain; charset=latin1"})
    ]
    with pytest.raises(ServiceError, match="Für dieses Angebot"):
        client().invoke(GET, {}, effect=Effect.READ)


@pytest.mark.parametrize("status", [403, 404, 502])
def test_a_page_of_a_proxy_is_said_to_be_one(client: Clients, service: ScriptedService, status: int) -> None:
    """Fails when somebody whose proxy refuses the call is told to grant roles, and nothing else."""
    service.script = [Reply(status, PAGE, {"Content-Type": "text/html"})] * 6
    with pytest.raises(MEANINGS[status][0], match=r"a web page.*proxy") as caught:
        client().invoke(GET, {}, effect=Effect.READ)
    assert "<" not in str(caught.value)
    assert ("who runs it can allow the host" in str(caught.value)) is (status == 403)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (gzip.compress(ROWS), labelled("gzip")),
        (zlib.compress(ROWS), labelled("deflate")),
        (ROWS, labelled("gzip")),
        (ROWS, labelled("br")),
        (ROWS, {"Content-Type": "text/html; charset=us-ascii"}),
        (ROWS.decode().encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    ],
    ids=["gzip", "deflate", "falsely gzip", "falsely br", "falsely a page", "UTF-16"],
)
def test_rows_that_can_be_read_are_read(
    client: Clients, service: ScriptedService, content: bytes, headers: Mapping[str, str]
) -> None:
    """Fails when a wrong label stops every read although the rows are there."""
    service.script = [Reply(200, content, headers)]
    assert client().invoke(GET, {}, effect=Effect.READ).rows == ({"Name": "Müller"},)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (NULS, {}),
        (NULS, labelled("gzip")),
        (damaged(ROWS), labelled("gzip")),
        (b"\x1b\x0e\x00\xf8\x25\x14\x06\x82" * 20, labelled("br")),
        (PAGE, labelled("gzip")),
        (ROWS.decode().encode("latin-1"), {}),
    ],
    ids=["NULs", "NULs as gzip", "damaged", "another encoding", "page", "Latin-1 that is not said"],
)
def test_rows_that_cannot_be_read_are_not_no_rows(
    client: Clients, service: ScriptedService, content: bytes, headers: Mapping[str, str]
) -> None:
    """Fails when an unreadable listing reads as an empty one: every connector would look deleted."""
    service.script = [Reply(200, content, headers)]
    with pytest.raises(UnexpectedAnswer, match="not one of the admin API"):
        client().invoke(GET, {}, effect=Effect.READ)
    service.script = [Reply(200, content, headers)]
    with pytest.raises(OutcomeUnknown):
        client().invoke(NEW, {"Name": "Fabrikam"}, effect=Effect.CREATE)
    assert len(service.calls) == 2


@pytest.mark.parametrize("length", [1, 9, 30, -1, -8])
def test_rows_cut_short_are_asked_for_again(client: Clients, service: ScriptedService, length: int) -> None:
    """Fails when one answer that was cut on its way ends a run, or is taken for the whole."""
    cut = Reply(200, gzip.compress(ROWS)[:length], labelled("gzip"))
    service.script = [cut]
    assert client().invoke(GET, {}, effect=Effect.READ).rows == ()
    service.script, service.calls = [cut] * 6, []
    with pytest.raises(Unavailable, match=r"cut short.*tried 6 times"):
        client().invoke(GET, {}, effect=Effect.READ)
    service.script, service.calls = [cut], []
    with pytest.raises(OutcomeUnknown, match="cut short"):
        client().invoke(NEW, {"Name": "Fabrikam"}, effect=Effect.CREATE)
    assert len(service.calls) == 1


def test_only_an_encoding_that_is_read_is_asked_for(client: Clients, service: ScriptedService) -> None:
    """Fails when a library that somebody else installs makes the service answer in what is not read here."""
    client().invoke(GET, {}, effect=Effect.READ)
    assert service.calls[0].headers["accept-encoding"] == "gzip"
    assert service.token_requests[0].headers["accept-encoding"] == "gzip"


def test_the_token_services_words_are_read_too(client: Clients, service: ScriptedService) -> None:
    """Fails when a wrong label turns a wrong secret into a broken connection."""
    words = b'{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}'
    for content in (words, gzip.compress(words)):
        service.token_script, service.token_requests = [Reply(401, content, labelled("gzip"))], []
        with pytest.raises(NotAuthenticated, match="AADSTS7000215"):
            client().invoke(GET, {}, effect=Effect.READ)
        assert len(service.token_requests) == 1


def test_a_token_cut_short_is_asked_for_again(client: Clients, service: ScriptedService) -> None:
    """Fails when one answer of the token service that was cut on its way ends a run."""
    service.token_script = [Reply(200, gzip.compress(b'{"access_token": "x"}')[:-8], labelled("gzip"))]
    assert client().invoke(GET, {}, effect=Effect.READ).rows == ()
    assert len(service.token_requests) == 2


_encodings = st.lists(st.sampled_from(["gzip", "deflate", "br", "identity", "x"]), max_size=3).map(", ".join)


@given(raw=st.binary(max_size=60), encoding=_encodings | st.text(max_size=5))
def test_no_body_whatever_breaks_the_reader(raw: bytes, encoding: str) -> None:
    """Fails when an unforeseen body gives a traceback, and so loses the status."""
    assert isinstance(body_of(raw, encoding), Body)


@given(content=st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(str.encode), cut=st.integers(0, 200))
def test_what_was_encoded_is_read_and_what_was_cut_is_known_as_cut(content: bytes, cut: int) -> None:
    """Fails when a whole answer arrives changed, or a part passes for a whole."""
    for encoding, packed in (("gzip", gzip.compress(content)), ("deflate", zlib.compress(content))):
        assert body_of(packed, encoding) == Body(content)
        part = packed[: min(cut, len(packed) - 1)]
        assert body_of(part, encoding) in (Body(b""), Body(part)) or body_of(part, encoding).is_cut_short
