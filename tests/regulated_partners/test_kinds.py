"""What a connector is for, as far as its settings tell."""

from __future__ import annotations

import pytest

from exchange_online.connectors import ConnectorRecord
from regulated_partners.adopt import ConnectorKind, kind_of
from tests.regulated_partners.mixed_tenant import FATES, INBOUND, OUTBOUND
from tests.regulated_partners.rows import inbound, outbound
from tests.support.recorded import recorded


@pytest.mark.parametrize(
    ("connector", "kind"),
    [
        (inbound("x", "fabrikam.com"), ConnectorKind.PARTNER),
        (outbound("x", "fabrikam.com", "*.fabrikam.com"), ConnectorKind.PARTNER),
        (inbound("x", "*"), ConnectorKind.VENDOR),
        (outbound("x", "*"), ConnectorKind.VENDOR),
        (outbound("x", IsTransportRuleScoped=True, SmartHosts=["smtp.signature.example"]), ConnectorKind.VENDOR),
        (outbound("Limit", IsTransportRuleScoped=True, TlsSettings="CertificateValidation"), ConnectorKind.VENDOR),
        (outbound("x", IsTransportRuleScoped=True, ConnectorType="OnPremises"), ConnectorKind.VENDOR),
        (outbound("x", AllAcceptedDomains=True, ConnectorType="OnPremises"), ConnectorKind.ON_PREMISES),
        (outbound("x", "fabrikam.com", IsTransportRuleScoped=True), ConnectorKind.PARTNER),
        (outbound("x"), ConnectorKind.VENDOR),
        (inbound("x", "tenant.example", ConnectorType="OnPremises"), ConnectorKind.ON_PREMISES),
        (inbound("x", "*", ConnectorSource="HybridWizard"), ConnectorKind.HYBRID),
        (outbound("Outbound to 4f0c4f5e-7a56-4c5f-9a55-d9f1f8f0f2a1", "a.example"), ConnectorKind.HYBRID),
        (inbound("Inbound from Contoso", "contoso.com", ConnectorSource="AdminUI"), ConnectorKind.PARTNER),
        (outbound("x", "fabrikam.com", TestMode=True, ConnectorSource="HybridWizard"), ConnectorKind.TEST_MODE),
    ],
)
def test_kinds(connector: ConnectorRecord, kind: ConnectorKind) -> None:
    """Failure means: inventory and adoption take the wizard's connectors for a partner's, or the other way round."""
    assert kind_of(connector) is kind


def test_what_the_wizard_is_known_to_make_is_hybrid() -> None:
    """Failure means: the connectors of a published hybrid set-up would be adopted unasked."""
    case = next(each for each in recorded("peer_cases")["cases"] if each["id"] == "hcw-pair")
    for make, key, domains in ((inbound, "inbound", "SenderDomains"), (outbound, "outbound", "RecipientDomains")):
        cells = dict(case[key])
        name, of = cells.pop("Name"), cells.pop(domains)
        assert kind_of(make(name, *of, **cells)) is ConnectorKind.HYBRID


def test_the_mixed_tenant_is_what_it_says() -> None:
    """Failure means: the engine tests adopt something else than their table of fates is about."""
    assert sorted(FATES) == sorted(row["Name"] for row in [*INBOUND, *OUTBOUND])
