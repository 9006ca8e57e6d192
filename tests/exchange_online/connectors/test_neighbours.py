"""Connectors that apply to the same mail."""

from __future__ import annotations

import pytest

from exchange_online.connectors import InboundSettings, OutboundSettings, neighbour_warnings, restricts_tenant

FABRIKAM = InboundSettings(name="Fabrikam", sender_domains=("fabrikam.com",))
GATEWAY = InboundSettings(
    name="Gateway",
    sender_domains=("*",),
    restrict_domains_to_ip_addresses=True,
    sender_ip_addresses=("192.0.2.1",),
)


def test_a_tenant_wide_restriction_is_named() -> None:
    """A failure means that nobody learns why the partner's mail is refused although its connector is right."""
    (warning,) = neighbour_warnings(FABRIKAM, [GATEWAY])

    assert "'Gateway' restricts all senders of the tenant" in warning


@pytest.mark.parametrize(
    "harmless",
    [
        InboundSettings(name="off", enabled=False, sender_domains=("*",), restrict_domains_to_certificate=True),
        InboundSettings(name="open", sender_domains=("*",)),
        InboundSettings(
            name="own", connector_type="OnPremises", sender_domains=("*",), restrict_domains_to_certificate=True
        ),
    ],
)
def test_what_restricts_nobody_is_not_named(harmless: InboundSettings) -> None:
    """A failure means warnings about connectors that do nothing, until nobody reads warnings."""
    assert not restricts_tenant(harmless)
    assert neighbour_warnings(FABRIKAM, [harmless]) == ()


def test_a_shared_domain_is_named_for_both_directions() -> None:
    """A failure means that two connectors compete for one partner's mail and nobody is told."""
    (inbound,) = neighbour_warnings(FABRIKAM, [InboundSettings(name="Old", sender_domains=("fabrikam.com", "x.com"))])
    outbound = neighbour_warnings(
        OutboundSettings(name="New", recipient_domains=("fabrikam.com",)),
        [OutboundSettings(name="Old", recipient_domains=("fabrikam.com",))],
    )

    assert "'Old' applies to fabrikam.com too" in inbound
    assert len(outbound) == 1
