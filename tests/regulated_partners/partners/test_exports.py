"""What a stack exports for each partner and connector."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from exchange_online import OutboundConnector
from exchange_online.connectors import Direction
from regulated_partners.component import RegulatedPartner
from regulated_partners.partners.connectors import read_connectors
from regulated_partners.program import connector_export, partner_export
from tests.regulated_partners.partners.declared import accepted, fabrikam

#: Stands for the component: an export reads nothing of it but the ids.
COMPONENT = cast(
    RegulatedPartner, SimpleNamespace(inbound=SimpleNamespace(id="in-1"), outbound=SimpleNamespace(id="out-1"))
)
FROM = "mail from fabrikam.com and *.fabrikam.com (envelope sender) is"
TO = "mail to fabrikam.com and *.fabrikam.com is delivered by the MX record"


def exported(**changed: object) -> dict[str, Any]:
    return partner_export(accepted(fabrikam(**changed)), COMPONENT)


def test_a_partner_exports_names_ids_and_sentences() -> None:
    """A failure means that an operator cannot find the connectors of a partner after a deployment."""
    assert exported() == {
        "inbound": {
            "connector": "Fabrikam Bank - inbound",
            "id": "in-1",
            "mailFlow": f"{FROM} refused unless it comes over TLS, with a certificate for mail.fabrikam.com",
        },
        "outbound": {
            "connector": "Fabrikam Bank - outbound",
            "id": "out-1",
            "mailFlow": f"{TO} only over TLS, with a trusted certificate for mail.fabrikam.com",
        },
    }


@pytest.mark.parametrize(
    ("inbound", "sentence"),
    [
        ({"restrictDomainsBy": "none"}, "refused unless it comes over TLS"),
        (
            {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]},
            "refused unless it comes over TLS, from 192.0.2.1",
        ),
        (
            {
                "connectionSecurity": "opportunisticTls",
                "restrictDomainsBy": "ipAddresses",
                "senderIpAddresses": ["192.0.2.1"],
            },
            "refused unless it comes from 192.0.2.1",
        ),
        (
            {"certificateName": "*.out.fabrikam.com"},
            "refused unless it comes over TLS, with a certificate for *.out.fabrikam.com",
        ),
    ],
)
def test_each_demand_on_mail_from_the_partner_is_said(inbound: dict[str, object], sentence: str) -> None:
    """A failure means that an auditor reads of a protection that is not there, or not of one that is."""
    assert exported(inbound=inbound)["inbound"]["mailFlow"] == f"{FROM} {sentence}"


@pytest.mark.parametrize(
    ("security", "sentence"),
    [
        ("opportunisticTls", "with TLS if the server offers it, else without, unless its DANE or MTA-STS demands TLS"),
        ("selfSignedCertificate", "only over TLS, with any certificate"),
        ("trustedCertificationAuthority", "only over TLS, with a certificate of a trusted CA"),
        ("recipientCertificateMatchesDomain", "only over TLS, with a trusted certificate for mail.fabrikam.com"),
    ],
)
def test_each_demand_on_mail_to_the_partner_is_said(security: str, sentence: str) -> None:
    """A failure means that an auditor reads of a protection that is not there, or not of one that is."""
    by_address = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]}
    said = exported(inbound=by_address, outbound={"connectionSecurity": security})
    assert said["outbound"]["mailFlow"] == f"{TO} {sentence}"


def test_a_partner_that_is_switched_off_says_so() -> None:
    """A failure means that mail is thought protected by connectors that are not in use."""
    for half in exported(enabled=False).values():
        assert half["mailFlow"].startswith("(switched off) mail ")


def test_a_connector_beside_the_partners_is_exported_too() -> None:
    """A failure means that an adopted connector is missing from the outputs."""
    (declared,), _ = read_connectors(
        Direction.OUTBOUND,
        [{"name": "C", "recipientDomains": ["a.com"], "useMxRecord": False, "smartHosts": ["mx.a.com"]}],
    )
    assert connector_export(declared, cast(OutboundConnector, SimpleNamespace(id="out-2"))) == {
        "id": "out-2",
        "mailFlow": "mail to a.com is delivered through mx.a.com with TLS if the server offers it, else without, "
        "unless its DANE or MTA-STS demands TLS",
    }
