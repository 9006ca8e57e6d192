"""Behaviour that must hold on the emulator and on a real tenant alike.

    pytest tests/live                 on the emulator: every pipeline does this
    pytest tests/live --live -n 0     on a real tenant

`--live` wants these variables, and refuses to send anything without the third:

    LIVE_TENANT             GUID or onmicrosoft.com domain of a tenant for tests
    LIVE_CLOUD              commercial (default), gcc-high, dod or china
    LIVE_TENANT_CONFIRMED   the same value as LIVE_TENANT once more
    AZURE_CLIENT_ID         the application, which has the app role Exchange.ManageAsApp and the role Exchange
                            Administrator
    AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, as azure-identity names them

Every connector made here is disabled, has a name of its own that begins with `regulated-partners-test-`, is for a
reserved domain (RFC 2606), and is removed afterwards, also when a test fails. No other connector is written.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.admin_api import AlreadyExists, InvalidArgument, NotFound
from exchange_online.connectors import ConnectorSettings, Direction, Options, changes, set_parameters
from exchange_online.lifecycle import Owner
from tests.live.tenant import Tenant

#: The resource of a stack that the tests act as.
_OWNER = Owner("urn:pulumi:live::regulated-partners-test::connector::tested")

BOTH = pytest.mark.parametrize("direction", Direction, ids=[direction.word for direction in Direction])

#: For each direction the properties that a test changes, from a first value to a second.
_FIRST: dict[Direction, dict[str, Any]] = {
    Direction.INBOUND: {
        "senderDomains": ["b.example", "*.a.example"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.partner.example",
        "comment": "first",
    },
    Direction.OUTBOUND: {
        "recipientDomains": ["b.example", "*.a.example"],
        "tlsSettings": "DomainValidation",
        "tlsDomain": "mail.partner.example",
        "validationRecipients": ["postmaster@partner.example"],
        "comment": "first",
    },
}
_SECOND: dict[Direction, dict[str, Any]] = {
    Direction.INBOUND: {
        "senderDomains": ["c.example"],
        "restrictDomainsToIpAddresses": True,
        "senderIpAddresses": ["192.0.2.0/28", "198.51.100.7"],
    },
    Direction.OUTBOUND: {
        "recipientDomains": ["c.example"],
        "useMxRecord": False,
        "smartHosts": ["relay.partner.example", "192.0.2.1"],
        "tlsSettings": "EncryptionOnly",
    },
}


@BOTH
@pytest.mark.parametrize("values", [{}, _FIRST, _SECOND], ids=["minimal", "first", "second"])
def test_what_is_created_reads_back_as_declared(tenant: Tenant, direction: Direction, values: dict[Any, Any]) -> None:
    """Failing, a stored form exists that the canonical form does not know: every preview would show drift."""
    wanted = tenant.settings(direction, **values.get(direction, {}))
    made = tenant.run().create(_OWNER, wanted, Options())
    assert made.record.settings == wanted
    read = tenant.run().read(direction, made.record.guid)
    assert read is not None
    assert read.settings == wanted
    assert read.guid == made.record.guid
    assert read.mark == _OWNER.mark, "the comment does not keep the line of the mark"
    assert read.connector_source == "Default"


@BOTH
def test_every_property_changes_and_clears(tenant: Tenant, direction: Direction) -> None:
    """Failing, a property would keep its old value, which a declaration can then never take away."""
    first = tenant.settings(direction, **_FIRST[direction])
    second = tenant.settings(direction, **_SECOND[direction])
    plain = tenant.settings(direction)
    guid = tenant.run().create(_OWNER, first, Options()).record.guid
    for before, after in ((first, second), (second, plain), (plain, first), (first, plain)):
        tenant.run().update(_OWNER, guid, before, after)
        read = tenant.run().read(direction, guid)
        assert read is not None
        assert changes(read.settings, after) == ()


@BOTH
def test_a_rename_keeps_the_guid(tenant: Tenant, direction: Direction) -> None:
    """Failing, the id in the state would name nothing after a rename."""
    before = tenant.settings(direction)
    after = tenant.settings(direction, name=f"{tenant.mark} renamed, [x] & y")
    guid = tenant.run().create(_OWNER, before, Options()).record.guid
    tenant.run().update(_OWNER, guid, before, after)
    assert [(each.guid, each.name) for each in tenant.held(direction)] == [(guid, after.name)]


@BOTH
def test_a_removed_connector_is_gone_and_removing_it_again_is_fine(tenant: Tenant, direction: Direction) -> None:
    """Failing, a destroy that was cut off could not be ended, or a connector that is gone would read as there."""
    settings = tenant.settings(direction)
    guid = tenant.run().create(_OWNER, settings, Options()).record.guid
    tenant.run().delete(_OWNER, guid, settings)
    assert tenant.run().read(direction, guid) is None
    tenant.run().delete(_OWNER, guid, settings)
    with pytest.raises(NotFound):
        tenant.run().update(_OWNER, guid, settings, tenant.settings(direction, comment="late"))


@BOTH
def test_a_second_create_takes_over_what_is_as_declared(tenant: Tenant, direction: Direction) -> None:
    """Failing, a run after a crash would make a second connector."""
    settings = tenant.settings(direction, **_FIRST[direction])
    guid = tenant.run().create(_OWNER, settings, Options()).record.guid
    again = tenant.run().create(_OWNER, settings, Options())
    assert again.record.guid == guid
    assert any("took over" in warning for warning in again.warnings)
    assert len(tenant.held(direction)) == 1


@BOTH
def test_a_name_is_unique(tenant: Tenant, direction: Direction) -> None:
    """Failing, the service allows two connectors of a name, and the search after a lost answer finds the wrong one."""
    tenant.cmdlets.new(direction, _as_new(tenant.settings(direction, comment="theirs")))
    (guid,) = [each.guid for each in tenant.held(direction)]
    ours = tenant.settings(direction)
    with pytest.raises(AlreadyExists):
        tenant.run().create(_OWNER, ours, Options())
    with pytest.raises(AlreadyExists):
        tenant.cmdlets.new(direction, _as_new(ours))
    assert [each.guid for each in tenant.held(direction)] == [guid]
    adopted = tenant.run().create(_OWNER, ours, Options(adopt_existing=True))
    assert adopted.record.guid == guid
    assert adopted.record.settings == ours


@BOTH
def test_drift_is_seen_and_nothing_else_is_sent(tenant: Tenant, direction: Direction) -> None:
    """Failing, a change made in the portal would not show, or its repair would touch other settings."""
    settings = tenant.settings(direction, comment="ours")
    guid = tenant.run().create(_OWNER, settings, Options()).record.guid
    tenant.cmdlets.set(direction, guid, {"Comment": "by hand"})
    read = tenant.run().read(direction, guid)
    assert read is not None
    (change,) = changes(read.settings, settings)
    assert (change.parameter.name, change.before) == ("Comment", "by hand")
    assert set_parameters((change,), settings) == {"Comment": "ours"}


def test_a_test_mode_connector_is_in_the_listing(tenant: Tenant) -> None:
    """Failing, a connector in test mode would read as gone, and be created again."""
    settings = tenant.settings(Direction.OUTBOUND, testMode=True)
    guid = tenant.run().create(_OWNER, settings, Options()).record.guid
    read = tenant.run().read(Direction.OUTBOUND, guid)
    assert read is not None
    assert read.settings == settings


def test_the_service_refuses_what_our_rules_refuse(tenant: Tenant) -> None:
    """Failing, a rule of `check` is stricter than the service, and forbids what administrators may do (V4, V5, V18)."""
    inbound = _as_new(tenant.settings(Direction.INBOUND))
    for wrong in ({"SenderDomains": ["domain.*.partner.example"]}, {"SenderIPAddresses": ["2001:db8::1"]}):
        with pytest.raises(InvalidArgument):
            tenant.cmdlets.new(Direction.INBOUND, inbound | wrong)
    with pytest.raises(InvalidArgument):
        tenant.cmdlets.new(Direction.OUTBOUND, _as_new(tenant.settings(Direction.OUTBOUND)) | {"UseMXRecord": False})
    assert tenant.held(Direction.INBOUND) == tenant.held(Direction.OUTBOUND) == ()


def _as_new(settings: ConnectorSettings) -> dict[str, Any]:
    from exchange_online.connectors import new_parameters

    return dict(new_parameters(settings))
