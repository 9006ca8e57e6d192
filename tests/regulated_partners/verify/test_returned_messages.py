"""Headers as they come back: Outlook files, replies in HTML, attachments of any kind, exports."""

from __future__ import annotations

import base64
import html
import json
import random
import time
import tracemalloc

import pytest

from regulated_partners.probing.verdicts import Judgement, Verdict
from regulated_partners.verify.mail_files import MOST_MESSAGES
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import fact, judged, message
from tests.support.damage import damaged
from tests.support.outlook_file import Item, compound_file, outlook_file

GOOD = message(m.STORED, m.INTERNAL, m.BORDER_TLS, m.BELOW)
HEADERS = GOOD.partition("\n\n")[0] + "\n\n"
CLEAR = (
    m.OUTBOUND_TLS.replace("(using TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))\n ", "")
    .replace("ESMTPS", "ESMTP")
    .replace(' (Client CN "mail.protection.outlook.com", Issuer "DigiCert Cloud Services CA-1" (verified OK))\n', "")
)
#: What the partner returns: our message arrived there in clear. Its own reply came over TLS.
RETURNED = message(CLEAR, m.SUBMITTED)


def _directions(found: tuple[Judgement, ...]) -> list[str]:
    return [judgement.direction.word for judgement in found if judgement.direction]


@pytest.mark.parametrize("wide", [True, False], ids=["unicode", "8-bit"])
def test_an_outlook_message(wide: bool) -> None:
    """Failing: what Outlook saves must be converted first."""
    (found,) = judged(outlook_file(Item(HEADERS.replace("\n", "\r\n"), "Hello", wide=wide)), name="test.msg")
    assert (found.verdict, fact(found, "from")) == (Verdict.PASSED, "mail.fabrikam.com [192.0.2.25]")
    (old,) = judged(outlook_file(Item("Microsoft Mail Internet Headers Version 2.0\r\n" + HEADERS)))
    assert old.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "returned",
    [
        Item(HEADERS, messages=(Item(RETURNED),)),
        Item(HEADERS, files=(RETURNED.encode(),)),
        Item(HEADERS, files=(outlook_file(Item(RETURNED)),)),
        Item(HEADERS, text="As you asked:\n\n" + RETURNED),
        Item(HEADERS, html=("<html><body><pre>" + html.escape(RETURNED) + "</pre></body></html>").encode()),
        Item(HEADERS, files=(b"\x89PNG....", RETURNED.encode("utf-16"))),
    ],
    ids=["message", "eml", "msg-in-msg", "text", "html", "utf-16-text"],
)
def test_what_an_outlook_message_holds(returned: Item) -> None:
    """Failing: the partner's hop that is in the reply is not judged, and the reply's own hop passes for it."""
    assert _directions(judged(outlook_file(returned))) == ["inbound", "outbound"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (outlook_file(Item(None, "a draft")), "without Internet headers"),
        (compound_file({"WordDocument": b"x" * 5000}), ".doc"),
        (outlook_file(Item(HEADERS))[:700], "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000, "damaged Outlook .msg"),
        (b"!BDN" + b"\x00" * 100, ".pst"),
        (b"\x78\x9f\x3e\x22" + b"\x00" * 100, "winmail.dat"),
        (b"{\\rtf1 hello", "RTF"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "picture"),
        (b"-----BEGIN CERTIFICATE-----\n", "verify certificate"),
        (b'"Received","SenderAddress","RecipientAddress"\r\n', "verify traffic"),
        (b'{"organization-name": "x", "report-id": "1"}', "verify traffic"),
        (b'{"subject": "x"}', "internetMessageHeaders"),
        (b'{"value": [', "damaged"),
        ("Hello,\nall is well.\n".encode("utf-16-le"), "no header lines"),
        (b"Hello,\nall is well.\n", "no header lines"),
        (bytes(range(256)) * 40, "binary data"),
    ],
)
def test_each_wrong_file_has_its_own_reason(data: bytes, words: str) -> None:
    """Failing: an operator is told something about the file that is not true of it."""
    (found,) = judged(data)
    assert found.verdict is Verdict.UNKNOWN
    assert words in found.findings[0].text


