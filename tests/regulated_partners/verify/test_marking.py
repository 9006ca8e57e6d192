"""Encrypted, clear, or not shown: the forms of servers, and what their silence means."""

from __future__ import annotations

import pytest

from regulated_partners.verify.marking import PRODUCTS, Habit
from regulated_partners.verify.received import parse_received
from regulated_partners.verify.tls_comments import ClientCertificateState, HopTransport

_FROM = "from a.example (a.example [192.0.2.1]) "


@pytest.mark.parametrize(
    ("header", "version", "cipher"),
    [
        (
            "from a.example (192.0.2.1) by rly15b-eth0.srv.mailcontrol.com (envelope-sender a@b.example) (MIMEDefang) "
            "with ESMTP id X (TLS bits=256 verify=OK)",
            None,
            None,
        ),
        (
            _FROM + "by mailin39.mgt.mul.t-online.de with (TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384 encrypted) esmtp id X",
            "TLSv1.2",
            "ECDHE-RSA-AES256-GCM-SHA384",
        ),
        (_FROM + "by x.example with ESMTP (SSL) id X", None, None),
        (_FROM + "by x.example with SMTP (SSL) id X", None, None),
        (_FROM + "by x.example with ESMTP via SSL id X", None, None),
        (
            "from a (a [192.0.2.1]) (IDENT: x, SSL: TLSv1/SSLv3,128bits,RC4-MD5) by y.example with esmtp",
            None,
            "RC4-MD5",
        ),
        (
            'from a.example ([192.0.2.1]:1234 "EHLO a.example" TLS-CIPHER: "EDH-RSA-DES-CBC3-SHA keybits 168/168 '
            'version TLSv1/SSLv3" TLS-PEER: "<none>") by z.example with ESMTP id X',
            None,
            "EDH-RSA-DES-CBC3-SHA",
        ),
        (
            _FROM + "by mm.example with MailMarshal (v7) (using TLS: TLSv1.2, DES-CBC3-SHA) id <B>",
            "TLSv1.2",
            "DES-CBC3-SHA",
        ),
        (
            _FROM + "by ex.example with Exclaimer Signature Manager ESMTP Proxy "
            "(tlsversion=TLS12, tlscipher=TLS_ECDHE_WITH_AES256_SHA384) id 1",
            "TLSv1.2",
            "TLS_ECDHE_WITH_AES256_SHA384",
        ),
        (
            _FROM + "by k.example (KumoMTA 1) with ESMTPS (TLSv1_3:TLS13_AES_256_GCM_SHA384) id x",
            "TLSv1.3",
            "TLS13_AES_256_GCM_SHA384",
        ),
        (
            "from [192.0.2.2] ([192.0.2.2:2] helo=m) by e.ex (ecelerity 3.6) with ESMTPS (cipher=AES-256-GCM) id 2",
            None,
            "AES-256-GCM",
        ),
        (_FROM + "by mx.börse-fabrikam.example (Postfix) with UTF8SMTPS id 1", None, None),
    ],
)
def test_forms_of_tls(header: str, version: str | None, cipher: str | None) -> None:
    """Failing: TLS that a server wrote down is not read, or a version or cipher is made up."""
    hop = parse_received(header)
    assert hop.transport is HopTransport.ENCRYPTED
    assert hop.session is not None
    assert (hop.session.version, hop.session.inferred_version, hop.session.cipher) == (version, None, cipher)


@pytest.mark.parametrize(
    "by",
    [
        "by domino.example (Lotus Domino Release 8.5) with ESMTP id 1",
        "by clearswift.example (Clearswift SMTPRS 5.6.0) with ESMTP id T1",
        "by mercury.example (Mercury/32 v4.72) with ESMTP ID MG1",
        "by unknown.example with ESMTP id 1",
        "by : HOSTING RELAY : with ESMTP id 2",
        "by rly15b-eth0.srv.mailcontrol.com (MIMEDefang) with ESMTP id 3",
    ],
)
def test_an_unknown_server_is_not_blamed(by: str) -> None:
    """Failing: the silence of a server that may never write TLS down is called clear text."""
    hop = parse_received(_FROM + by)
    assert (hop.transport, hop.evidence.lower()) == (HopTransport.UNKNOWN, "with esmtp")
    assert hop.by is not None, "the hop itself was lost"


