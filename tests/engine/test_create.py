"""The main job: the stack `dev` as it stands in the repository, from nothing."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import Project

pytestmark = pytest.mark.engine

INBOUND = {
    "Fabrikam Bank - inbound": {
        "Comment": "SEC-1234, owner messaging team",
        "SenderDomains": ["smtp:fabrikam.com;1", "smtp:*.fabrikam.com;1"],
        "RestrictDomainsToCertificate": True,
        "TlsSenderCertificateName": "mail.fabrikam.com",
    },
    "Dogs and Cats, Inc. - inbound": {
        "Comment": "SEC-1240, owner messaging team",
        "SenderDomains": ["smtp:dogsandcats.com;1"],
        "RestrictDomainsToCertificate": True,
        "TlsSenderCertificateName": "mail.dogsandcats.com",
    },
    "Woodgrove Hospital - inbound": {
        "Comment": "SEC-1302, owner messaging team",
        "SenderDomains": ["smtp:woodgrove.org;1"],
        "RestrictDomainsToIPAddresses": True,
        "SenderIPAddresses": ["192.0.2.16/28"],
    },
    "Humongous Insurance - inbound": {
        "Comment": "SEC-1317, owner messaging team",
        "SenderDomains": ["smtp:humongousinsurance.com;1"],
        "RestrictDomainsToIPAddresses": True,
        "SenderIPAddresses": ["198.51.100.10", "203.0.113.0/28"],
    },
}
OUTBOUND = {
    "Fabrikam Bank - outbound": {
        "Comment": "SEC-1234, owner messaging team",
        "RecipientDomains": ["fabrikam.com", "*.fabrikam.com"],
        "TlsSettings": "DomainValidation",
        "TlsDomain": "mail.fabrikam.com",
    },
    "Dogs and Cats, Inc. - outbound": {
        "Comment": "SEC-1240, owner messaging team",
        "RecipientDomains": ["dogsandcats.com"],
        "TlsSettings": "CertificateValidation",
        "ValidationRecipients": ["postmaster@dogsandcats.com"],
    },
    "Woodgrove Hospital - outbound": {
        "Comment": "SEC-1302, owner messaging team",
        "RecipientDomains": ["woodgrove.org"],
        "TlsSettings": "EncryptionOnly",
        "UseMXRecord": False,
        "SmartHosts": ["relay1.woodgrove.org", "relay2.woodgrove.org"],
    },
    "Humongous Insurance - outbound": {
        "Comment": "SEC-1317, owner messaging team",
        "RecipientDomains": ["humongousinsurance.com"],
        "TlsSettings": "DomainValidation",
        "TlsDomain": "mx.humongousinsurance.com",
    },
}


def test_four_partners_become_eight_connectors_and_stay_as_they_are(project: Project, control: Control) -> None:
    """A failure means that the first `make up` does not protect the example partners, or that the second one writes."""
    created = project.up(preview=True).succeeded()

    assert set(created.operations.values()) == {"create"}
    assert len(created.operations) == 8
    assert tenant.connectors(control, "inbound") == INBOUND
    assert tenant.connectors(control, "outbound") == OUTBOUND
    assert created.messages("warning") == ()
    _outputs_say_what_was_made(project, control)

    control.clear_calls()
    project.up("--expect-no-changes", preview=True).unchanged()
    assert tenant.sent(control) == []


def _outputs_say_what_was_made(project: Project, control: Control) -> None:
    outputs, guids = project.outputs(), tenant.guids(control)
    partners = [name.removesuffix(" - inbound") for name in INBOUND]
    assert sorted(outputs) == sorted(f"partners/{name}" for name in partners)
    for name in partners:
        exported = outputs[f"partners/{name}"]
        for direction in ("inbound", "outbound"):
            connector = f"{name} - {direction}"
            assert exported[direction]["connector"] == connector
            assert exported[direction]["id"] == guids[connector]
    assert outputs["partners/Fabrikam Bank"]["inbound"]["mailFlow"] == (
        "mail from fabrikam.com and *.fabrikam.com (envelope sender) is refused unless it comes over TLS, with a "
        "certificate for mail.fabrikam.com"
    )


def test_preview_of_a_new_stack_writes_nothing(project: Project, control: Control) -> None:
    """A failure means that a pull request's preview touches the tenant, or promises something else than `up` does."""
    planned = project.preview().succeeded()

    assert set(planned.operations.values()) == {"create"}
    assert len(planned.operations) == 8
    assert control.calls() == [], "a preview of new connectors needs no call at all"
    assert 'tlsSenderCertificateName    : "mail.fabrikam.com"' in planned.stdout