_REPLY = f"{m.STORED}{m.BORDER_TLS}From: p@fabrikam.com\nMIME-Version: 1.0\n{{kind}}\n\n{{body}}"
_PARTS = _REPLY.format(
    kind="Content-Type: multipart/mixed; boundary=cut",
    body="--cut\nContent-Type: text/plain\n\nHere.\n--cut\n{part}\n--cut--\n",
)
_BY_BREAKS = "<br>\n".join(html.escape(line) for line in RETURNED.splitlines())
_BY_BREAKS_FOLDED = "<br>".join(
    html.escape(line).replace("\t", " ").replace(" ", "&nbsp;", 1) for line in RETURNED.splitlines()
)
_BY_PARAGRAPHS = "\n".join(
    f"<p class=MsoNormal><span>{html.escape(line)}<o:p></o:p></span></p>" for line in RETURNED.splitlines()
)
_PAGES = {
    "br": f"<html><body><div>Here:<br><br>{_BY_BREAKS}</div></body></html>",
    "br, folding as nbsp": f"<html><body>Here:<br><br>{_BY_BREAKS_FOLDED}</body></html>",
    "pre": f"<html><body><p>Here:</p><pre style='x'>\n{html.escape(RETURNED)}</pre></body></html>",
    "paragraphs of Outlook": f"<html><body><p class=MsoNormal>Here:</p>\n<p>&nbsp;</p>{_BY_PARAGRAPHS}</body></html>",
    "one block": f"<html><body><blockquote><div>{'</div><div>'.join(html.escape(RETURNED).splitlines())}</div>",
}


@pytest.mark.parametrize("page", _PAGES.values(), ids=_PAGES.keys())
@pytest.mark.parametrize("encoding", ["8bit", "base64", "alternative"])
def test_headers_in_a_reply_of_html(page: str, encoding: str) -> None:
    """Failing: only the reply's own hop is judged, PASSED, though the returned headers show clear text."""
    if encoding == "base64":
        kind = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64"
        mail = _REPLY.format(kind=kind, body=base64.encodebytes(page.encode()).decode())
    elif encoding == "alternative":
        mail = _PARTS.format(part=f"Content-Type: text/html; charset=utf-8\n\n{page}")
    else:
        mail = _REPLY.format(kind="Content-Type: text/html", body=page)
    found = judged(mail)
    assert _directions(found) == ["inbound", "outbound"]
    assert fact(found[1], "transport") == "clear"
    assert fact(found[1], "by") == "mail.fabrikam.com"


@pytest.mark.parametrize("name", ["returned.eml", "headers.txt", "noname"])
@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "message/rfc822", "application/x-any"])
def test_a_message_attached_as_a_file(name: str, kind: str) -> None:
    """Failing: an .eml that a mail program attaches as a file is passed over."""
    data = base64.encodebytes(RETURNED.encode()).decode()
    part = (
        f"Content-Type: {kind}; name={name}\nContent-Disposition: attachment; filename={name}\n"
        f"Content-Transfer-Encoding: base64\n\n{data}"
    )
    assert _directions(judged(_PARTS.format(part=part))) == ["inbound", "outbound"]


def test_text_and_html_of_one_reply_are_one_message() -> None:
    """Failing: a message that stands in a reply's text and in its HTML is counted twice."""
    both = (
        "Content-Type: multipart/alternative; boundary=in\n\n--in\nContent-Type: text/plain\n\n"
        f"{RETURNED}\n--in\nContent-Type: text/html\n\n{_PAGES['br']}\n--in--\n"
    )
    assert _directions(judged(_PARTS.format(part=both))) == ["inbound", "outbound"]


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\n\n"),
        GOOD.replace("\n", "\r\r\n"),
        "\n".join(f"| {line}" for line in GOOD.splitlines()),
        GOOD.replace("mail.fabrikam.com", "mail.fabrikam.com<http://mail.fabrikam.com>").join(["Hi,\n\n", ""]),
        "Hello\n\n" + "\n".join(line.strip() for line in HEADERS.splitlines()),
        f"{len(GOOD)}\n{GOOD}",
        f"<html><body>{'<br>'.join(GOOD.splitlines())}</body></html>",
        json.dumps({"internetMessageHeaders": [{"name": "Received", "value": m.BORDER_TLS[10:]}]}),
        json.dumps({"value": [{"internetMessageHeaders": [{"name": "Received", "value": m.BORDER_TLS[10:]}]}]}),
    ],
    ids=["double", "crcrlf", "bars", "links", "lost-folding", "emlx", "page", "graph", "graph-list"],
)
def test_further_forms(text: str) -> None:
    """Failing: a form in which operators have headers is refused, or gives several messages."""
    (found,) = judged(text)
    assert (found.verdict, fact(found, "by")) == (Verdict.PASSED, "co1nam03ft028.mail.protection.outlook.com")
    assert fact(found, "protocol") == "TLSv1.2"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("count", [1, 3])
