"""The rules on settings: which are refused always, which only under `strict`, which by an offering."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import exchange_online_emulator
from exchange_online_emulator import Control
from exchange_online_emulator.rules_table import UNKNOWNS, registered_rules
from tests.exchange_online_emulator.admin import Admin, refusal_text

ROOT = Path(__file__).parents[2]
IN, OUT = "New-InboundConnector", "New-OutboundConnector"
ON_PREMISES = {"ConnectorType": "OnPremises"}

ALWAYS: list[tuple[str, str, dict[str, Any], str]] = [
    ("V1", IN, {"SenderDomains": None}, "mandatory parameters: SenderDomains"),
    ("V1-name", IN, {"Name": ""}, "mandatory parameters: Name"),
    ("V2", OUT, {"Name": None}, "mandatory parameters: Name"),
    ("V3", OUT, {"Name": "x" * 65}, "maximum length is 64"),
    ("V4-senders", IN, {"SenderDomains": ["domain.*.contoso.com"]}, "isn't a valid SMTP domain"),
    ("V4-recipients", OUT, {"RecipientDomains": ["domain.*.contoso.com"]}, "isn't a valid SMTP domain"),
    ("V4-tls", OUT, {"TlsDomain": "a.*.contoso.com"}, "isn't a valid SMTP domain"),
    ("V4-certificate", IN, {"TlsSenderCertificateName": "a.*.contoso.com"}, "isn't a valid SMTP domain"),
    ("V5", IN, {"SenderIPAddresses": ["2001:db8::1"]}, "IPv6 addresses are not supported"),
    ("V6", IN, {"SenderIPAddresses": ["192.0.2.0/23"]}, "mask from /24 to /32"),
    ("V6-junk", IN, {"SenderIPAddresses": ["somewhere"]}, "isn't a valid IP address range"),
    ("V6-mask", IN, {"SenderIPAddresses": ["192.0.2.0/255.255.255.0"]}, "isn't a valid IP address range"),
    ("EF-private", IN, {"EFSkipIPs": ["192.168.1.1"]}, "holds private IP addresses"),
    ("EF-private-range", IN, {"EFSkipIPs": ["198.51.100.1", "192.168.1.7/24"]}, "holds private IP addresses"),
    ("EF-private-within", IN, {"EFSkipIPs": ["8.0.0.0/6"]}, "holds private IP addresses"),
    ("EF-private-end", IN, {"EFSkipIPs": ["172.15.255.0 - 172.16.0.0"]}, "holds private IP addresses"),
    ("EF-private-through", IN, {"EFSkipIPs": ["192.0.0.0-193.0.0.0"]}, "holds private IP addresses"),
    ("V14", IN, {"TreatMessagesAsInternal": True}, "TreatMessagesAsInternal"),
    ("V14-both", IN, {**ON_PREMISES, "TreatMessagesAsInternal": True, "CloudServicesMailEnabled": True}, "Treat"),
    ("V15", IN, {"CloudServicesMailEnabled": True}, "CloudServicesMailEnabled cannot be set to true if"),
    ("V15-out", OUT, {"CloudServicesMailEnabled": True}, "CloudServicesMailEnabled cannot be set to true if"),
    ("V16", OUT, {"SenderRewritingEnabled": False}, "can only be specified for Connector type OnPremises."),
    ("V17", OUT, {"AllAcceptedDomains": True}, "AllAcceptedDomains"),
    ("V17-route", OUT, {"RouteAllMessagesViaOnPremises": True}, "RouteAllMessagesViaOnPremises"),
    ("V18", OUT, {"UseMXRecord": False}, "SmartHosts must be specified"),
    ("V20", OUT, {"UseMXRecord": False, "SmartHosts": ["relay.fabrikam.com:587"]}, "isn't a valid smart host"),
    ("V25", OUT, {"TlsSettings": "Nonsense"}, "Unable to match the identifier name Nonsense"),
    ("V25-ambiguous", OUT, {"ConnectorSource": ""}, "valid enumerator name"),
    ("V26", IN, {"BogusParameter": 1}, "Invalid cmdlet parameters specified. BogusParameter"),
    ("V26-set-only", OUT, {"ValidationRecipients": ["a@b.com"]}, "specified. ValidationRecipients"),
]
STRICT: list[tuple[str, str, dict[str, Any]]] = [
    ("V3-inbound", IN, {"Name": "x" * 65}),
    ("V7", IN, {"SenderIPAddresses": ["192.0.2.1-192.0.2.9"]}),
    ("V8", IN, {"RestrictDomainsToIPAddresses": True}),
    ("V9", IN, {"RestrictDomainsToCertificate": True}),
    ("V10", IN, {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "m.com", "RequireTls": False}),
    (
        "V11",
        IN,
        {
            "RestrictDomainsToCertificate": True,
            "TlsSenderCertificateName": "m.com",
            "RestrictDomainsToIPAddresses": True,
            "SenderIPAddresses": ["192.0.2.1"],
        },
    ),
    ("V19", OUT, {"SmartHosts": ["mail.fabrikam.com"], "UseMXRecord": True}),
    ("V21", OUT, {"TlsSettings": "DomainValidation"}),
    ("V22", OUT, {"TlsDomain": "mail.fabrikam.com"}),
    ("V23", OUT, {"RecipientDomains": []}),
    ("V24", OUT, {"IsTransportRuleScoped": True}),
    ("accepted-domain-names", IN, {"AssociatedAcceptedDomains": ["not-ours.com"]}),
]
WELL = {IN: {"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}, OUT: {"Name": "F", "RecipientDomains": ["f.com"]}}


@pytest.mark.parametrize(("cmdlet", "parameters", "text"), [case[1:] for case in ALWAYS], ids=[c[0] for c in ALWAYS])
def test_refused_always(admin: Admin, cmdlet: str, parameters: dict[str, Any], text: str) -> None:
    """Failing: what the service refuses passes every test of this project."""
    response = admin.post(cmdlet, {**WELL[cmdlet], **parameters})
    assert response.status_code == 400
    assert text in refusal_text(response)
    assert admin.rows(cmdlet.replace("New", "Get")) == []


@pytest.mark.parametrize(("cmdlet", "parameters"), [case[1:] for case in STRICT], ids=[c[0] for c in STRICT])
def test_refused_only_when_strict(admin: Admin, control: Control, cmdlet: str, parameters: dict[str, Any]) -> None:
    """Failing: a rule that is only assumed acts by default, or never."""
    control.switch(strict=True)
    assert admin.post(cmdlet, {**WELL[cmdlet], **parameters}).status_code == 400
    control.switch(strict=False)
    assert admin.post(cmdlet, {**WELL[cmdlet], **parameters}).status_code == 200


def test_a_range_beside_private_addresses_is_accepted(admin: Admin) -> None:
    """Failing: the emulator refuses what the service takes, and a sound declaration cannot be tried."""
    beside = ["9.255.255.255", "11.0.0.0/8", "172.32.0.0-192.167.255.255", "192.169.0.1"]
    assert admin.new_inbound(EFSkipIPs=beside)["EFSkipIPs"] == beside


def test_rules_judge_what_a_set_would_leave(admin: Admin, control: Control) -> None:
    """Failing: a Set may bring a connector into a state that New refuses."""
    admin.new_outbound(UseMXRecord=False, SmartHosts=["mail.fabrikam.com"])
    assert admin.post("Set-OutboundConnector", {"Identity": "Fabrikam", "SmartHosts": []}).status_code == 400
    admin.rows("Set-OutboundConnector", {"Identity": "Fabrikam", "UseMXRecord": True, "SmartHosts": []})
    rewriting = {"Identity": "Fabrikam", "SenderRewritingEnabled": True}
    assert admin.post("Set-OutboundConnector", rewriting).status_code == 400
    control.seed(outbound=[{"Name": "Scoped", "SmartHosts": ["mail.fabrikam.com"]}])
    control.switch(strict=True)
    same_command = admin.post("Set-OutboundConnector", {"Identity": "Scoped", "UseMXRecord": False, "Comment": "x"})
    assert same_command.status_code == 400


def test_enumerations_match_by_prefix_in_any_case(admin: Admin) -> None:
    """Failing: a client that sends a shortened name learns of it only in production."""
    row = admin.new_outbound(TlsSettings="domainvalid", TlsDomain="m.com", ConnectorType="on", SmtpDaneMode="MANDATORY")
    assert (row["TlsSettings"], row["ConnectorType"], row["SmtpDaneMode"]) == (
        "DomainValidation",
        "OnPremises",
        "Mandatory",
    )


@pytest.mark.parametrize(
    "parameters",
    [
        {"Enabled": "true"},
        {"Enabled": None},
        {"Enabled": 2},
        {"Comment": 7},
        {"SenderDomains": [1]},
        {"SenderDomains": [""]},
        {"SenderDomains": [["a.com"]]},
        {"ConnectorType": None},
        {"ConnectorType": 1},
        {"TlsSenderCertificateName": ["a.com"]},
        {"WhatIf": "no"},
    ],
    ids=str,
)
def test_bad_types_are_refused(admin: Admin, parameters: dict[str, Any]) -> None:
    """Failing: a value of another JSON type is taken for one of the parameter's."""
    response = admin.post(IN, {**WELL[IN], **parameters})
    error = response.json()["error"]
    assert response.status_code == 400
    assert "details" not in error
    assert "Cannot process argument transformation on parameter" in refusal_text(response)


