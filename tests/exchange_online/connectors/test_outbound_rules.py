"""Every rule over whole outbound connectors: a declaration that breaks it, and a neighbour that does not."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Severity
from tests.exchange_online.connectors.declared import Case, only, outbound

RELAYED = {"useMxRecord": False, "smartHosts": ["mx.fabrikam.com"]}
ON_PREMISES = {"connectorType": "OnPremises"}
SCOPED = {"isTransportRuleScoped": True}
NO_DOMAINS: dict[str, object] = {"recipientDomains": []}
ACCEPTED = "allAcceptedDomains"
OF_ACCEPTED = {ACCEPTED: True, **ON_PREMISES}
EVERYBODY = {"recipientDomains": ["*"]}
VALIDATED = {"tlsSettings": "DomainValidation", "tlsDomain": "mail.fabrikam.com"}
WARNING = Severity.WARNING


def _needs_on_premises(rule: str, key: str) -> Case:
    return Case(rule, key, "leave it out for a partner", {key: True}, {key: True, **ON_PREMISES})


CASES = [
    Case("V2", "name", "give it one", {"name": None}, {"name": "F"}),
    Case("V3", "name", "at most 64", {"name": "n" * 65}, {"name": "n" * 64}),
    _needs_on_premises("V15", "cloudServicesMailEnabled"),
    _needs_on_premises("V16", "senderRewritingEnabled"),
    _needs_on_premises("V17", "allAcceptedDomains"),
    _needs_on_premises("V17", "routeAllMessagesViaOnPremises"),
    Case("V18", "smartHosts", "list the servers", {"useMxRecord": False}, RELAYED),
    Case("V19", "smartHosts", "useMxRecord to false", {"smartHosts": ["mx.fabrikam.com"]}, RELAYED),
    Case(
        "addresses",
        "smartHosts",
        "list the public addresses",
        {"useMxRecord": False, "smartHosts": ["mx.fabrikam.com", "[10.0.0.5]", "169.254.0.0/16"]},
        {"useMxRecord": False, "smartHosts": ["mx.fabrikam.com", "192.0.2.5", "198.51.100.0/22"]},
        WARNING,
    ),
    Case("V21", "tlsDomain", "receiving server", {"tlsSettings": "DomainValidation"}, VALIDATED),
    Case("V22", "tlsDomain", "to DomainValidation", {"tlsDomain": "a.com"}, {"tlsDomain": ""}, WARNING),
    Case("V22", "tlsDomain", "leave it out", {**VALIDATED, "tlsSettings": "EncryptionOnly"}, VALIDATED, WARNING),
    Case("V23", "recipientDomains", "isTransportRuleScoped", NO_DOMAINS, {**NO_DOMAINS, **SCOPED}),
    Case(
        "V23",
        "recipientDomains",
        "list the partner's domains",
        {"recipientDomains": None},
        {**NO_DOMAINS, **ON_PREMISES, "allAcceptedDomains": True},
    ),
    Case("V24", "recipientDomains", "keep one", SCOPED, {**NO_DOMAINS, **SCOPED}),
    Case("scope", ACCEPTED, "Domains empty", {**EVERYBODY, **OF_ACCEPTED}, {**EVERYBODY, **ON_PREMISES}, WARNING),
    Case(
        "scope",
        ACCEPTED,
        "leave this out if all mail is meant",
        {"recipientDomains": ["a.com", "*"], **OF_ACCEPTED},
        {**NO_DOMAINS, **OF_ACCEPTED},
        WARNING,
    ),
    Case("scope", ACCEPTED, "keep one", OF_ACCEPTED, {**NO_DOMAINS, **OF_ACCEPTED}, WARNING),
    Case("scope", ACCEPTED, "keep one", {**NO_DOMAINS, **SCOPED, **OF_ACCEPTED}, {**NO_DOMAINS, **SCOPED}, WARNING),
    Case("test", "testMode", "when the test is over", {"testMode": True}, {"testMode": False}, WARNING),
    Case("test", "testMode", "leave it out", {**ON_PREMISES, "testMode": True}, ON_PREMISES, WARNING),
    Case("dane", "smtpDaneMode", "test it", {**RELAYED, "smtpDaneMode": "Mandatory"}, RELAYED, WARNING),
    Case("dane", "smtpDaneMode", "test it", {**RELAYED, "mtaStsMode": "None"}, {"mtaStsMode": "None"}, WARNING),
    Case("V26", "senderDomains", "leave it out of an outbound one", {"senderDomains": ["a.com"]}, {}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_finds_what_breaks_it(case: Case) -> None:
    """A failure means that the service refuses, or silently ignores, what the preview called fine."""
    case.assert_found(outbound(**case.breaks))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_leaves_its_neighbour_alone(case: Case) -> None:
    """A failure means that a sound declaration is refused."""
    case.assert_not_found(outbound(**case.keeps))


def test_which_mail_wins_is_said() -> None:
    """Failing: all mail to the internet takes a relay that is meant for the tenant's own domains (E13, A66)."""
    relay = {**RELAYED, "tlsSettings": "CertificateValidation"}
    reason = only(outbound(**EVERYBODY, **OF_ACCEPTED, **relay)).reason
    assert "all mail to the internet takes this connector" in reason
    assert "(fabrikam.com)" in only(outbound(**OF_ACCEPTED, **relay)).reason


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"tlsSettings": "EncryptionOnly"},
        {"tlsSettings": "CertificateValidation"},
        VALIDATED,
        {**VALIDATED, **RELAYED},
        {"smtpDaneMode": "Mandatory"},
        {**NO_DOMAINS, **SCOPED, **RELAYED},
    ],
)
def test_usual_connectors_have_no_findings(declared: dict[str, object]) -> None:
    """A failure means that people learn to ignore findings, or that an option cannot be declared."""
    assert outbound(**declared).findings == ()
