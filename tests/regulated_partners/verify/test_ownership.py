"""Whose message it is: what the receiving side wrote, against the declaration; what a sender claims labels it."""

from __future__ import annotations

import datetime
import re

import pytest

from exchange_online.connectors import Direction
from regulated_partners.partners import Pair
from regulated_partners.probing.route import ProbeIndex
from regulated_partners.probing.seen import (
    AddressAnswer,
    DnsProblem,
    DomainSeen,
    HostSeen,
    MxAnswer,
    MxRecord,
    Probe,
    TextAnswer,
    TlsaAnswer,
)
from regulated_partners.probing.verdicts import Check, Finding, Judgement, Level, Verdict
from regulated_partners.verify.message import MessageCheck
from regulated_partners.verify.ownership import MailHosts
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import checks, fact, judged, message
from tests.regulated_partners.verify.partners import declared

NOW = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)
OUTBOUND = (Direction.OUTBOUND,)
#: Found by trying: a stranger's mail of 2020, which passed for the insurer's.
STRANGER = """Received: from mail.example.net (192.0.2.77) by MWH0EPF000C6187.mail.protection.outlook.com
 (10.167.249.119) with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)
 id 15.20.9632.12 via Frontend Transport; Tue, 3 Mar 2020 09:10:12 +0000
From: someone@example.net

"""


def by_address(**changes: object) -> Pair:
    """Humongous Insurance: no certificate, known addresses."""
    return declared(
        name="Humongous Insurance",
        domains=["humongousinsurance.com"],
        certificateName="mx.humongousinsurance.com",
        inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["198.51.100.10", "203.0.113.0/28"]},
        **changes,
    )


def owner(judgement: Judgement) -> Finding:
    """What is said about whose message it is."""
    return next(finding for finding in judgement.findings if finding.check is Check.OWNER)


def _from(name: str, address: str, sender: str, *, tls: bool = True, above: str = "", more: str = "") -> str:
    border = (m.BORDER_TLS if tls else m.BORDER_CLEAR).replace("mail.fabrikam.com", name)
    text = message(m.STORED, m.INTERNAL, above, border.replace("192.0.2.25", address), more=more)
    return text.replace("a@fabrikam.com", sender)


def test_a_strangers_old_mail_is_nobodys_proof() -> None:
    """Failing: the mail of a stranger, six years old, passes for the partner's, with "Who must act: nobody"."""
    (found,) = judged(STRANGER, MessageCheck(by_address(), now=NOW))
    assert found.verdict is Verdict.UNKNOWN
    assert fact(found, "whose message") == "contradicted"
    assert "192.0.2.77" in owner(found).text
    assert found.who, "nobody must act"
    assert "2020-03-03" in next(finding.text for finding in found.findings if finding.check is Check.AGE)
    assert fact(found, "date") == "2020-03-03, 2458 days ago"


@pytest.mark.parametrize(
    "name", ["lists.example", "fabrikam.example", "evil-fabrikam.com", "fabrikam.com.evil.example"]
)
@pytest.mark.parametrize("tls", [True, False])
def test_mail_of_others_is_not_the_partners(name: str, tls: bool) -> None:
    """Failing: mail of a list, or of a domain that looks alike, passes as the partner's, or is blamed on it."""
    (found,) = judged(_from(f"mx.{name}", "192.0.2.66", f"x@{name}", tls=tls), MessageCheck(declared()))
    assert found.verdict is Verdict.UNKNOWN
    assert fact(found, "whose message") == "unconnected"
    assert not any(finding.level is Level.ERROR for finding in found.findings)


def test_a_declared_address_connects() -> None:
    """Failing: mail from the partner's declared addresses is not taken for the partner's."""
    for address in ("198.51.100.10", "203.0.113.9"):
        text = _from("mx.humongousinsurance.com", address, "a@humongousinsurance.com")
        (found,) = judged(text, MessageCheck(by_address()))
        assert found.verdict is Verdict.PASSED
        assert f"the address {address}" in owner(found).text


def test_an_address_that_is_not_declared_contradicts() -> None:
    """Failing: all that the sender says is the partner's, and an address that the connector refuses passes."""
    text = _from("mx.humongousinsurance.com", "203.0.113.16", "a@humongousinsurance.com")
    (found,) = judged(text, MessageCheck(by_address()))
    assert found.verdict is Verdict.UNKNOWN
    assert fact(found, "whose message") == "contradicted"
    assert "Only labels it" in owner(found).text


def test_what_only_the_sender_says_does_not_pass() -> None:
    """Failing: a stranger that writes the partner's names everywhere passes for the partner."""
    (found,) = judged(_from("mail.fabrikam.com", "192.0.2.66", "a@fabrikam.com"), MessageCheck(declared()))
    assert found.verdict is Verdict.WARNING
    assert fact(found, "whose message") == "claimed"
    assert "which anybody can write" in owner(found).text