@pytest.mark.parametrize(
    "by",
    [
        "by mx.example (Postfix) with ESMTP id 1",
        "by mx.example (Debian Postfix) with SMTPUTF8ESMTP id 1".replace("SMTPUTF8ESMTP", "UTF8ESMTP"),
        "by mx.example with esmtp (Exim 4.96) id 1",
        "by mx.example (8.17.1/8.17.1) with ESMTP id 1",
        "by mx.example (OpenSMTPD) with ESMTP id 1",
        "by mx.google.com with ESMTP id 1",
        "by esa1.hc1.iphmx.com with ESMTP id 1",
    ],
)
def test_the_silence_of_a_server_that_always_marks_is_clear_text(by: str) -> None:
    """Failing: a clear hop passes for one that says nothing."""
    assert parse_received(_FROM + by).transport is HopTransport.CLEAR


_EXCHANGE = (
    " (192.0.2.66) by MWH0EPF000C6187.mail.protection.outlook.com (10.167.249.119) with Microsoft SMTP Server "
    "id 15.20.9632.12 via Frontend Transport; Tue, 3 Mar 2026 09:10:12 +0000"
)


@pytest.mark.parametrize(
    "helo",
    [
        "x(",
        "((((",
        "x)",
        "x (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)",
        "mail.fabrikam.com (192.0.2.25) by A.mail.protection.outlook.com (10.0.0.1) with Microsoft SMTP Server "
        "(version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20 via Frontend Transport;",
        "by y with ESMTPS (TLS)",
        "x by y.example with Microsoft SMTP Server",
    ],
)
def test_no_name_hides_what_exchange_wrote(helo: str) -> None:
    """Failing: a sender hides its clear connection, or the border itself, behind the name that it gives."""
    hop = parse_received("from " + helo + _EXCHANGE)
    assert (hop.transport, hop.address, hop.frontend) == (HopTransport.CLEAR, "192.0.2.66", True)
    assert hop.by == "mwh0epf000c6187.mail.protection.outlook.com"


@pytest.mark.parametrize(
    "helo",
    [
        "x (version=TLSv1.3 cipher=A bits=1)",
        "x (a [1.2.3.4]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))",
        'x (a [1.2.3.4]) (Client CN "mail.fabrikam.com", Issuer "x" (verified OK))',
        "x by y.example with ESMTPS (TLS) id 1",
    ],
)
def test_no_name_forges_what_other_servers_write(helo: str) -> None:
    """Failing: a name with blanks, where a server takes one, turns clear text into TLS."""
    hop = parse_received(f"from {helo} (evil.example [192.0.2.66]) by mx.example (Postfix) with ESMTP id 1")
    assert (hop.transport, hop.address, hop.by) == (HopTransport.CLEAR, "192.0.2.66", "mx.example")
    assert hop.session is None


def test_an_envelope_sender_forges_nothing() -> None:
    """Failing: the quoted local part of an address, which the sender chooses, passes for the server's words."""
    text = _FROM + 'by mx.example (Haraka/3.0.3) with ESMTP id 1 envelope-from <" tls TLS_AES_256_GCM_SHA384 "@b.ex>'
    assert parse_received(text).transport is HopTransport.CLEAR


def test_yandex_says_that_no_certificate_came() -> None:
    """Failing: what Yandex writes about the client's certificate is not read."""
    hop = parse_received(
        _FROM + "(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) (Client certificate not present) "
        "by mx.yandex.net with ESMTPS id 1"
    )
    assert hop.session is not None
    assert hop.session.client_certificate is not None
    assert hop.session.client_certificate.state is ClientCertificateState.NOT_PRESENTED


def test_every_row_has_its_evidence() -> None:
    """Failing: a server is said to mark TLS always, and nobody says who knows that."""
    assert {product.habit for product in PRODUCTS} == set(Habit)
    for product in PRODUCTS:
        assert product.evidence
        assert product.marks
