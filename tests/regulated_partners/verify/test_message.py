"""Whole messages: the hop that counts, and what it proves."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Direction
from regulated_partners.probing.verdicts import Check, Verdict
from regulated_partners.verify.message import MessageCheck
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import checks, fact, judged, message
from tests.regulated_partners.verify.partners import declared


def test_an_internal_hop_with_tls_does_not_save_a_clear_boundary() -> None:
    """Failing: the mistake that checking by eye makes: any line that mentions TLS passes a clear-text partner."""
    (found,) = judged(message(m.STORED, m.INTERNAL, m.BORDER_CLEAR, m.BELOW))
    assert found.verdict is Verdict.FAILED
    assert found.direction is Direction.INBOUND
    assert fact(found, "transport") == "clear"
    assert fact(found, "from") == "mail.fabrikam.com [192.0.2.25]"
    assert found.findings[0].answer == "451 5.7.3 STARTTLS is required to send mail"


def test_an_encrypted_boundary_with_the_other_hops_listed() -> None:
    """Failing: good mail is refused, or the report hides where it went."""
    (found,) = judged(message(m.STORED, m.INTERNAL, m.BORDER_TLS, m.BELOW))
    assert found.verdict is Verdict.PASSED
    assert (fact(found, "transport"), fact(found, "protocol")) == ("encrypted", "TLSv1.2")
    assert fact(found, "cipher") == "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    assert "above the boundary" in fact(found, "hop 3")
    assert "unproven" in fact(found, "hop 1")
    assert len(found.transcript) == 4


def test_an_outbound_message_that_the_partner_returned() -> None:
    """Failing: what the partner's server wrote about our certificate is not reported."""
    (found,) = judged(message(m.OUTBOUND_TLS, m.INTERNAL, m.SUBMITTED))
    assert (found.verdict, found.direction) == (Verdict.PASSED, Direction.OUTBOUND)
    certificate = "verified, CN mail.protection.outlook.com, issuer DigiCert Cloud Services CA-1"
    assert fact(found, "client certificate") == certificate


def test_an_old_version_is_a_warning() -> None:
    """Failing: TLS 1.0, which Exchange Online has dropped, passes in silence."""
    (found,) = judged(message(m.STORED, m.BORDER_OLD))
    assert found.verdict is Verdict.WARNING
    assert checks(found)["protocol"] == "warning"


def test_a_server_that_does_not_stamp_is_unknown_and_said() -> None:
    """Failing: silence is taken for clear text or for TLS."""
    (found,) = judged(message(m.OUTBOUND_SILENT))
    assert found.verdict is Verdict.UNKNOWN
    assert "does not say whether TLS was used" in found.findings[0].text
    assert found.who == (), "somebody is blamed for what is not shown"


def test_our_certificate_was_not_verified() -> None:
    """Failing: a peer that could not verify Exchange Online's certificate is not reported."""
    header = m.OUTBOUND_TLS.replace("(verified OK)", "(not verified)")
    (found,) = judged(message(header))
    assert found.verdict is Verdict.WARNING
    assert checks(found) == {"client-certificate": "warning"}


def test_a_cipher_that_does_not_encrypt_fails() -> None:
    """Failing: a NULL suite, which is TLS without encryption, passes."""
    (found,) = judged(message(m.OUTBOUND_TLS.replace("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-NULL-SHA")))
    assert found.verdict is Verdict.FAILED


