"""One running emulator: its identity, made at random on first start and kept, and its parts, put together."""

from __future__ import annotations

import secrets
import ssl
import uuid
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ConfigDict, Field

from exchange_online_emulator.admin_api.requests import PageTokens
from exchange_online_emulator.cmdlets.tenant import Tenant
from exchange_online_emulator.connection import write_private
from exchange_online_emulator.faults import Faults
from exchange_online_emulator.models import Kind, Settings, StoredObject
from exchange_online_emulator.names import LOOPBACK, in_url
from exchange_online_emulator.rules import observed_single
from exchange_online_emulator.storage import Store
from exchange_online_emulator.tokens.applications import ApplicationRegistration, Applications, ClientSecret
from exchange_online_emulator.tokens.issue import SigningKey


class Identity(BaseModel):
    """The identity of one emulated tenant; kept in `<state>.identity.json`, mode 0600.

    `tenant` and `client_id` are GUIDs; keys and certificates are PEM texts.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    initial_domain: str
    client_id: str
    client_secret: str = Field(repr=False)
    ca_certificate: str
    ca_key: str = Field(repr=False)
    signing_key: str = Field(repr=False)

    def server_context(self, names: tuple[str, ...] = ()) -> ssl.SSLContext:
        """The server's side of TLS, with a certificate for loopback and further names that the emulator's CA issued."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        authority = trustme.CA.from_pem(self.ca_certificate.encode(), self.ca_key.encode())
        authority.issue_cert(*LOOPBACK, *names).configure_cert(context)
        return context


def ca_bundle_path(state: Path) -> Path:
    """Where the CA certificate that clients trust is kept."""
    return state.with_suffix(".ca.pem")


def load_or_create(state: Path, beside: Identity | None = None) -> Identity:
    """The identity beside a state file, generated when there is none; writes the CA bundle too.

    Args:
        beside: that of the first tenant of the same emulator, whose CA and signing key count for this one as well.
    """
    path = state.with_suffix(".identity.json")
    kept = ("ca_certificate", "ca_key", "signing_key")
    shared = None if beside is None else {name: getattr(beside, name) for name in kept}
    if path.exists():
        identity = Identity.model_validate_json(path.read_text(encoding="utf-8"))
        identity = identity.model_copy(update=shared)
    else:
        identity = _generate(beside)
        write_private(path, identity.model_dump_json(indent=1))
    if beside is None:
        write_private(ca_bundle_path(state), identity.ca_certificate)
    return identity


def _generate(beside: Identity | None) -> Identity:
    tenant = {
        "tenant": str(uuid.uuid4()),
        "initial_domain": f"emulator{secrets.token_hex(4)}.onmicrosoft.com",
        "client_id": str(uuid.uuid4()),
        "client_secret": secrets.token_urlsafe(32),
    }
    if beside is not None:
        return beside.model_copy(update=tenant)
    authority = trustme.CA(organization_name="Exchange Online emulator")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Identity(
        **tenant,
        ca_certificate=authority.cert_pem.bytes().decode(),
        ca_key=authority.private_key_pem.bytes().decode(),
        signing_key=pem.decode(),
    )


class Emulator:
    """One emulated tenant with its state file.

    `beside` is the first tenant, where the same server holds several, whose names and token count for this one as well.
    `url` is the base URL it answers on (`https://127.0.0.1:8443`); `latency` seconds delay each admin API answer;
    `names` are those by which it answers besides loopback's; `control_token` is what the control API demands, if any.
    `on_way` is how many calls of the admin API are being answered; only the server's event loop counts them.
    """

    def __init__(
        self,
        state: Path,
        url: str,
        latency: float = 0,
        beside: Emulator | None = None,
        *,
        names: tuple[str, ...] = (),
        control_token: str | None = None,
    ) -> None:
        self.identity: Identity = load_or_create(state, beside.identity if beside else None)
        self.state = state
        self.url = url
        self.latency = latency
        self.names: tuple[str, ...] = beside.names if beside else names
        self.control_token: str | None = beside.control_token if beside else control_token
        self.on_way = 0
        self.store = Store(state)
        self.tenant = Tenant(self.store)
        self.applications = Applications(self.store)
        self.signing_key = SigningKey(self.identity.signing_key)
        self.faults = Faults()
        self.page_tokens = PageTokens()
        # Counts resets: a call that is still on its way when one happens belongs to what was forgotten.
        self.epoch = 0
        # The last CAE challenge: only tokens asked for with its claims are accepted from then on.
        self.challenge: str | None = None
        # The documented cmdlets that were called and are not emulated.
        self.not_emulated: set[str] = set()
        self.furnish()

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Every base URL by which it may be asked: of each name at its own port, and of the service's at 443."""
        port, names = self.url.rpartition(":")[2], [in_url(name) for name in (*LOOPBACK, *self.names)]
        return (*(f"https://{name}:{port}" for name in names), *(f"https://{name}" for name in names))

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
        self.not_emulated.clear()
        with self.store.transaction():
            self.tenant.forget()
            self.furnish()

    @observed_single(
        "max-concurrent",
        "with max_concurrent the call that is one too many on its way answers 429 with the text of the concurrency "
        "limit, as plain text, without Retry-After, without doing anything; a batch is one call",
        "EXOHELPER (text; exchange-wire 7.2: 429 or another status); TMPEXO (429); that the limit counts calls on "
        "their way, that it answers at once, and how a batch counts, are assumed",
        applies="switch",
    )
    def has_too_many(self) -> bool:
        """Whether the call that came last is one too many."""
        return 0 < self.tenant.switches.max_concurrent < self.on_way

    def means_tenant(self, name: str) -> bool:
        """Whether a path segment names the tenant: its GUID or its initial domain.

        A vanity domain does not. Source: observed:single SIGCHAMP (wire 3.1).
        """
        return name.lower() in (self.identity.tenant, self.identity.initial_domain)

    def knows(self, name: str) -> bool:
        """Whether Entra knows the tenant by that name: its GUID or any of its accepted domains."""
        return self.means_tenant(name) or name.lower() in {item.lower() for item in self.tenant.accepted_domains()}
