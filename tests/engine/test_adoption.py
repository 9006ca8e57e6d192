"""A connector of the declared name exists already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import Project

pytestmark = pytest.mark.engine

INBOUND, OUTBOUND = FABRIKAM_CONNECTORS
PROGRAM = Path(__file__).parent / "programs" / "raw_connectors.py"

#: What an administrator made in the portal before: like the declaration, but for two settings.
MADE_BY_HAND: dict[str, Any] = {
    "Name": INBOUND,
    "SenderDomains": ["*.fabrikam.com", "fabrikam.com"],
    "RequireTls": False,
    "Comment": "made by hand",
    "TlsSenderCertificateName": "mail.fabrikam.com",
    "RestrictDomainsToCertificate": True,
}
AS_DECLARED: dict[str, Any] = {
    "Name": OUTBOUND,
    "RecipientDomains": ["Fabrikam.com", "*.fabrikam.com"],
    "TlsSettings": "DomainValidation",
    "TlsDomain": "mail.fabrikam.com",
    "Comment": "SEC-1234, owner messaging team",
}


def test_refused_with_the_differences_then_taken_over(project: Project, control: Control) -> None:
    """A failure means that somebody's connector is changed unasked, or is made twice, or cannot be taken over."""
    control.seed(inbound=[MADE_BY_HAND], outbound=[AS_DECLARED])
    guids = tenant.guids(control)
    by_hand = control.connectors("inbound")

    project.declare(FABRIKAM)
    project.up().refused(
        f"inbound connector '{INBOUND}'",
        "exists already",
        guids[INBOUND],
        "requireTls: false => true",
        "comment: made by hand => SEC-1234, owner messaging team",
        "set adoptExisting to true",
    )
    assert control.connectors("inbound") == by_hand

    project.declare({**FABRIKAM, "adoptExisting": True})
    adopted = project.up().succeeded()
    assert tenant.sent(control) == [
        (
            "Set-InboundConnector",
            {"Identity": guids[INBOUND], "RequireTls": True, "Comment": "SEC-1234, owner messaging team"},
        )
    ]
    assert any("took over the existing inbound connector" in text for text in adopted.messages("warning"))
    assert tenant.guids(control) == guids

    # The consent has done its work: without it nothing changes any more.
    project.declare(FABRIKAM)
    project.up().succeeded()
    project.up("--expect-no-changes").unchanged()
    assert len(tenant.sent(control)) == 1


def test_one_that_is_as_declared_is_taken_over_without_a_write(project: Project, control: Control) -> None:
    """A failure means that a run which was interrupted after its `New-` cannot be repeated, or writes again."""
    inbound = {
        "Name": INBOUND,
        "SenderDomains": ["fabrikam.com", "*.fabrikam.com"],
        "Comment": f"SEC-1234, owner messaging team\n{tenant.MARK}",
        "TlsSenderCertificateName": "mail.fabrikam.com",
        "RestrictDomainsToCertificate": True,
    }
    outbound = {**AS_DECLARED, "Comment": f"{AS_DECLARED['Comment']}\n{tenant.MARK}"}
    control.seed(inbound=[inbound], outbound=[outbound])
    guids = tenant.guids(control)

    project.declare(FABRIKAM)
    taken = project.up().succeeded()

    assert tenant.sent(control) == []
    assert tenant.guids(control) == guids
    for connector in FABRIKAM_CONNECTORS:
        assert any(
            connector in text and "it is as declared, so nothing was sent" in text for text in taken.messages("warning")
        )
    project.up("--expect-no-changes").unchanged()


def test_the_hybrid_wizards_connector_is_left_alone(project: Project, control: Control) -> None:
    """A failure means that a declaration takes over mail flow with on-premises servers by accident."""
    control.seed(outbound=[{**AS_DECLARED, "ConnectorSource": "HybridWizard"}])
    before = control.connectors("outbound")

    project.declare(FABRIKAM)
    project.up().refused(f"outbound connector '{OUTBOUND}'", "belongs to the Hybrid Configuration Wizard")

    assert control.connectors("outbound") == before


