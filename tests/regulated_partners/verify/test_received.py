"""Received headers of real servers, and of people who mean harm."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.verify.received import Hop, parse_received
from regulated_partners.verify.tls_comments import ClientCertificateState, HopTransport, TlsVersion, tls_version

SAMPLES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "received_headers.jsonl").read_text(encoding="utf-8").splitlines()
]
_VERDICTS = {True: HopTransport.ENCRYPTED, False: HopTransport.CLEAR, None: HopTransport.UNKNOWN}


def _names(sample: dict[str, Any]) -> str:
    return f"{SAMPLES.index(sample)}-{sample['mta']}"


def _check(hop: Hop, sample: dict[str, Any]) -> None:
    session = hop.session
    client = session.client_certificate if session else None
    expected = sample.get("client_cert", {})
    assert hop.transport is _VERDICTS[sample["tls"]]
    assert (session.version if session else None) == sample["version"]
    assert (session.inferred_version if session else None) == sample.get("inferred_version")
    assert (session.cipher if session else None) == sample["cipher"]
    assert (session.bits if session else None) == sample.get("bits")
    assert (client.state if client else None) == expected.get("state")
    assert (client.common_name if client else None) == expected.get("cn")
    assert (client.issuer if client else None) == expected.get("issuer")


def test_the_samples_are_there() -> None:
    """Failing: the file was cut, and the tests below prove less than they seem to."""
    assert len(SAMPLES) >= 85
    assert {sample["tls"] for sample in SAMPLES} == {True, False, None}


@pytest.mark.parametrize("sample", SAMPLES, ids=_names)
def test_a_sample(sample: dict[str, Any]) -> None:
    """Failing: a header of this server is judged wrongly."""
    _check(parse_received(sample["header"]), sample)


@pytest.mark.parametrize("sample", SAMPLES, ids=_names)
def test_a_sample_in_other_clothes(sample: dict[str, Any]) -> None:
    """Failing: unfolding, folding elsewhere, CRLF or quoted-printable change the verdict."""
    header = sample["header"]
    unfolded = " ".join(header.split())
    _check(parse_received(unfolded), sample)
    _check(parse_received(unfolded.replace(" ", "\r\n\t ")), sample)
    _check(parse_received(header.removeprefix("Received:")), sample)
    _check(parse_received(header.replace("=", "=3D")), sample)
    _check(parse_received(re.sub("(.{60})", r"\1=\r\n", unfolded.replace("=", "=3D"))), sample)


@pytest.mark.parametrize("sample", SAMPLES, ids=_names)
def test_a_cut_sample_never_invents_tls(sample: dict[str, Any]) -> None:
    """Failing: a header cut short ends the command, or a clear one becomes an encrypted one."""
    header = sample["header"]
    for end in range(0, len(header), 7):
        hop = parse_received(header[:end])
        if sample["tls"] is not True:
            assert hop.transport is not HopTransport.ENCRYPTED


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("TLSv1/SSLv3", None),
        ("TLS", None),
        ("TLSv1.4", None),
        ("TLSv1.3", TlsVersion.TLS_1_3),
        ("TLS1_3", TlsVersion.TLS_1_3),
        ("TLS1.2", TlsVersion.TLS_1_2),
        ("TLS-1.1", TlsVersion.TLS_1_1),
        ("TLSv1", TlsVersion.TLS_1_0),
        ("TLS1", TlsVersion.TLS_1_0),
        ("TLS\\Tls", TlsVersion.TLS_1_0),
        ("TLS\\Tls11", TlsVersion.TLS_1_1),
        ("TLS\\Tls12", TlsVersion.TLS_1_2),
        ("TLS\\Tls13", TlsVersion.TLS_1_3),
        ("SSLv3", TlsVersion.SSLV3),
        ("SSL3", TlsVersion.SSLV3),
    ],
)
def test_versions(written: str, version: TlsVersion | None) -> None:
    """Failing: `TLSv1/SSLv3`, a family of cipher suites, is reported as a version; or a spelling is not known."""
    assert tls_version(written) is version


@pytest.mark.parametrize(
    ("comment", "version", "cipher", "state"),
    [
        ("TLS version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=YES", "TLSv1.2", True, "verified"),
        ("using TLSv1.3 with cipher TLS13_AES_256_GCM_SHA384", "TLSv1.3", True, None),
        ("version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 bits=128 verify=TRUSTED", "TLSv1.3", True, "verified"),
        ("version=TLSv1.2 cipher=AES256-SHA bits=256 verify=TEMP", "TLSv1.2", True, None),
        ("TLS-1.0:DHE_RSA_3DES_EDE_CBC_SHA:24", "TLSv1.0", True, None),
        ("Using TLS 1.2", None, False, None),
    ],
)
def test_forms_without_a_sample(comment: str, version: str | None, cipher: bool, state: str | None) -> None:
    """Failing: a form of the table that no sample shows is not read."""
    hop = parse_received(f"Received: from a.example (a.example [192.0.2.1]) ({comment}) by b.example with ESMTPS id 1")
    assert hop.session is not None
    client = hop.session.client_certificate
    assert (hop.session.version, bool(hop.session.cipher), client.state if client else None) == (version, cipher, state)


@pytest.mark.parametrize(
    "helo",
    [
        "(version=TLSv1.3)",
        "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:YES)",
        "x(TLSv1.3:TLS_AES_256_GCM_SHA384:256:YES)",
        "ESMTP/TLS/ECDHE-RSA-AES256-GCM-SHA384",
        "(TLS)",
        "by",
        "with",
        "ESMTPS",
        "encrypted",
    ],
)
def test_what_the_sender_says_is_no_evidence(helo: str) -> None:
    """Failing: a sender makes its own clear connection look encrypted by the name that it gives."""
    hop = parse_received(
        f"Received: from {helo} (mail.example.net [192.0.2.9]) by mx.example.com (Postfix) with ESMTP id 9"
    )
    assert hop.transport is HopTransport.CLEAR
    assert hop.by == "mx.example.com"


@pytest.mark.parametrize("host", ["mx0a-0001.pphosted.com", "d1.ess.barracudanetworks.com"])
def test_servers_that_do_not_always_stamp(host: str) -> None:
    """Failing: silence of a server that writes ESMTP over TLS too is taken for clear text."""
    hop = parse_received(f"Received: from a.example (a.example [192.0.2.1]) by {host} with ESMTP id 1; date")
    assert (hop.transport, hop.evidence) == (HopTransport.UNKNOWN, "with ESMTP")


def test_no_certificate_at_all_is_seen() -> None:
    """Failing: a connection without any certificate passes for one with."""
    hop = parse_received(
        "from a (a [192.0.2.1]) (using TLSv1.2 with cipher AECDH-AES256-SHA (256/256 bits)) "
        "(No client certificate requested) by b (Postfix) with ESMTPS id 1"
    )
    assert hop.is_anonymous
    assert hop.session is not None
    assert hop.session.client_certificate is not None
    assert hop.session.client_certificate.state is ClientCertificateState.NOT_REQUESTED


HOSTILE = {
    "open parentheses": "(" * 200_000,
    "closed parentheses": ")" * 200_000,
    "pairs": "()" * 100_000,
    "blanks": "from a by b with" + " " * 10_000_000,
    "one word": "from " + "a" * 10_000_000,
    "versions": "from a (version=TLS" * 100_000,
    "commas": "(" + "a," * 500_000 + " TLS: ",
    "quotes": '(Client CN "' + '", Issuer "' * 100_000 + "(verified OK))",
    "colons": "(TLS" + ":" * 1_000_000,
    "helo": "from a (" + "helo=" * 200_000 + ") by b with ESMTPS id 1",
    "digits": "from [" + "1." * 500_000 + "] by b with ESMTP id 1",
    "equals": "=3D" * 1_000_000,
    "by": "by " * 500_000,
    "nul": "\x00" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_take_no_time(name: str) -> None:
    """Failing: one header makes the command hang."""
    started = time.monotonic()
    parse_received(HOSTILE[name])
    assert time.monotonic() - started < 1


@given(st.text(alphabet="()[]=:;,\"' <>abTLSv123.-_/\\with by from\n", max_size=400))
def test_any_text_is_read(text: str) -> None:
    """Failing: a header ends the command with a traceback."""
    assert parse_received(text).transport in HopTransport
