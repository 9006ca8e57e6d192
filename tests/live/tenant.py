"""A tenant as the behavioural tests see it, and the consent without which none of them touches a real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from exchange_online.admin_api import ConnectorCmdlets, Settings
from exchange_online.connectors import ConnectorRecord, ConnectorSettings, Direction, check
from exchange_online.lifecycle import Lifecycle

#: Every connector of these tests is called so: whoever meets one left behind knows where it comes from.
PREFIX = "regulated-partners-test-"

CLOUD = "LIVE_CLOUD"
TENANT = "LIVE_TENANT"
CONSENT = "LIVE_TENANT_CONFIRMED"


def live_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the real tenant. Ends the run where the tenant is not confirmed by a second variable."""
    tenant = environ.get(TENANT, "").strip()
    if not tenant:
        raise pytest.UsageError(f"--live needs {TENANT}: the GUID or onmicrosoft.com domain of a tenant for tests.")
    if environ.get(CONSENT, "").strip().lower() != tenant.lower():
        raise pytest.UsageError(
            f"--live creates and removes connectors in the tenant {tenant}. If that is meant, set {CONSENT} to the "
            f"same value as {TENANT}; nothing was sent."
        )
    cloud = environ.get(CLOUD, "commercial").strip()
    if cloud == "local":
        raise pytest.UsageError(f"--live is for a real tenant; without it the tests run on the emulator ({CLOUD}).")
    return Settings(cloud=cloud, tenant=tenant)


@dataclass(frozen=True)
class Tenant:
    """What a test does to the tenant.

    Attributes:
        mark: begins the name of everything the test makes.
        cmdlets: acts as somebody else, such as an administrator in the portal.
        run: what the resources use; a new one for each run of Pulumi.
    """

    mark: str
    cmdlets: ConnectorCmdlets
    run: Callable[[], Lifecycle]

    def settings(self, direction: Direction, **properties: object) -> ConnectorSettings:
        """Canonical settings of a disabled connector for a reserved domain (RFC 2606), with changes."""
        domains = "senderDomains" if direction is Direction.INBOUND else "recipientDomains"
        name = f"{self.mark} {direction.word}"
        declared = {"name": name, domains: ["partner.example"], "enabled": False} | properties
        checked = check(direction, declared)
        assert not checked.errors, checked.errors
        return checked.settings

    def held(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """The connectors of this test that the tenant has."""
        return tuple(record for record in self.cmdlets.list(direction) if record.name.startswith(self.mark))