@pytest.mark.parametrize("suite", ["ECDHE-RSA-RC4-SHA", "DES-CBC3-SHA", "EXP-RC4-MD5", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"])
def test_a_cipher_that_can_be_broken_is_said(suite: str) -> None:
    """Failing: TLS that anybody can read who records it passes as a proof."""
    (found,) = judged(message(m.OUTBOUND_TLS.replace("ECDHE-RSA-AES256-GCM-SHA384", suite)))
    assert (found.verdict, checks(found)["cipher"]) == (Verdict.WARNING, "warning")
    assert suite in next(finding.text for finding in found.findings if finding.check is Check.CIPHER)


def test_the_connector_decides_what_clear_text_means() -> None:
    """Failing: mail of a partner without forced TLS fails, or clear mail past a forcing connector is not explained."""
    check = MessageCheck(declared())
    (forced,) = judged(message(m.STORED, m.BORDER_CLEAR), check)
    assert forced.verdict is Verdict.FAILED
    assert "was not applied" in forced.findings[0].text
    assert "is refused unless" in forced.demand
    inbound = {"connectionSecurity": "opportunisticTls", "restrictDomainsBy": "none"}
    (loose,) = judged(message(m.STORED, m.BORDER_CLEAR), MessageCheck(declared(inbound=inbound)))
    assert loose.verdict is Verdict.WARNING


def test_inbound_says_that_the_certificate_is_not_proven() -> None:
    """Failing: an auditor takes a header for proof of the certificate match, which it never is."""
    (found,) = judged(message(m.STORED, m.AUTHENTICATED, m.BORDER_TLS), MessageCheck(declared()))
    assert found.verdict is Verdict.PASSED
    assert "not that the certificate matched mail.fabrikam.com" in found.findings[0].text


def test_a_connector_that_is_switched_off_is_said() -> None:
    """Failing: a message passes as proof of a connector that does nothing."""
    (found,) = judged(message(m.STORED, m.BORDER_TLS), MessageCheck(declared(enabled=False)))
    assert checks(found)["connector"] == "warning"


def test_a_gateway_of_ones_own_is_the_boundary() -> None:
    """Failing: with a gateway in front, the partner's hop is not looked at."""
    text = message(m.STORED, m.INTERNAL, m.GATEWAY_TO_EXCHANGE, m.PARTNER_TO_GATEWAY)
    without = judged(text)
    assert [fact(each, "from") for each in without] == ["mx0a-0001.pphosted.com [192.0.2.77]"]
    found = judged(text, MessageCheck(gateways=("pphosted.com",)))
    assert [fact(each, "by") for each in found] == [
        "co1nam03ft028.mail.protection.outlook.com",
        "mx0a-0001.pphosted.com",
    ]
    assert fact(found[1], "client certificate") == "not verified"


def test_lines_below_a_stranger_are_not_believed() -> None:
    """Failing: a message that passed through foreign hands counts as proof."""
    foreign = "Received: from x.example.net (x.example.net [192.0.2.3]) by list.example.net with ESMTPS id 1; date\n"
    (found,) = judged(message(foreign, m.BORDER_TLS))
    assert found.verdict is Verdict.WARNING
    assert "list.example.net" in found.findings[0].text


def test_a_forged_boundary_below_the_real_one_does_not_count() -> None:
    """Failing: a sender hides its clear connection behind a line that it invents."""
    forged = m.BORDER_TLS.replace("192.0.2.25", "198.51.100.1")
    (found,) = judged(message(m.STORED, m.BORDER_CLEAR, forged))
    assert found.verdict is Verdict.FAILED


def test_another_address_in_the_spam_report() -> None:
    """Failing: an unnamed gateway, or a forged line, goes unnoticed."""
    report = "X-Forefront-Antispam-Report: CIP:198.51.100.9;CTRY:US;LANG:en;\n"
    (found,) = judged(message(m.STORED, m.BORDER_TLS, more=report))
    assert checks(found)["address"] == "warning"
    same = report.replace("198.51.100.9", "192.0.2.25")
    (fine,) = judged(message(m.STORED, m.BORDER_TLS, more=same))
    assert "address" not in checks(fine)


def test_a_message_of_a_hybrid_connector() -> None:
    """Failing: mail that an OnPremises connector took counts as proof of the partner connector."""
    more = "X-MS-Exchange-CrossTenant-FromEntityHeader: HybridOnPrem\n"
    (found,) = judged(message(m.STORED, m.BORDER_TLS, more=more))
    assert checks(found)["attribution"] == "warning"


def test_a_partner_on_exchange_online_too() -> None:
    """Failing: mail between two tenants has no boundary."""
    hop = m.BORDER_TLS.replace("mail.fabrikam.com", "EUR05-DB8-obe.outbound.protection.outlook.com")
    hop = hop.replace("192.0.2.25", "40.107.20.25")
    (found,) = judged(message(m.STORED, m.INTERNAL, hop))
    assert (found.verdict, found.direction) == (Verdict.PASSED, Direction.INBOUND)
    assert checks(found)["tenants"] == "info"
    (outbound,) = judged(message(m.STORED, hop), MessageCheck(directions=(Direction.OUTBOUND,)))
    assert outbound.direction is Direction.OUTBOUND


NOT_AT_THE_BORDER = m.BORDER_TLS.replace(" via Frontend Transport", " via Mailbox Transport")


@pytest.mark.parametrize("hops", [(m.BELOW,), (m.STORED, m.INTERNAL), (m.SUBMITTED,), (NOT_AT_THE_BORDER,)])
def test_no_boundary_is_unknown(hops: tuple[str, ...]) -> None:
    """Failing: a message that never crossed between the organizations proves something."""
    (found,) = judged(message(*hops))
    assert (found.verdict, found.direction) == (Verdict.UNKNOWN, None)
    assert "--gateway" in found.findings[0].text


def test_only_the_direction_asked_for() -> None:
    """Failing: --direction does nothing."""
    (found,) = judged(message(m.STORED, m.BORDER_TLS), MessageCheck(directions=(Direction.OUTBOUND,)))
    assert found.verdict is Verdict.UNKNOWN


def test_mail_from_the_national_clouds() -> None:
    """Failing: a boundary of GCC High or of 21Vianet is not seen (host names assumed by analogy)."""
    for domain in ("mail.protection.office365.us", "mail.protection.partner.outlook.cn"):
        (found,) = judged(message(m.BORDER_TLS.replace("mail.protection.outlook.com", domain)))
        assert found.verdict is Verdict.PASSED
