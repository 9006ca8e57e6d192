"""Where the border is: by the receiving hosts and by the addresses that connected, never by a name that was given."""

from __future__ import annotations

import base64

import pytest

from exchange_online.connectors import Direction
from regulated_partners.probing.verdicts import Check, Judgement, Level, Verdict
from regulated_partners.verify import microsoft
from regulated_partners.verify.message import MessageCheck
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import checks, fact, judged, message
from tests.regulated_partners.verify.partners import declared
from tools.microsoft_addresses import DATA, renewed

OUTBOUND = (Direction.OUTBOUND,)
FORGED_BELOW = m.BORDER_TLS.replace("192.0.2.25", "198.51.100.1")
FROM_EXCHANGE = "EUR05-DB8-obe.outbound.protection.outlook.com"
#: Exchange Online to a gateway of one's own, as the gateway wrote it.
TO_OWN_GATEWAY = f"""Received: from {FROM_EXCHANGE}
 (mail-db8eur05on2101.outbound.protection.outlook.com [40.107.20.101])
 (using TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))
 (Client CN "mail.protection.outlook.com", Issuer "DigiCert Cloud Services CA-1" (verified OK))
 by securemail.contoso.example (Postfix) with ESMTPS id 4BlXcl5FF6z4JJ6;
 Sun, 22 Apr 2026 02:54:18 +0000 (UTC)
"""
FROM_OWN_GATEWAY = m.BORDER_TLS.replace("mail.fabrikam.com", "securemail.contoso.example").replace(
    "192.0.2.25", "203.0.113.7"
)
PROOFPOINT_FILTER = """Received: from pps.filterd (m0240467.ppops.net [127.0.0.1])
\tby mx07-00178001.pphosted.com (8.18.1.2/8.18.1.2) with ESMTP id 42Q8rW3q012345
\tfor <b@contoso.com>; Sun, 22 Apr 2026 02:54:13 GMT
"""
PARTNER_TO_PROOFPOINT = """Received: from mail.fabrikam.com (mail.fabrikam.com [192.0.2.25])
\tby mx07-00178001.pphosted.com (PPS) with ESMTPS id 3tebjbyyd5-1
\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=OK)
\tfor <b@contoso.com>; Sun, 22 Apr 2026 02:54:11 +0000
"""


def _partners_hop(found: tuple[Judgement, ...]) -> Judgement:
    """The only judgement that is not between servers of one's own."""
    (hop,) = [one for one in found if all(each.name != "hop" for each in one.facts)]
    return hop


@pytest.mark.parametrize(
    "helo",
    [
        "fabrikam.onmicrosoft.com.mail.protection.outlook.com",
        "outlook.com",
        "a.outlook.com",
        "x.prod.outlook.com",
        "smtp.office365.com",
        "exchangelabs.com",
        FROM_EXCHANGE,
        "CO1NAM03FT028.mail.protection.outlook.com",
    ],
)
def test_a_name_of_microsofts_makes_no_hop_internal(helo: str) -> None:
    """Failing: a sender that calls itself a server of Microsoft's has its own forged line judged."""
    true = m.BORDER_CLEAR.replace("mail.fabrikam.com", helo)
    found = judged(message(m.STORED, m.INTERNAL, true, FORGED_BELOW))
    assert [one.verdict for one in found] == [Verdict.FAILED]
    assert fact(found[0], "transport") == "clear"
    assert fact(found[0], "from") == f"{helo} [192.0.2.25]"
    assert checks(found[0])["address"] == "warning"


def test_a_name_of_microsofts_over_tls_is_no_tenant() -> None:
    """Failing: a stranger with a forged name passes for another tenant, or in silence."""
    hop = m.BORDER_TLS.replace("mail.fabrikam.com", FROM_EXCHANGE)
    (found,) = judged(message(m.STORED, hop))
    assert (found.verdict, found.direction) == (Verdict.WARNING, Direction.INBOUND)
    assert "tenants" not in checks(found)
    (outbound,) = judged(message(m.STORED, hop), MessageCheck(directions=OUTBOUND))
    assert outbound.verdict is Verdict.UNKNOWN


def test_another_tenant_is_known_by_its_address() -> None:
    """Failing: mail between tenants, from the addresses that Microsoft publishes, is not recognised; or is internal."""
    for address in ("40.107.20.25", "52.101.5.6", "104.47.1.2", "40.95.21.161", "2a01:111:f403:c112::3"):
        hop = m.BORDER_CLEAR.replace("192.0.2.25", address)
        (found,) = judged(message(m.STORED, hop))
        assert found.verdict is Verdict.FAILED
        assert checks(found)["tenants"] == "info"