@pytest.mark.parametrize(
    ("results", "verdict", "connection"),
    [
        ("spf=pass (sender IP is 192.0.2.25) smtp.mailfrom=fabrikam.com", Verdict.PASSED, "connected"),
        ("spf=fail (sender IP is 192.0.2.25) smtp.mailfrom=fabrikam.com", Verdict.UNKNOWN, "contradicted"),
        ("spf=softfail (sender IP is 192.0.2.25) smtp.mailfrom=fabrikam.com", Verdict.UNKNOWN, "contradicted"),
        ("spf=none (sender IP is 192.0.2.25) smtp.mailfrom=fabrikam.com", Verdict.UNKNOWN, "unconnected"),
        ("spf=pass (sender IP is 192.0.2.25) smtp.mailfrom=evil.example", Verdict.UNKNOWN, "unconnected"),
        ("spf=pass (sender IP is 198.51.100.9) smtp.mailfrom=fabrikam.com", Verdict.WARNING, "claimed"),
    ],
)
def test_the_spf_record_that_the_receiving_side_read(results: str, verdict: Verdict, connection: str) -> None:
    """Failing: Exchange Online's own finding about the address is not read, or is read of another address."""
    field = f"Authentication-Results: {results}; dkim=none (message not signed)\n header.d=none;dmarc=none\n"
    (found,) = judged(message(m.STORED, field, m.BORDER_TLS), MessageCheck(declared()))
    assert (found.verdict, fact(found, "whose message")) == (verdict, connection)
    # Below the border the same words came with the message.
    (below,) = judged(message(m.STORED, m.BORDER_TLS, field), MessageCheck(declared()))
    assert below.verdict is Verdict.WARNING


def test_a_signature_is_the_texts_and_not_the_ways() -> None:
    """Failing: a list that passes on the partner's signed text passes for the partner's server."""
    field = (
        "Authentication-Results: spf=pass (sender IP is 192.0.2.66) smtp.mailfrom=lists.example; dkim=pass\n"
        " (signature was verified) header.d=fabrikam.com;dmarc=pass action=none header.from=fabrikam.com\n"
    )
    text = _from("lists.example", "192.0.2.66", "a@fabrikam.com", above=field)
    (found,) = judged(text, MessageCheck(declared()))
    assert found.verdict is Verdict.UNKNOWN
    assert "DKIM signature of fabrikam.com" in owner(found).text
    assert "lists.example" in owner(found).text


def test_an_envelope_that_the_connector_does_not_go_by() -> None:
    """Failing: mail from the partner's server in another envelope, to which no connector applies, passes in silence."""
    text = _from(
        "mx.humongousinsurance.com",
        "198.51.100.10",
        "a@humongousinsurance.com",
        more="Return-Path: <bounce@mailer.example>\n",
    )
    (found,) = judged(text, MessageCheck(by_address()))
    assert (found.verdict, checks(found)["owner"]) == (Verdict.WARNING, "warning")
    assert "mailer.example is not declared" in owner(found).text
    alone = text.replace("198.51.100.10", "198.51.100.10").replace("(198.51.100.10)", "(192.0.2.66)")
    (other,) = judged(alone, MessageCheck(declared(domains=["humongousinsurance.com"])))
    assert fact(other, "whose message") == "unconnected"


def test_a_reverse_name_of_another() -> None:
    """Failing: Exchange Online's own report about the address contradicts the sender's word, and is not read."""
    report = "X-Forefront-Antispam-Report: CIP:192.0.2.25;CTRY:;PTR:evil.example.net;\n"
    (found,) = judged(message(m.STORED, m.BORDER_TLS, more=report), MessageCheck(declared()))
    assert found.verdict is Verdict.UNKNOWN
    # The same field may have come with the message, so it connects nothing.
    (same,) = judged(
        message(m.STORED, m.BORDER_TLS, more=report.replace("evil.example.net", "mail.fabrikam.com")),
        MessageCheck(declared()),
    )
    assert same.verdict is Verdict.WARNING


def test_second_witnesses_of_another_address() -> None:
    """Failing: fields that name another address than the line do not raise a doubt."""
    fields = (
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=1;Ip=[198.51.100.9];Helo=[x]\n",
        "X-Forefront-Antispam-Report: CIP:198.51.100.9;CTRY:US;\n",
    )
    for field in fields:
        (found,) = judged(message(m.STORED, m.BORDER_TLS, more=field))
        assert checks(found)["address"] == "warning"
    above = "Received-SPF: Pass (protection.outlook.com: domain of x.example designates\n 198.51.100.9 as permitted)\n"
    (found,) = judged(message(m.STORED, above, m.BORDER_TLS))
    assert checks(found)["address"] == "warning"


