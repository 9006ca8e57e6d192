"""The applications registered in the tenant: their credentials, their roles, what these allow on connectors."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from exchange_online_emulator.rules import observed_live
from exchange_online_emulator.storage import Store

MANAGE_AS_APP = "Exchange.ManageAsApp"

#: Template ids of the built-in roles; the same in every tenant. Source: Entra built-in roles.
DIRECTORY_ROLES: dict[str, str] = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
    "Compliance Administrator": "17315797-102d-40b4-93e0-432062caca18",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
}
_WRITERS = {DIRECTORY_ROLES["Global Administrator"], DIRECTORY_ROLES["Exchange Administrator"]}
_READERS = _WRITERS | {DIRECTORY_ROLES["Global Reader"]}


@observed_live(
    "V36",
    "Global Reader reads; Exchange Administrator and Global Administrator read and write; "
    "any other directory role, or none, gets 403 with a body of NUL bytes",
    "G2O (Global Reader, Security Reader); CIPP, Microsoft365DSC (Exchange Administrator); wire section 4",
)
def allows(wids: frozenset[str], *, writes: bool) -> bool:
    """Whether these directory roles (template ids) allow a cmdlet on connectors."""
    return bool(wids & (_WRITERS if writes else _READERS))


_COLLECTION = "applications"
DEFAULT_AUDIENCE = "api://AzureADTokenExchange"


class ClientSecret(BaseModel):
    """A client secret to register; only its hash is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: SecretStr
    expires: datetime | None = None


class FederatedCredential(BaseModel):
    """A federated identity credential. `jwks` is the issuer's key set (RFC 7517); the emulator fetches nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    subject: str
    audiences: tuple[str, ...] = (DEFAULT_AUDIENCE,)
    jwks: dict[str, list[dict[str, object]]]


class _Grants(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    display_name: str = "application"
    certificates: tuple[str, ...] = Field((), description="PEM certificates")
    federated_credentials: tuple[FederatedCredential, ...] = ()
    app_roles: tuple[str, ...] = (MANAGE_AS_APP,)
    directory_roles: tuple[str, ...] = ("Exchange Administrator",)
    managed_identity: bool = Field(False, description="a user-assigned managed identity of this machine")
    enabled: bool = True

    @field_validator("directory_roles")
    @classmethod
    def _known_roles(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name not in DIRECTORY_ROLES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is none of the directory roles {', '.join(DIRECTORY_ROLES)}")
        return names

    @field_validator("certificates")
    @classmethod
    def _readable(cls, pems: tuple[str, ...]) -> tuple[str, ...]:
        for pem in pems:
            x509.load_pem_x509_certificate(pem.encode())
        return pems


class ApplicationRegistration(_Grants):
    """An application to register through the control API."""

    secrets: tuple[ClientSecret, ...] = ()


class _StoredSecret(BaseModel):
    digest: str
    expires: datetime | None = None


class Application(_Grants):
    """A registered application; its secrets as SHA-256 digests."""

    secret_digests: tuple[_StoredSecret, ...] = Field((), repr=False)

    @property
    def wids(self) -> tuple[str, ...]:
        """The template ids of its directory roles, as a token carries them."""
        return tuple(DIRECTORY_ROLES[name] for name in self.directory_roles)

    def secret(self, given: str) -> _StoredSecret | None:
        """The registered secret that equals `given`."""
        digest = _digest(given)
        return next((item for item in self.secret_digests if hmac.compare_digest(item.digest, digest)), None)

    def certificate(self, thumbprint: bytes) -> x509.Certificate | None:
        """The registered certificate with that SHA-1 or SHA-256 thumbprint."""
        for pem in self.certificates:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            prints = (certificate.fingerprint(hashes.SHA256()), certificate.fingerprint(hashes.SHA1()))  # noqa: S303
            if thumbprint in prints:
                return certificate
        return None


class Applications:
    """The register of applications, kept in the state file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, client_id: str) -> Application | None:
        """The application with that client id, in any case."""
        text = self._store.document(_COLLECTION, client_id.lower())
        return Application.model_validate_json(text) if text else None

    def all(self) -> tuple[Application, ...]:
        """Every registered application."""
        return tuple(Application.model_validate_json(text) for text in self._store.documents(_COLLECTION))

    def register(self, registration: ApplicationRegistration) -> Application:
        """Add or replace an application."""
        digests = tuple(
            _StoredSecret(digest=_digest(item.value.get_secret_value()), expires=item.expires)
            for item in registration.secrets
        )
        grants = registration.model_dump(exclude={"secrets"})
        application = Application(**grants, secret_digests=digests)
        self._store.put_document(_COLLECTION, application.client_id.lower(), application.model_dump_json())
        return application


def expired(moment: datetime | None) -> bool:
    """Whether a moment (naive means UTC) has passed."""
    if moment is None:
        return False
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= datetime.now(UTC)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