def test_hops_among_exchanges_own_servers_are_no_border() -> None:
    """Failing: a hop inside Exchange Online is taken for the partner's."""
    for address in ("10.152.250.57", "2603:10b6:610:10e:cafe::37", "2a01:111:e400:7e0e::4d"):
        inside = m.BORDER_TLS.replace("mail.fabrikam.com", "SLXP216MB0381.KORP216.PROD.OUTLOOK.COM")
        (found,) = judged(message(m.STORED, inside.replace("192.0.2.25", address), m.BORDER_CLEAR))
        assert found.verdict is Verdict.FAILED
        assert fact(found, "from") == "mail.fabrikam.com [192.0.2.25]"


@pytest.mark.parametrize("filters", [1, 3])
def test_hops_inside_a_gateway_are_not_the_partners(filters: int) -> None:
    """Failing: a gateway's own filter, on its loopback address, is judged instead of the partner's server."""
    edge = m.GATEWAY_TO_EXCHANGE.replace("mx0a-0001", "mx07-00178001")
    text = message(m.STORED, edge, *[PROOFPOINT_FILTER] * filters, PARTNER_TO_PROOFPOINT)
    for gateways in (("pphosted.com",), ("pphosted.com", "192.0.2.77"), ("192.0.2.64/28",)):
        hop = _partners_hop(judged(text, MessageCheck(gateways=gateways)))
        assert fact(hop, "from") == "mail.fabrikam.com [192.0.2.25]"
        assert (fact(hop, "protocol"), fact(hop, "client certificate")) == ("TLSv1.3", "verified")
        # Without its address the gateway is known by the name only that its sender chose.
        assert hop.verdict is (Verdict.WARNING if gateways == ("pphosted.com",) else Verdict.PASSED)
    qmail = text.replace(PARTNER_TO_PROOFPOINT, f"Received: (qmail 7 invoked by uid 89); date\n{PARTNER_TO_PROOFPOINT}")
    assert fact(_partners_hop(judged(qmail, MessageCheck(gateways=("pphosted.com",)))), "protocol") == "TLSv1.3"
    clear = text.replace("with ESMTPS", "with ESMTP").replace(
        "\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=OK)", ""
    )
    assert _partners_hop(judged(clear, MessageCheck(gateways=("pphosted.com",)))).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("more", ["", "X-Forefront-Antispam-Report: CIP:192.0.2.66;PTR:evil.example.net;SRV:;\n"])
def test_a_gateway_is_not_known_by_the_name_it_gives(more: str) -> None:
    """Failing: a stranger that calls itself the gateway has the line believed that it made up."""
    edge = m.GATEWAY_TO_EXCHANGE.replace("mx0a-0001", "unrs").replace("192.0.2.77", "192.0.2.66")
    text = message(m.STORED, edge, PARTNER_TO_PROOFPOINT, more=more)
    for gateways in (("pphosted.com",), ("pphosted.com", "192.0.2.77"), ("192.0.2.77",)):
        found = judged(text, MessageCheck(declared(), gateways=gateways))
        partners = [one for one in found if all(each.name != "hop" for each in one.facts)]
        assert partners, "nothing is said about the partner's hop"
        assert Verdict.PASSED not in {one.verdict for one in partners}
    # An address that is none of the gateway's, and a reverse name of another's, end the doubt.
    for gateways, report in ((("pphosted.com", "192.0.2.77"), ""), (("pphosted.com",), more)):
        if gateways[1:] or report:
            (hop,) = judged(text, MessageCheck(gateways=gateways))
            assert fact(hop, "from") == "unrs.pphosted.com [192.0.2.66]"


def test_a_gateway_whose_own_line_is_missing_proves_nothing() -> None:
    """Failing: the hop from one's own gateway passes for the partner's."""
    for below in ((), (m.BELOW,), (FORGED_BELOW,)):
        found = judged(message(m.STORED, m.GATEWAY_TO_EXCHANGE, *below), MessageCheck(gateways=("pphosted.com",)))
        # The gateway is known by the name only that its sender chose.
        assert [one.verdict for one in found] == [Verdict.WARNING, Verdict.UNKNOWN]
        assert fact(found[0], "hop") == "between servers of your own"