@pytest.mark.parametrize(
    ("replace", "verdict", "connection"),
    [
        ((), Verdict.PASSED, "connected"),
        (("by mail.fabrikam.com", "by mx.google.com"), Verdict.WARNING, "connected"),
        (("for <test@fabrikam.com>", "for <x@elsewhere.example>"), Verdict.WARNING, "connected"),
        (
            ("by mail.fabrikam.com (Postfix)", "by mx.google.com", "fabrikam.com", "x.example"),
            Verdict.UNKNOWN,
            "unconnected",
        ),
    ],
)
def test_where_mail_to_the_partner_went(replace: tuple[str, ...], verdict: Verdict, connection: str) -> None:
    """Failing: mail delivered to somebody else's server proves the partner's connector."""
    text = message(m.OUTBOUND_TLS).replace("To: b@contoso.com", "To: x@y.example")
    for old, new in zip(replace[::2], replace[1::2], strict=True):
        text = text.replace(old, new)
    (found,) = judged(text, MessageCheck(declared(), OUTBOUND))
    assert (found.verdict, fact(found, "whose message")) == (verdict, connection)


def test_a_smart_host_is_the_partners() -> None:
    """Failing: mail that a declared smart host took is not taken for mail to the partner."""
    pair = declared(outbound={"smartHosts": ["relay1.hosting.example"], "tlsDomain": "*.hosting.example"})
    text = message(m.OUTBOUND_TLS).replace("by mail.fabrikam.com", "by relay1.hosting.example")
    (found,) = judged(text, MessageCheck(pair, OUTBOUND))
    assert (found.verdict, checks(found)["owner"]) == (Verdict.PASSED, "info")


def mail_hosts(pair: Pair, host: str, address: str) -> MailHosts:
    """What a probe knows of the partner: one MX."""
    mx = MxAnswer(records=(MxRecord(preference=10, host=host),))
    text = TextAnswer(problem=DnsProblem.NO_RECORD)
    seen = DomainSeen(domain="fabrikam.com", mx=mx, mta_sts=text, tls_rpt=text)
    found = HostSeen(host=host, addresses=AddressAnswer(addresses=(address,)), tlsa=TlsaAnswer())
    return MailHosts.of(pair, ProbeIndex(Probe(started=NOW, domains=(seen,), hosts=(found,))))


@pytest.mark.parametrize(
    ("by", "to", "connection"),
    [
        ("mx1.service.example", "b@fabrikam.com", "connected"),
        ("mx1.service.example", "b@other.example", "unconnected"),
        ("mx2.service.example", "b@fabrikam.com", "claimed"),
    ],
)
def test_an_mx_of_a_service_is_the_partners_for_its_mail(by: str, to: str, connection: str) -> None:
    """Failing: mail to a partner behind a service is doubted, or any customer's mail there counts as the partner's."""
    pair = declared()
    text = message(m.OUTBOUND_TLS).replace("by mail.fabrikam.com", f"by {by}").replace("To: b@contoso.com", f"To: {to}")
    text = re.sub(r"\s+for <[^>]*>", "", text)
    check = MessageCheck(pair, OUTBOUND, mail_hosts=mail_hosts(pair, "mx1.service.example", "192.0.2.66"))
    (found,) = judged(text, check)
    assert fact(found, "whose message") == connection
    assert (found.verdict is Verdict.PASSED) == (connection == "connected")


@pytest.mark.parametrize(("mx", "connection"), [("mx1.fabrikam.com", "connected"), ("mx1.service.example", "claimed")])
def test_the_address_of_an_mx_connects_where_it_is_the_partners_own(mx: str, connection: str) -> None:
    """Failing: every customer of a service passes for the partner, or the partner's own server is doubted."""
    pair = declared()
    check = MessageCheck(pair, mail_hosts=mail_hosts(pair, mx, "192.0.2.66"))
    (found,) = judged(_from("out.fabrikam.com", "192.0.2.66", "a@fabrikam.com"), check)
    assert fact(found, "whose message") == connection
    (other,) = judged(_from("out.fabrikam.com", "192.0.2.67", "a@fabrikam.com"), check)
    assert fact(other, "whose message") == "claimed"


def test_age_is_named_and_judges_nothing() -> None:
    """Failing: an old message passes as if it were of today, or a good one fails with time."""
    text = message(m.STORED, m.AUTHENTICATED, m.BORDER_TLS)
    (old,) = judged(text, MessageCheck(declared(), now=NOW))
    assert (old.verdict, checks(old)["age"]) == (Verdict.PASSED, "info")
    (new,) = judged(text, MessageCheck(declared(), now=datetime.datetime(2026, 4, 23, tzinfo=datetime.UTC)))
    assert "age" not in checks(new)
    (future,) = judged(text, MessageCheck(declared(), now=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)))
    assert (future.verdict, checks(future)["age"]) == (Verdict.WARNING, "warning")


