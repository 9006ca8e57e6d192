"""What a write is refused for because of another connector, and what is only warned of."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Direction, WayKind, check
from exchange_online.lifecycle import Before, Owner, TenantWays
from exchange_online.lifecycle.refusals import WouldBeRefused
from exchange_online.names import Face
from exchange_online_emulator import Control
from tests.exchange_online.lifecycle.conftest import Parts

_DECLARED = {"name": "Bank", "senderDomains": ["bank.example"]}
_ON = check(Direction.INBOUND, _DECLARED).settings
_OFF = check(Direction.INBOUND, {**_DECLARED, "enabled": False}).settings
_MEETS = check(
    Direction.INBOUND,
    {**_DECLARED, "restrictDomainsToCertificate": True, "tlsSenderCertificateName": "mail.gateway.example"},
).settings

_OWNER = Owner(f"urn:pulumi:dev::p::{Direction.INBOUND.token(Face.DYNAMIC)}::bank")


@pytest.fixture
def ways(parts: Parts, tenant: Control) -> TenantWays:
    """Of a tenant in which somebody restricts all senders."""
    restriction = {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "*.gateway.example"}
    tenant.seed(inbound=[{"Name": "Lock-down", "SenderDomains": ["*"], **restriction}])
    lifecycle = parts.lifecycle()
    return TenantWays(lifecycle.listing, lifecycle.rules, lifecycle.ownership)


@pytest.mark.parametrize("before", [None, Before("g", _OFF), Before("g", _MEETS)], ids=["new", "disabled", "met"])
def test_what_a_write_would_have_refused_is_not_written(ways: TenantWays, before: Before | None) -> None:
    """Failing, a partner's mail that came so far, or that was to come, is refused from this run on."""
    with pytest.raises(WouldBeRefused, match="'Lock-down' restricts all senders"):
        ways.refuse_what_is_refused(_OWNER, before, _ON)


def test_what_was_refused_before_is_warned_of(ways: TenantWays) -> None:
    """Failing, nobody can take over or correct a connector below a restriction that is there."""
    found = ways.refuse_what_is_refused(_OWNER, Before("g", _ON), _ON)
    assert [way.kind for way in found] == [WayKind.RESTRICTION]
    assert ways.refuse_what_is_refused(_OWNER, None, _MEETS) == ()