def test_a_hop_from_a_gateway_known_by_its_address_passes() -> None:
    """Failing: the hop from one's own gateway passes on the word of a host that calls itself so, or never passes."""
    text = message(m.STORED, m.GATEWAY_TO_EXCHANGE, PARTNER_TO_PROOFPOINT)
    for gateways, verdict in ((("pphosted.com",), Verdict.WARNING), (("192.0.2.64/28",), Verdict.PASSED)):
        own = judged(text, MessageCheck(gateways=gateways))[0]
        assert (fact(own, "hop"), own.verdict) == ("between servers of your own", verdict)


def test_a_well_known_service_is_asked_about() -> None:
    """Failing: a gateway of one's own that was not named hides the partner's hop without a word."""
    (found,) = judged(message(m.STORED, m.GATEWAY_TO_EXCHANGE, m.PARTNER_TO_GATEWAY))
    assert checks(found) == {"trust": "info"}
    assert "--gateway" in found.findings[0].text


LOOP = (m.STORED, m.INTERNAL, FROM_OWN_GATEWAY, TO_OWN_GATEWAY, m.INTERNAL, m.BORDER_CLEAR, m.BELOW)


@pytest.mark.parametrize("gateways", [("contoso.example",), ("203.0.113.7",), ("contoso.example", "203.0.113.0/29")])
def test_a_loop_through_ones_own_gateway(gateways: tuple[str, ...]) -> None:
    """Failing: with SEPPmail, Check Point or NoSpamProxy behind Exchange Online, the partner's clear hop passes."""
    found = judged(message(*LOOP), MessageCheck(gateways=gateways))
    hop = _partners_hop(found)
    assert (hop.verdict, hop.direction) == (Verdict.FAILED, Direction.INBOUND)
    assert fact(hop, "from") == "mail.fabrikam.com [192.0.2.25]"
    assert checks(hop)["crossings"] == "warning"
    assert {one.direction for one in found} == {Direction.INBOUND}


def test_a_loop_without_its_gateways_name_is_said() -> None:
    """Failing: a message that passed the border twice is judged by the newer hop without a word."""
    (found,) = judged(message(*LOOP))
    assert found.verdict is Verdict.UNKNOWN, "the older hop, in clear, may be the partner's"
    (other,) = judged(message(*LOOP).replace(m.BORDER_CLEAR, m.BORDER_TLS))
    assert other.verdict is Verdict.WARNING
    crossing = next(one for one in found.findings if one.check is Check.CROSSINGS)
    assert crossing.level is Level.WARNING
    assert "twice" in crossing.text
    assert "securemail.contoso.example" in crossing.text


def test_a_loop_on_ones_own_servers_behind_exchange_online() -> None:
    """Failing: the hop from Exchange Online to an Exchange server of one's own is judged as the partner's."""
    text = message(TO_OWN_GATEWAY, m.INTERNAL, m.BORDER_TLS, m.BELOW)
    (found,) = judged(text, MessageCheck(gateways=("contoso.example",), directions=(Direction.INBOUND,)))
    assert fact(found, "from") == "mail.fabrikam.com [192.0.2.25]"
    assert fact(found, "transport") == "encrypted"


def test_a_partner_on_exchange_online_behind_a_gateway() -> None:
    """Failing: mail of a partner that is on Exchange Online, too, is lost at one's own gateway."""
    text = message(m.STORED, FROM_OWN_GATEWAY, TO_OWN_GATEWAY, m.INTERNAL, m.SUBMITTED)
    hop = _partners_hop(judged(text, MessageCheck(gateways=("contoso.example", "203.0.113.7"))))
    assert (hop.verdict, fact(hop, "by")) == (Verdict.PASSED, "securemail.contoso.example")
    assert checks(hop) == {"tenants": "info"}


def test_a_forged_way_from_exchange_to_a_gateway_leads_nowhere() -> None:
    """Failing: a stranger that calls itself Exchange Online at a gateway has an older, forged border judged."""
    stranger = TO_OWN_GATEWAY.replace(
        "(mail-db8eur05on2101.outbound.protection.outlook.com [40.107.20.101])", "(unknown [198.51.100.66])"
    )
    text = message(m.STORED, FROM_OWN_GATEWAY, stranger, m.INTERNAL, m.BORDER_TLS)
    hop = _partners_hop(judged(text, MessageCheck(gateways=("contoso.example", "203.0.113.7"))))
    assert "198.51.100.66" in fact(hop, "from")


SIGNATURES = "Received: from smtp.exclaimer.example (198.51.100.30) by AM7EUR03FT001.mail.protection.outlook.com\n"
SIGNATURES += " (10.152.80.1) with Microsoft SMTP Server{tls} id 15.20.1.1 via Frontend Transport;\n"
SIGNATURES += " Mon, 7 Sep 2026 15:43:30 +0000\n"
TLS_GROUP = " (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)"


