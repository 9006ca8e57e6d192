"""Files as operators have them: what is read from them, and how bad ones end."""

from __future__ import annotations

import base64
import quopri
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulated_partners.probing.verdicts import Verdict
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import checks, fact, judged, message

GOOD = message(m.STORED, m.INTERNAL, m.BORDER_TLS, m.BELOW)
RETURNED = message(m.OUTBOUND_TLS, m.SUBMITTED)
_MULTIPART = (
    "{hop}From: p@fabrikam.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=cut\n\n--cut\n"
    "Content-Type: text/plain\n\nHere it is.\n--cut\n{part}\n--cut--\n"
)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n", "\r"),
        "\ufeff" + GOOD,
        "\n\n" + GOOD,
        GOOD.partition("\n\n")[0],
        m.BORDER_TLS,
        " ".join(m.BORDER_TLS.split()),
        "Hello, these are the headers:\n\n" + GOOD,
        "Hello\n" + "".join(f"> {line}\n" for line in GOOD.splitlines()),
        "Subject: fwd\n\nsee\n\n" + "".join(f">> {line}\n" for line in m.BORDER_TLS.splitlines()),
    ],
    ids=["eml", "crlf", "cr", "bom", "blank-lines", "headers", "one-header", "unfolded", "text", "quoted", "forwarded"],
)
def test_one_message_in_many_forms(text: str) -> None:
    """Failing: a form in which operators have headers is not understood."""
    (found,) = judged(text)
    assert found.verdict is Verdict.PASSED
    assert fact(found, "from") == "mail.fabrikam.com [192.0.2.25]"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "latin-1"])
def test_text_of_windows(encoding: str) -> None:
    """Failing: headers pasted into Notepad and saved are binary to us."""
    data = GOOD.replace("Subject: test", "Subject: Grüße").encode(encoding)
    (found,) = judged(b"\xfe\xff" + data if encoding == "utf-16-be" else data)
    assert found.verdict is Verdict.PASSED


def _attached(kind: str) -> str:
    if kind == "rfc822":
        return f"Content-Type: message/rfc822\n\n{RETURNED}"
    if kind == "rfc822-headers":
        return f"Content-Type: text/rfc822-headers\n\n{RETURNED}"
    if kind == "base64":
        encoded = base64.encodebytes(RETURNED.encode()).decode()
        return f"Content-Type: text/plain; name=headers.txt\nContent-Transfer-Encoding: base64\n\n{encoded}"
    encoded = quopri.encodestring(RETURNED.encode()).decode()
    return f"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}"


@pytest.mark.parametrize("kind", ["rfc822", "rfc822-headers", "base64", "quoted-printable"])
def test_what_the_partner_sent_back(kind: str) -> None:
    """Failing: the headers that a partner returns in an attachment are not found, so outbound cannot be proven."""
    (alone,) = judged(_MULTIPART.format(hop="", part=_attached(kind)))
    assert fact(alone, "by") == "mail.fabrikam.com"
    both = judged(_MULTIPART.format(hop=m.STORED + m.BORDER_TLS, part=_attached(kind)))
    assert [each.direction.word for each in both if each.direction] == ["inbound", "outbound"]


def test_an_mbox() -> None:
    """Failing: only the first message of an mbox is judged, or a body's `From ` cuts a message."""
    clear = message(m.STORED, m.BORDER_CLEAR) + "\n>From the start\nFrom inside a paragraph\n"
    box = "".join(f"From a@b Mon Jan  5 10:00:00 2026\n{each}\n" for each in (GOOD, clear, RETURNED))
    found = judged(box, name="box.mbox")
    assert [each.verdict for each in found] == [Verdict.PASSED, Verdict.FAILED, Verdict.PASSED]
    assert found[1].subject == "box.mbox, message 2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 5000, "Outlook .msg"),
        (b"PK\x03\x04" + b"\x00" * 100, "zip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (bytes(range(256)) * 40, "no"),
        (b"\x00" * 100_000, "no"),
        (b"Subject: nothing\n\nbody\n", "no Received header"),
        (b"hello", "no"),
        (b"\n\n\n", "no"),
        (b"From a@b Mon Jan  5 10:00:00 2026\n", "no"),
    ],
)
def test_what_is_no_message_ends_with_a_sentence(content: bytes, words: str) -> None:
    """Failing: a wrong file ends with a traceback, or with a verdict that reassures."""
    found = judged(content)
    assert found
    assert all(each.verdict is Verdict.UNKNOWN for each in found)
    assert any(words in each.findings[0].text for each in found)


def _nested(depth: int) -> str:
    text = RETURNED
    for number in range(depth):
        text = f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n{text}\n--b{number}--\n"
    return text


LARGE = {
    "one received line of 10 MB": "Received: from a (" + "x" * 10_000_000 + ") by b with ESMTP id 1\n\nbody\n",
    "one other line of 10 MB": m.BORDER_TLS + "Subject: " + "x" * 10_000_000 + "\n\nbody\n",
    "10 MB of received lines": (m.BORDER_TLS + "Received: from a by b with ESMTP id 1\n" * 250_000) + "\n",
    "10 MB of folding": m.BORDER_TLS + "Subject: a\n" + " b\n" * 3_000_000 + "\n",
    "10 MB of fields": m.BORDER_TLS + "X-A: b\n" * 1_400_000 + "\n",
    "10 MB of blank lines": "\n" * 10_000_000,
    "10 MB of quoted lines": m.REST + "\n" + "> Received: from a by b with ESMTP id 1\n>\n" * 200_000,
    "10 MB of angle brackets": m.REST + "\n" + ">" * 10_000_000 + "\n",
    "10 MB of parts": "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\n\n" * 1_700_000,
    "nested 3,000 deep": m.BORDER_TLS + _nested(3_000),
    "a boundary of 8 MB": f"{m.BORDER_TLS}Content-Type: multipart/mixed; boundary={'b' * 8_000_000}\n\n--b\n",
    "an mbox of 20,000": "From a b\n\nFrom a b\n" * 20_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_and_hostile_files_end_in_time(name: str) -> None:
    """Failing: a message of 10 MB makes the command hang or fall over."""
    started = time.monotonic()
    found = judged(LARGE[name])
    assert time.monotonic() - started < 8
    assert found
    if LARGE[name].startswith(m.BORDER_TLS):
        assert found[0].direction is not None, "the boundary at the top was lost"
    if name in ("10 MB of folding", "10 MB of fields"):
        assert checks(found[0])["headers"] == "warning", "what was not looked at is not said"


@pytest.mark.parametrize("end", range(0, len(GOOD), 37))
def test_a_truncated_message_never_fails_for_clear_text(end: int) -> None:
    """Failing: a message cut in transfer ends with a traceback."""
    for each in judged(GOOD[:end]):
        assert each.verdict in Verdict


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600), st.integers(0, len(GOOD)))
def test_damaged_messages_are_judged(noise: bytes, at: int) -> None:
    """Failing: bytes in the wrong place end the command with a traceback."""
    data = GOOD.encode()
    assert judged(data[:at] + noise + data[at:])