@pytest.mark.parametrize(
    ("field", "transport"),
    [
        ("X-cloud-security-connect: mail.fabrikam.com[192.0.2.25], TLS=1, IP=192.0.2.25\n", "encrypted"),
        ("X-cloud-security-connect: mail.fabrikam.com[192.0.2.25], TLS=0\n", "clear"),
        ("X-cloud-security-connect: mail.fabrikam.com[192.0.2.26], TLS=1\n", "unknown"),
        ("X-DDEI-TLS-USAGE: Used\n", "encrypted"),
        ("X-Barracuda-Encrypted: ECDHE-RSA-AES256-GCM-SHA384\n", "encrypted"),
    ],
)
def test_fields_of_gateways_tell_what_their_lines_do_not(field: str, transport: str) -> None:
    """Failing: a gateway says apart whether TLS was used, and it is not read; or it is believed of the sender."""
    hop = "Received: from mail.fabrikam.com ([192.0.2.25]) by gw.contoso.example with ESMTP id 1; date\n"
    edge = m.GATEWAY_TO_EXCHANGE.replace("mx0a-0001.pphosted.com", "gw.contoso.example")
    check = MessageCheck(gateways=("contoso.example", "192.0.2.77"))
    found = judged(message(m.STORED, edge, field, hop), check)[1]
    assert fact(found, "transport") == transport
    below = judged(message(m.STORED, edge, hop, field), check)[1]
    assert fact(below, "transport") == transport
    assert below.verdict is not Verdict.PASSED, "the sender could have written the field"
    both = judged(message(m.STORED, edge, field.replace("TLS=1", "TLS=0"), hop, field), check)[1]
    assert fact(both, "transport") == ("clear" if "192.0.2.25], TLS" in field else transport)


@pytest.mark.parametrize(
    "field",
    [
        "List-Id: Partners <partners.lists.example>\n",
        "Resent-From: c@contoso.com\n",
        "Return-Path: <c+SRS=aBcDe=XY=fabrikam.com=a@forwarder.example>\n",
    ],
)
def test_what_was_passed_on_is_said(field: str) -> None:
    """Failing: a message that came over a list or a forward is judged as the partner's hop, or nobody says why not."""
    (found,) = judged(_from("mx.lists.example", "192.0.2.66", "a@fabrikam.com", more=field), MessageCheck(declared()))
    assert found.verdict is not Verdict.PASSED
    assert "It was passed on" in owner(found).text


def test_a_host_that_any_connector_may_reach() -> None:
    """Failing: where no name is demanded, a partner whose MX record names a service is doubted."""
    pair = declared(outbound={"connectionSecurity": "trustedCertificationAuthority"})
    text = message(m.OUTBOUND_TLS).replace("by mail.fabrikam.com", "by mx1.service.example")
    (found,) = judged(text, MessageCheck(pair, OUTBOUND))
    assert (found.verdict, checks(found)["owner"]) == (Verdict.PASSED, "info")


def test_a_name_that_may_be_forged_connects_nothing() -> None:
    """Failing: Sendmail says that a reverse name may be forged, and it counts as the receiving side's word."""
    hop = (
        "Received: from mail.fabrikam.com (mail.fabrikam.com [192.0.2.66] (may be forged))\n\tby gw.contoso.example "
        "(8.17.1/8.17.1) with ESMTPS id 1\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO); date\n"
    )
    edge = m.GATEWAY_TO_EXCHANGE.replace("mx0a-0001.pphosted.com", "gw.contoso.example")
    found = judged(message(m.STORED, edge, hop), MessageCheck(declared(), gateways=("contoso.example", "192.0.2.77")))
    assert [one.verdict for one in found] == [Verdict.PASSED, Verdict.WARNING]
    assert found[0].partner is None, "a hop of one's own counts as the partner's"
    assert fact(found[1], "whose message") == "claimed"


def test_a_field_of_parentheses_ends_nothing() -> None:
    """Failing: a From of a thousand odd characters, on which Python's own reader recurses, ends in a traceback."""
    for odd in ("\x00" * 3_000, "(" * 3_000, "]" * 3_000, "<" * 3_000, "a@" * 2_000):
        for found in judged(_from("mail.fabrikam.com", "192.0.2.66", odd), MessageCheck(declared())):
            assert found.verdict is not Verdict.PASSED


def test_an_address_in_a_display_name_labels_nothing() -> None:
    """Failing: the partner's address as somebody's name counts as the partner's."""
    text = _from("mx.evil.example", "192.0.2.66", '"a@fabrikam.com" <x@evil.example>')
    (found,) = judged(text, MessageCheck(declared()))
    assert fact(found, "whose message") == "unconnected"