@pytest.mark.parametrize("tls", [TLS_GROUP, ""])
def test_the_senders_own_services_are_not_judged(tls: str) -> None:
    """Failing: a service for signatures of the sender's, in clear, is blamed on the partner's server."""
    text = message(m.OUTBOUND_TLS, m.INTERNAL, SIGNATURES.format(tls=tls), m.SUBMITTED)
    (found,) = judged(text)
    assert (found.verdict, found.direction) == (Verdict.PASSED, Direction.OUTBOUND)
    assert checks(found)["crossings"] == "info"


def test_a_journal_report_is_about_the_message_in_it() -> None:
    """Failing: the way of a journal report to the archive passes for mail to the partner."""
    inner = message(m.STORED, m.BORDER_CLEAR)
    journal = (
        m.OUTBOUND_TLS.replace("mail.fabrikam.com", "journal.archive.example")
        + "X-MS-Journal-Report:\nFrom: journal@contoso.com\nMIME-Version: 1.0\n"
        + "Content-Type: multipart/mixed; boundary=cut\n\n--cut\nContent-Type: text/plain\n\nSender: a@fabrikam.com\n"
        + f"--cut\nContent-Type: message/rfc822\n\n{inner}\n--cut--\n"
    )
    (found,) = judged(journal)
    assert (found.verdict, found.direction) == (Verdict.FAILED, Direction.INBOUND)
    (alone,) = judged(journal.partition("\n\n")[0])
    assert alone.verdict is Verdict.UNKNOWN
    assert "journal report" in alone.findings[0].text


def test_between_tenants_the_declaration_tells_the_direction() -> None:
    """Failing: mail to a partner that is on Exchange Online, too, is judged as mail from it."""
    hop = m.BORDER_TLS.replace("192.0.2.25", "40.107.20.25").replace("mail.fabrikam.com", FROM_EXCHANGE)
    to_partner = (
        message(m.STORED, hop)
        .replace("a@fabrikam.com", "b@contoso.com", 1)
        .replace("To: b@contoso.com", "To: a@fabrikam.com")
    )
    (outbound,) = judged(to_partner, MessageCheck(declared()))
    assert outbound.direction is Direction.OUTBOUND
    (inbound,) = judged(message(m.STORED, hop), MessageCheck(declared()))
    assert inbound.direction is Direction.INBOUND
    assert checks(inbound)["tenants"] == "info"


def test_outbound_is_known_by_address_or_by_the_name_looked_up() -> None:
    """Failing: a stranger's message to the partner, with a name of Exchange Online's, proves our connector."""
    for seen in ("(unknown [198.51.100.66])", "([198.51.100.66])", "(evil.example.net [198.51.100.66])"):
        text = m.OUTBOUND_TLS.replace(
            "(mail-he1eur04olkn0804.outbound.protection.outlook.com [IPv6:2001:db8::804])", seen
        )
        for found in judged(message(text)):
            assert found.verdict is Verdict.UNKNOWN
    (real,) = judged(message(m.OUTBOUND_TLS.replace("2001:db8::804", "2a01:111:f403::804")))
    assert real.verdict is Verdict.PASSED
    (elsewhere,) = judged(message(m.OUTBOUND_TLS.replace("IPv6:2001:db8::804", "8.8.8.8")))
    assert elsewhere.verdict is Verdict.UNKNOWN


def _enclosing(outer: str, inner: str, how: str) -> str:
    if how == "base64":
        coded = base64.encodebytes(inner.encode()).decode()
        part = f"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{coded}"
    else:
        part = f"Content-Type: message/rfc822\n\n{inner}"
    return (
        f"{outer}From: a@fabrikam.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=cut\n\n"
        f"--cut\nContent-Type: text/plain\n\nsee\n--cut\n{part}\n--cut--\n"
    )