def test_a_boolean_takes_the_numbers_that_its_refusal_names(admin: Admin) -> None:
    """Failing: the text of the refusal and what the emulator does contradict each other."""
    assert admin.new_inbound("A", Enabled=1)["Enabled"] is True
    assert admin.new_inbound("B", Enabled=0)["Enabled"] is False


def test_common_parameters_and_texts_of_switches_are_taken_unless_strict(admin: Admin, control: Control) -> None:
    """Failing: a client that sends PowerShell's own parameters is refused here, or strict does not act."""
    common = {"ErrorAction": "Stop", "warningaction": "Ignore", "Verbose": True, "OutVariable": "x"}
    assert admin.rows(IN, {**WELL[IN], **common, "WhatIf": "True"}) == []
    assert len(admin.rows(IN, {**WELL[IN], "WhatIf": "false"})) == 1
    assert len(admin.rows("Get-InboundConnector", common)) == 1
    control.switch(strict=True)
    assert "specified. ErrorAction" in refusal_text(admin.post("Get-InboundConnector", {"ErrorAction": "Stop"}))
    assert admin.post(IN, {**WELL[IN], "Name": "B", "WhatIf": "True"}).status_code == 400


def test_sender_rewriting_false_by_switch(admin: Admin, control: Control) -> None:
    """Failing: the undecided half of V16 cannot be tried, or true passes with it."""
    assert admin.post(OUT, {**WELL[OUT], "SenderRewritingEnabled": False}).status_code == 400
    control.switch(sender_rewriting="accept_false")
    assert admin.post(OUT, {**WELL[OUT], "SenderRewritingEnabled": True}).status_code == 400
    assert admin.post(OUT, {**WELL[OUT], "SenderRewritingEnabled": False}).status_code == 200


