"""Ranges as a partner's SPF record has them, and what protects nothing: what a person sees, and what is sent."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_IN
from tests.support.engine import Project
from tests.support.engine_run import Change

pytestmark = pytest.mark.engine

INBOUND, _ = FABRIKAM_CONNECTORS


def test_a_wide_range_is_sent_as_the_service_takes_it(project: Project, control: Control) -> None:
    """Failing: a range that the service refuses is sent, or the tenant's own order of its parts is drift (E23, A37)."""
    ranges = ["198.51.101.77/23", "203.0.113.9", "198.51.101.0/24", "10.1.2.3"]
    declared = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ranges, "certificateName": "a.fabrikam.com"}
    partner = {**FABRIKAM, "inbound": declared, "outbound": {"settings": {"testMode": True}}}
    relay = {
        "name": "EOP relay",
        "connectorType": "OnPremises",
        "allAcceptedDomains": True,
        "recipientDomains": ["*"],
        "useMxRecord": False,
        "smartHosts": ["relay.contoso.com"],
    }
    ours = {
        "name": "Ours",
        "connectorType": "OnPremises",
        "senderDomains": ["*"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.contoso.com",
    }
    project.declare(partner, outboundConnectors=[relay], inboundConnectors=[ours])

    made = project.up().succeeded()
    for words in (
        "inbound connector 'Fabrikam Bank - inbound': senderIpAddresses: no mail from the internet comes from some of "
        "the addresses (10.1.2.3: private (RFC 1918))",
        "inbound connector 'Fabrikam Bank - inbound': tlsSenderCertificateName: the name is stored, and no mail is "
        "refused because of it",
        "outbound connector 'Fabrikam Bank - outbound': testMode: a connector in test mode is not used for people's",
        "outbound connector 'EOP relay': allAcceptedDomains: recipientDomains holds '*', which wins",
        "inbound connector 'Ours': restrictDomainsToCertificate: it has no effect while connectorType is OnPremises",
    ):
        assert any(words in warning for warning in made.messages("warning")), f"{words!r} is not in\n{made.output}"
    parts = ["10.1.2.3", "198.51.100.0/24", "198.51.101.0/24", "203.0.113.9"]
    guid = tenant.guids(control)[INBOUND]
    assert tenant.connectors(control, "inbound")[INBOUND]["SenderIPAddresses"] == parts

    control.invoke("Set-InboundConnector", {"Identity": guid, "SenderIPAddresses": parts[::-1]})
    control.clear_calls()
    assert project.drift().succeeded().drift == {}
    declared["senderIpAddresses"] = [*ranges, "198.51.100.0/22"]
    project.declare(partner, outboundConnectors=[relay], inboundConnectors=[ours])
    widened = project.up().succeeded()
    assert widened.operations == {FABRIKAM_IN: "update"}
    wide = [parts[0], *(f"198.51.{third}.0/24" for third in range(100, 104)), parts[3]]
    assert widened.changes == {FABRIKAM_IN: {"senderIpAddresses": Change(parts, wide)}}
    assert tenant.sent(control) == [("Set-InboundConnector", {"Identity": guid, "SenderIPAddresses": wide})]
