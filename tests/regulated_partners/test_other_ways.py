"""Other ways of partners' mail in the tenant, as the commands show them: before anything is sent, and ever after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from exchange_online_emulator import Control, most_at_once
from exchange_online_emulator.faults import Delay
from tests.regulated_partners.conftest import Command
from tests.support.engine import Project

PARTNER = {"name": "A Bank", "domains": ["abank.example"], "certificateName": "mail.abank.example", "comment": "SEC-1"}

#: What takes the partner's mail another way, by the names in the tenant.
INBOUND: list[dict[str, Any]] = [
    {"Name": "Rogue in", "SenderDomains": ["abank.example"], "RequireTls": False},
    {"Name": "Rogue wildcard in", "SenderDomains": ["*.abank.example"]},
    {"Name": "Rogue own", "ConnectorType": "OnPremises", "SenderDomains": ["abank.example"]},
    {"Name": "Trusting", "SenderDomains": ["else.example"], "TrustedOrganizations": ["abank.example"]},
]
LOCK_DOWN: dict[str, Any] = {
    "Name": "Lock-down",
    "SenderDomains": ["*"],
    "RestrictDomainsToCertificate": True,
    "TlsSenderCertificateName": "*.gateway.example",
}
OUTBOUND: list[dict[str, Any]] = [
    {"Name": "Rogue out", "RecipientDomains": ["abank.example"], "UseMXRecord": False, "SmartHosts": ["203.0.113.66"]},
    {
        "Name": "Central",
        "ConnectorType": "OnPremises",
        "RecipientDomains": ["*"],
        "RouteAllMessagesViaOnPremises": True,
        "UseMXRecord": False,
        "SmartHosts": ["mail.contoso.com"],
    },
    {"Name": "Vendor", "IsTransportRuleScoped": True},
]
RULE = {"Name": "Route away", "RouteMessageOutboundConnector": "Vendor", "RecipientDomainIs": ["abank.example"]}
ALARMS = {"Rogue in", "Rogue wildcard in", "Rogue own", "Trusting", "Rogue out", "Central", "Route away"}

#: For the same mail, and not in its way as things are.
NOTES: list[dict[str, Any]] = [
    {"Name": "Catch-all", "RecipientDomains": ["*"]},
    {"Name": "Own domains", "ConnectorType": "OnPremises", "AllAcceptedDomains": True},
    {"Name": "Wider", "RecipientDomains": ["*.example"]},
    {"Name": "Off", "RecipientDomains": ["abank.example"], "Enabled": False},
    {"Name": "Leftover", "RecipientDomains": ["abank.example"], "TestMode": True},
]
LISTINGS = {"Get-InboundConnector": 1, "Get-OutboundConnector": 2, "Get-TransportRule": 1}


def _unrelated(key: str, count: int) -> list[dict[str, Any]]:
    return [{"Name": f"Other {number} {key}", key: [f"other{number}.example"]} for number in range(count)]


def _ways(document: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for way in document["otherWays"]:
        assert way["partners"] == ["A Bank"]
        found.setdefault(way["weight"], set()).add(way["name"])
    return found


@pytest.mark.engine
def test_every_other_way_is_found_before_and_after(command: Command, project: Project, control: Control) -> None:
    """Failing: a connector or a rule takes a partner's mail past its pair, and nobody is told (E01, E02, E03)."""
    inbound, outbound = [*INBOUND, LOCK_DOWN, *_unrelated("SenderDomains", 95)], [*OUTBOUND, *NOTES]
    control.seed(inbound=inbound, outbound=[*outbound, *_unrelated("RecipientDomains", 92)], transport_rules=[RULE])
    assert sum(len(control.connectors(direction)) for direction in ("inbound", "outbound")) == 200
    control.clear_calls()
    project.declare(PARTNER)

    # Before anything is sent.
    planned = command("preview")
    assert planned.exit_code == 1, planned.stderr
    for name in (*ALARMS, *(note["Name"] for note in NOTES)):
        assert f"'{name}'" in planned.stderr, name
    assert "error: A Bank, inbound: the connector 'Lock-down' restricts all senders of the tenant" in planned.stderr
    assert "'Other 1" not in planned.stderr
    assert Counter(call.cmdlet for call in control.calls()) == LISTINGS
    refused = project.up()
    assert refused.exit_code != 0
    assert "'Lock-down' restricts all senders" in refused.stdout + refused.stderr
    assert control.writes() == []

    # At the write, and before it.
    project.declare(PARTNER, knownWays=["lock-DOWN"])
    applied = project.up().succeeded()
    said = applied.messages("warning")
    for name in ALARMS:
        assert any(f"'{name}'" in text for text in said), (name, said)
    assert not any("'Lock-down'" in text for text in said)

    # On every later look, though every property is as declared.
    control.clear_calls()
    drifted = command("drift", "--json")
    assert drifted.exit_code == 1
    assert drifted.document["drift"] == []
    assert _ways(drifted.document)["takes"] == ALARMS
    assert _ways(drifted.document)["note"] == {"Lock-down", *(note["Name"] for note in NOTES)}
    assert Counter(call.cmdlet for call in control.calls()) == LISTINGS
    inventory = command("inventory", "--json").succeeded().document
    assert _ways(inventory)["takes"] == ALARMS
    listed = {row["name"]: row["partners"] for row in inventory["connectors"]}
    assert {name for name, partners in listed.items() if partners} == ALARMS - {"Route away"}
    verified = command("verify", "service", "A Bank", "--json")
    assert verified.exit_code == 1
    (looked,) = (one for one in verified.document["judgements"] if one["subject"] == "other ways of the mail")
    assert looked["verdict"] == "failed"
    assert command("review").exit_code == 0
    report = (project.directory / ".review" / "dev" / "review.md").read_text(encoding="utf-8")
    assert "### Other ways that this mail can take" in report
    assert "Rogue out" in report

    # What is known and meant is no drift.
    project.declare(PARTNER, knownWays=["Lock-down", *ALARMS])
    quiet = command("drift").succeeded()
    assert "No drift" in quiet.stderr


@pytest.mark.engine
def test_the_tenant_is_asked_side_by_side(command: Command, project: Project, control: Control) -> None:
    """Failing, everybody waits two calls longer, some 1.5 s with a real tenant, before a preview or a report begins."""
    project.declare(PARTNER)
    control.clear_calls()
    for cmdlet in LISTINGS:
        control.fault(Delay(seconds=1.5), cmdlet, count=None)
    command("inventory", "--json").succeeded()
    calls = control.calls()
    assert Counter(call.cmdlet for call in calls) == LISTINGS
    assert most_at_once(calls) == sum(LISTINGS.values())