def test_two_spellings_of_one_parameter_are_refused(admin: Admin) -> None:
    """Failing: one of two values wins by chance."""
    assert admin.post(IN, {**WELL[IN], "comment": "a", "Comment": "b"}).status_code == 400


def test_a_wildcard_sender_with_a_restriction_is_accepted(admin: Admin) -> None:
    """Failing: the service's most dangerous connector (V12) cannot be tested here."""
    assert admin.new_inbound(SenderDomains="*", RestrictDomainsToCertificate=True, TlsSenderCertificateName="m.com")


def test_offering_disabled_creates_disabled_and_declines_to_enable(admin: Admin, control: Control) -> None:
    """Failing: the silent decline (V30, V31) cannot be tested here."""
    control.switch(offering="disabled")
    response = admin.post(IN, {**WELL[IN], **ON_PREMISES, "Enabled": True}).json()
    assert response["value"][0]["Enabled"] is False
    assert "created in a disabled state" in response["@adminapi.warnings"][0]
    declined = admin.post("Set-InboundConnector", {"Identity": "Fabrikam", "Enabled": True, "Comment": "x"}).json()
    assert "you can't enable an inbound connector" in declined["@adminapi.warnings"][0]
    row = admin.one("Inbound", "Fabrikam")
    assert (row["Enabled"], row["Comment"]) == (False, "x")
    assert admin.new_inbound("Partner")["Enabled"] is True


def test_offerings_that_prohibit(admin: Admin, control: Control) -> None:
    """Failing: V32 or V35 cannot be tested here."""
    admin.new_inbound("Old")
    control.switch(offering="prohibited")
    for response in (admin.post(IN, WELL[IN]), admin.post("Set-InboundConnector", {"Identity": "Old", "Comment": "x"})):
        assert "OrganizationInboundConnectorProhibitedException" in response.json()["error"]["details"][0]["message"]
    control.switch(offering="developer")
    assert admin.post(IN, WELL[IN]).status_code == 400
    assert admin.post("Set-InboundConnector", {"Identity": "Old", "Comment": "x"}).status_code == 200
    assert admin.post(OUT, WELL[OUT]).status_code == 200


#: A rule's id where the code claims it: `@documented("V6", …`, `_Strict("V8", …`.
_CLAIMED = re.compile(r"(?:@documented|@observed_\w+|@assumed|_Refusal|_Strict)\(\s*\"([^\"]+)\"")


def test_the_document_holds_the_rules_that_are_in_the_code() -> None:
    """Failing: docs/emulator-rules.md misses a rule, shows one that is gone, or a rule is never registered."""
    package = Path(exchange_online_emulator.__file__).parent
    claimed = [name for file in package.rglob("*.py") for name in _CLAIMED.findall(file.read_text(encoding="utf-8"))]
    document = (ROOT / "docs" / "emulator-rules.md").read_text(encoding="utf-8")
    rows = [line for line in document.partition("## Rules")[2].partition("\n## ")[0].splitlines() if "|" in line][2:]
    assert sorted(row.split("|")[1].strip() for row in rows) == sorted(claimed)
    assert {f"V{number}" for number in range(1, 37)} <= set(claimed)


def test_the_document_says_what_each_rule_rests_on() -> None:
    """Failing: a reader of docs/emulator-rules.md cannot tell a fact from an assumption, or what nobody knows."""
    document = (ROOT / "docs" / "emulator-rules.md").read_text(encoding="utf-8")
    for item in registered_rules():
        assert item.source
        for text in (item.summary, item.tag, item.source, ", ".join(item.clients)):
            assert text.replace("|", "\\|") in document
    for choice in UNKNOWNS.values():
        assert choice.replace("|", "\\|") in document
