"""The parts of one running emulator, put together."""

from __future__ import annotations

from pathlib import Path

from exchange_online_emulator import identity as identities
from exchange_online_emulator.admin_api.paging import PageTokens
from exchange_online_emulator.cmdlets.tenant import Tenant
from exchange_online_emulator.faults.engine import Faults
from exchange_online_emulator.models import Kind, Settings, StoredObject
from exchange_online_emulator.storage import Store
from exchange_online_emulator.tokens.applications import ApplicationRegistration, Applications, ClientSecret
from exchange_online_emulator.tokens.signing import SigningKey


class Emulator:
    """One emulated tenant with its state file.

    `url` is the base URL it answers on (`https://127.0.0.1:8443`); `latency` seconds delay each admin API answer.
    """

    def __init__(self, state: Path, url: str, latency: float = 0) -> None:
        self.identity = identities.load_or_create(state)
        self.state = state
        self.url = url
        self.latency = latency
        self.store = Store(state)
        self.tenant = Tenant(self.store)
        self.applications = Applications(self.store)
        self.signing_key = SigningKey(self.identity.private_key)
        self.faults = Faults()
        self.page_tokens = PageTokens()
        # Counts resets: a call that is still on its way when one happens belongs to what was forgotten.
        self.epoch = 0
        # The last CAE challenge: only tokens asked for with its claims are accepted from then on.
        self.challenge: str | None = None
        self.furnish()

    def furnish(self) -> None:
        """Make sure that the tenant has what every tenant has: its first application and its accepted domains."""
        with self.store.transaction():
            if self.applications.get(self.identity.client_id) is None:
                self.applications.register(
                    ApplicationRegistration(
                        client_id=self.identity.client_id,
                        display_name="regulated-partners",
                        secrets=(ClientSecret(value=self.identity.client_secret),),
                    )
                )
            if not self.store.objects(Kind.ACCEPTED_DOMAIN):
                domain = self.identity.initial_domain
                settings: Settings = {"DomainName": domain, "DomainType": "Authoritative", "Default": True}
                self.store.insert(StoredObject(Kind.ACCEPTED_DOMAIN, domain, settings))

    def reset(self) -> None:
        """Forget connectors, rules, domains, applications, calls, faults and switches; keep identity, CA and keys."""
        self.epoch += 1
        self.faults.clear()
        self.challenge = None
        with self.store.transaction():
            self.tenant.forget()
            self.furnish()

    def means_tenant(self, name: str) -> bool:
        """Whether a path segment names the tenant: its GUID or its initial domain.

        A vanity domain does not. Source: observed:single SIGCHAMP (wire 3.1).
        """
        return name.lower() in (self.identity.tenant, self.identity.initial_domain)