def test_wide_text_with_and_without_a_mark(encoding: str, count: int) -> None:
    """Failing: what Windows saves as Unicode is binary to us."""
    text = GOOD if count == 1 else "".join(f"From a@b Mon Jan  5 10:00:00 2026\r\n{GOOD}\r\n" for _ in range(count))
    found = judged(text.encode(encoding))
    assert [judgement.verdict for judgement in found] == [Verdict.PASSED] * count


@pytest.mark.parametrize("before", ["\r\n\r\n", "\ufeff", "\ufeff\n"])
def test_an_mbox_that_begins_with_something_else(before: str) -> None:
    """Failing: an mbox that an editor saved is one message, whose later hops are its own."""
    box = "".join(f"From a@b Mon Jan  5 10:00:00 2026\n{GOOD}\n" for _ in range(2))
    assert [judgement.subject for judgement in judged(before + box)] == ["test.eml, message 1", "test.eml, message 2"]


def test_what_is_left_out_is_said() -> None:
    """Failing: messages of a large mbox are passed over in silence, and the rest passes for all of them."""
    box = "".join(f"From a b\n{m.BORDER_TLS}\nx\n\n" for _ in range(MOST_MESSAGES + 1))
    last = judged(box)[-1]
    assert last.verdict is Verdict.UNKNOWN
    assert "not looked at" in last.findings[0].text


KINDS = {
    "msg": outlook_file(Item(HEADERS, "text " * 2000, messages=(Item(RETURNED, files=(GOOD.encode(),)),))),
    "reply": _PARTS.format(part=f"Content-Type: text/html\n\n{_PAGES['br']}").encode(),
    "mbox": "".join(f"From a@b Mon Jan  5 10:00:00 2026\n{GOOD}\n" for _ in range(3)).encode(),
    "utf-16": GOOD.encode("utf-16"),
    "graph": json.dumps({"internetMessageHeaders": [{"name": "Received", "value": m.BORDER_TLS[10:]}]}).encode(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_end_in_time(kind: str) -> None:
    """Failing: a damaged file ends with a traceback, hangs, or takes the machine's memory."""
    chance = random.Random(kind)  # noqa: S311 - the same damage in every run
    tracemalloc.start()
    try:
        for _ in range(120):
            data = damaged(KINDS[kind], chance)
            started = time.monotonic()
            assert judged(data)
            assert time.monotonic() - started < 5
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_hostile_outlook_files_end_in_time() -> None:
    """Failing: a small file that says it is large, or that refers to itself, takes time or memory."""
    good = bytearray(outlook_file(Item(HEADERS)))
    loop = bytes(good[:30]) + b"\x0c\x00" + bytes(good[32:44]) + b"\xff\x00\x00\x00" + bytes(good[48:])
    deep = Item(HEADERS)
    for _ in range(60):
        deep = Item(HEADERS, messages=(deep,))
    for data in (loop, outlook_file(deep), bytes(good[:76]) + b"\x01\x00\x00\x00" * 109 + bytes(good[512:])):
        started = time.monotonic()
        assert judged(data)
        assert time.monotonic() - started < 5


def test_a_message_with_a_large_attachment() -> None:
    """Failing: an ordinary attachment of 25 MB takes more memory than a pipeline's machine has."""
    padded = (RETURNED + "x" * 70 + "\n").encode() + b"x" * 12_000_000
    encoded = base64.encodebytes(padded).decode()
    part = f"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n{encoded}"
    data = _PARTS.format(part=part).encode()
    tracemalloc.start()
    try:
        assert _directions(judged(data)) == ["inbound", "outbound"]
        assert tracemalloc.get_traced_memory()[1] < 8 * len(data)
    finally:
        tracemalloc.stop()