FABRIKAM_ARGUMENTS = {"name": "Fabrikam", "sender_domains": ["fabrikam.com"]}


def declared(*resources: str) -> dict[str, Any]:
    """A stack in which each of these resources declares the same connector."""
    return {
        "connectors": [
            {"direction": "inbound", "resource": resource, "arguments": FABRIKAM_ARGUMENTS} for resource in resources
        ]
    }


def test_a_resource_renamed_without_an_alias_keeps_its_connector(project: Project, control: Control) -> None:
    """A failure means that the successor takes the connector over, and the deletion of the old one then removes it."""
    project.use_program(PROGRAM)
    project.configure(**declared("old"))
    project.up().succeeded()
    guids = tenant.guids(control)

    project.configure(**declared("new"))
    renamed = project.up().succeeded()

    assert renamed.operations == {"new": "create", "old": "delete"}
    assert any("another resource of this program has it" in text for text in renamed.messages("warning"))
    assert tenant.guids(control) == guids
    assert [cmdlet for cmdlet, _ in tenant.sent(control)] == ["New-InboundConnector"]
    project.up("--expect-no-changes").unchanged()


def test_a_second_resource_does_not_get_the_connector_of_the_first(project: Project, control: Control) -> None:
    """A failure means that a copied line shares a connector, and that taking the line out again removes it."""
    project.use_program(PROGRAM)
    project.configure(**declared("first"))
    project.up().succeeded()

    project.configure(**declared("first", "second"))
    project.up().refused("inbound connector 'Fabrikam'", "give the connectors different names")
    project.configure(**declared("first"))
    project.up().unchanged()

    assert tenant.names(control) == ["Fabrikam"]


def test_a_restriction_that_the_program_declares_last_is_its_own(project: Project, control: Control) -> None:
    """Failing, a grown tenant cannot be taken over and added to in one step: its own restriction of all senders is a
    stranger's to every new connector whose creation ends before the program has come to it."""
    restriction = {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "*.gateway.example"}
    control.seed(
        inbound=[
            *({"Name": f"Bank {number}", "SenderDomains": [f"bank{number}.example"]} for number in range(3)),
            {"Name": "Lock-down", "SenderDomains": ["*"], **restriction},
        ]
    )
    guids, before = tenant.guids(control), tenant.whole(control)
    project.use_program(PROGRAM)
    arguments = [{"name": f"Bank {number}", "sender_domains": [f"bank{number}.example"]} for number in range(6)]
    banks = [
        {"direction": "inbound", "resource": each["name"], "arguments": {**each, "adopt_existing": True}}
        for each in arguments
    ]
    # What is there already was refused before it was taken over, and that goes on: it is warned of.
    project.configure(connectors=banks[:3])
    adopted = project.up().succeeded()
    warned = [text for text in adopted.messages("warning") if "'Lock-down' restricts all senders" in text]
    assert len(warned) == 3
    project.configure(connectors=[])
    assert project.pulumi("state", "delete", "--all", "--yes").returncode == 0
    last = {
        "direction": "inbound",
        "resource": "lock-down",
        "arguments": {
            "name": "lock-DOWN",
            "sender_domains": ["*"],
            "restrict_domains_to_certificate": True,
            "tls_sender_certificate_name": "*.gateway.example",
            "allow_tenant_wide_restriction": True,
            "adopt_existing": True,
        },
        "dependsOn": ["Bank 5"],
    }
    project.configure(connectors=banks)
    project.up("--continue-on-error").refused("the connector 'Lock-down' restricts all senders of the tenant")
    assert tenant.whole(control) == before

    project.configure(connectors=[*banks, last])
    project.up().succeeded()
    kept = {name: guid for name, guid in guids.items() if name != "Lock-down"}
    assert tenant.guids(control).items() >= {**kept, "lock-DOWN": guids["Lock-down"]}.items()
    assert len(tenant.guids(control)) == 7
