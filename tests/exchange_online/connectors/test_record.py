"""Rows of `Get-` as live tenants showed them."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import COMPUTED, Direction, InboundSettings, OutboundSettings, record_from_row
from tests.support.recorded import recorded

SHAPES = recorded("connector_get_shapes")
ROWS = {Direction.INBOUND: SHAPES["inbound"], Direction.OUTBOUND: SHAPES["outbound"]}


def test_an_inbound_row_becomes_a_record() -> None:
    """A failure means that what a live tenant shows is read as something else."""
    record = record_from_row(Direction.INBOUND, SHAPES["inbound"])
    assert record.settings == InboundSettings(name="Fabrikam inbound", sender_domains=("fabrikam.example",))
    assert record.guid == "00000000-0000-4000-8000-000000000001"
    assert record.outputs() == {
        "name": "Fabrikam inbound",
        "connectorType": "Partner",
        "enabled": True,
        "cloudServicesMailEnabled": False,
        "senderDomains": ["fabrikam.example"],
        "requireTls": True,
        "restrictDomainsToCertificate": False,
        "restrictDomainsToIpAddresses": False,
        "treatMessagesAsInternal": False,
        "efSkipLastIp": False,
        "guid": "00000000-0000-4000-8000-000000000001",
        "identity": "Fabrikam inbound",
        "connectorSource": "Default",
        "isValid": True,
        "whenCreatedUtc": "2026-01-02T03:04:05.0000000Z",
        "whenChangedUtc": "2026-01-02T03:04:05.0000000Z",
    }


def test_an_outbound_row_becomes_a_record() -> None:
    """A failure means that what a live tenant shows is read as something else."""
    record = record_from_row(Direction.OUTBOUND, SHAPES["outbound"])
    assert record.settings == OutboundSettings(
        name="Fabrikam outbound", recipient_domains=("fabrikam.example",), tls_settings="CertificateValidation"
    )
    outputs = record.outputs()
    assert outputs["isValidated"] is False
    assert "lastValidationTimestamp" not in outputs
    assert "smtpDaneMode" not in outputs, "an older cloud does not have it, so its default is no output"


@pytest.mark.parametrize("direction", Direction)
def test_sidecars_and_directory_properties_are_ignored(direction: Direction) -> None:
    """A failure means that a key which is no property of a connector changes what is read."""
    row = ROWS[direction]
    more: dict[str, Any] = {f"{name}@odata.type": "#Collection(String)" for name in row}
    more |= {f"{name}@data.type": "System.Boolean" for name in row}
    more |= {"ObjectClass": ["top", "msExchSMTPInboundConnector"], "Id": "another", "ObjectState": "Unchanged"}
    assert record_from_row(direction, {**more, **row}) == record_from_row(direction, row)


@pytest.mark.parametrize("direction", Direction)
def test_missing_keys_have_their_default(direction: Direction) -> None:
    """A failure means that an older cloud, which lacks the newest properties, cannot be read."""
    record = record_from_row(direction, {"Guid": "0"})
    assert record.settings == type(record.settings)()
    assert (record.is_valid, record.is_validated, record.when_changed_utc) == (None, None, "")
    assert set(record.outputs()) & set(COMPUTED) == {"guid", "connectorSource"}


@pytest.mark.parametrize("guid", [None, "", 5])
def test_a_row_without_a_guid_is_refused(guid: object) -> None:
    """A failure means that a connector could get an empty id, and be taken for another one later."""
    with pytest.raises(ValueError, match="a row of Get-InboundConnector has no Guid"):
        record_from_row(Direction.INBOUND, {**SHAPES["inbound"], "Guid": guid})


def test_a_guid_in_capitals_is_the_same_guid() -> None:
    """A failure means that an import with the spelling of another tool looks like another connector."""
    row = {**SHAPES["inbound"], "Guid": "ABCDEF00-0000-4000-8000-00000000000A"}
    assert record_from_row(Direction.INBOUND, row).guid == "abcdef00-0000-4000-8000-00000000000a"


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("Default", "Default"),
        ("AdminUI", "Default"),
        ("", "Default"),
        (None, "Default"),
        ("HybridWizard", "HybridWizard"),
    ],
)
def test_who_made_it(shown: object, read: str) -> None:
    """A failure means drift for connectors of the portal (N2), or that the Hybrid Wizard's are not recognised."""
    assert record_from_row(Direction.INBOUND, {**SHAPES["inbound"], "ConnectorSource": shown}).connector_source == read


def test_null_and_empty_are_the_same() -> None:
    """A failure means drift between null, an empty text and an empty list (N3 to N5)."""
    row = SHAPES["inbound"]
    other = {**row, "Comment": None, "TlsSenderCertificateName": "", "SenderIPAddresses": None, "EFUsers": None}
    assert record_from_row(Direction.INBOUND, other) == record_from_row(Direction.INBOUND, row)


def test_a_rule_scoped_connector_has_no_domains() -> None:
    """A failure means that a connector for transport rules is read as one for a domain."""
    row = {**SHAPES["outbound"], "RecipientDomains": [], "IsTransportRuleScoped": True, "TlsSettings": None}
    settings = record_from_row(Direction.OUTBOUND, row).settings
    assert settings == OutboundSettings(name="Fabrikam outbound", is_transport_rule_scoped=True)


def test_a_validation_is_an_output_and_no_setting() -> None:
    """A failure means that a validation in the portal shows up as drift (N10)."""
    row = SHAPES["outbound"]
    validated = {**row, "IsValidated": True, "LastValidationTimestamp": "2026-01-02T03:04:05.0000000"}
    record = record_from_row(Direction.OUTBOUND, validated)
    assert record.settings == record_from_row(Direction.OUTBOUND, row).settings
    assert record.outputs()["lastValidationTimestamp"] == "2026-01-02T03:04:05.0000000"