@pytest.mark.parametrize("how", ["rfc822", "base64"])
def test_what_a_stranger_attaches_proves_nothing(how: str) -> None:
    """Failing: whoever attaches a message with invented headers proves what they want."""
    stranger = m.BORDER_TLS.replace("mail.fabrikam.com", "evil.example.net").replace("192.0.2.25", "192.0.2.66")
    text = _enclosing(m.STORED + stranger, message(m.OUTBOUND_TLS), how)
    assert all(one.verdict is not Verdict.PASSED for one in judged(text) if one.direction is Direction.OUTBOUND)
    outer, inner = judged(text, MessageCheck(declared()))
    assert outer.verdict is Verdict.WARNING, "only From: is the partner's"
    assert inner.verdict is Verdict.UNKNOWN
    for outbound in judged(text, MessageCheck(declared(), directions=OUTBOUND)):
        assert outbound.verdict is Verdict.UNKNOWN, "the direction asked for hides who sent it"
    returned = _enclosing(m.STORED + m.AUTHENTICATED + m.BORDER_TLS, message(m.OUTBOUND_TLS), how)
    found = judged(returned, MessageCheck(declared()))
    assert [(one.verdict, one.direction) for one in found] == [
        (Verdict.PASSED, Direction.INBOUND),
        (Verdict.PASSED, Direction.OUTBOUND),
    ]


def test_microsofts_addresses_are_dated_data() -> None:
    """Failing: nobody knows how old the addresses are, or where they come from; or a renewal loses them."""
    data = microsoft.published()
    for cloud in data.clouds:
        assert cloud.source
        assert cloud.version[:4].isdigit()
        assert cloud.delivers
    assert DATA == microsoft.DATA
    sets = [
        {"serviceArea": "Exchange", "urls": ["outlook.office.com"], "ips": ["13.107.6.152/31"], "tcpPorts": "80,443"},
        {
            "serviceArea": "Exchange",
            "urls": ["*.mail.protection.outlook.com"],
            "ips": ["40.92.0.0/15"],
            "tcpPorts": "25",
        },
        {
            "serviceArea": "Exchange",
            "urls": ["*.protection.outlook.com"],
            "ips": ["52.238.78.88/32"],
            "tcpPorts": "443",
        },
        {"serviceArea": "SharePoint", "ips": ["52.104.0.0/14"], "tcpPorts": "25"},
    ]
    content = data.model_dump(mode="json")
    new = microsoft.MicrosoftAddresses.model_validate(renewed(content, "Worldwide", "2026110100", sets))
    assert [str(network) for network in new.clouds[0].delivers] == ["40.92.0.0/15", "52.238.78.88/32"]
    assert new.clouds[0].version == "2026110100"
    assert new.clouds[1:] == data.clouds[1:]
    with pytest.raises(ValueError, match="no addresses"):
        renewed(content, "Worldwide", "2026110100", sets[:1])


@pytest.mark.parametrize("forged", [FORGED_BELOW, m.OUTBOUND_TLS])
def test_a_first_line_that_continues_the_border_forges_nothing(forged: str) -> None:
    """Failing: a sender whose headers begin with a blank writes into the line of the border itself."""
    continued = f" {forged.removeprefix('Received: ')}"
    (clear,) = judged(message(m.STORED, m.BORDER_CLEAR, continued))
    assert (clear.verdict, fact(clear, "transport")) == (Verdict.FAILED, "clear")
    (foreign,) = judged(message(m.STORED, m.AUTHENTICATED, m.BORDER_TLS, continued), MessageCheck(declared()))
    assert foreign.verdict is not Verdict.PASSED or fact(foreign, "from") == "mail.fabrikam.com [192.0.2.25]"


def test_what_a_mail_program_handed_in_proves_nothing() -> None:
    """Failing: the lines that came with a message which somebody's mail program sent are taken for a border."""
    submitted = (
        "Received: from [10.1.2.3] (198.51.100.66) by AM0PR09MB3876.eurprd09.prod.outlook.com (2603:10a6:208::1)\n"
        f" with Microsoft SMTP Server{TLS_GROUP} id 15.20.1.1; Fri, 25 Sep 2026 17:19:07 +0000\n"
    )
    for below in (m.BORDER_TLS, m.OUTBOUND_TLS):
        (found,) = judged(message(m.STORED, submitted, below))
        assert (found.verdict, found.direction) == (Verdict.UNKNOWN, None)


def test_exchanges_own_second_by() -> None:
    """Failing: a message that Exchange Online put back into the mailbox seems to come from a stranger."""
    again = (
        "Received: from CH0P223MB0074.NAMP223.PROD.OUTLOOK.COM (2603:10b6:5:337::11) by\n CH0P223MB0074.NAMP223.PROD"
        ".OUTLOOK.COM (2603:10b6:5:337::11) with MailboxResubmission by AntispamTT\n id 15.20.7249.10; date\n"
    )
    (found,) = judged(message(again, m.BORDER_TLS))
    assert (found.verdict, checks(found)) == (Verdict.PASSED, {})
