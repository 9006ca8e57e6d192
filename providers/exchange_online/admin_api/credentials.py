"""The kinds of credential with which an application signs in, and the token it gets. None shows its secret.

`client_id` is the application's GUID; `source` says where the credential was found, for error texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeAlias

#: The audience that Entra recommends for federated credentials, in every cloud.
TOKEN_EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"  # noqa: S105 - an audience, no secret


@dataclass(frozen=True)
class ClientSecret:
    """An application with a client secret.

    Attributes:
        secret: the secret's value, not its id.
    """

    client_id: str
    secret: str = field(repr=False)
    source: str = ""


@dataclass(frozen=True)
class ClientCertificate:
    """An application with a certificate.

    Attributes:
        path: PEM file with certificate and private key, or PKCS#12 file.
        password: of the private key or of the PKCS#12 file; None when there is none.
    """

    client_id: str
    path: Path
    password: str | None = field(default=None, repr=False)
    source: str = ""


@dataclass(frozen=True)
class WorkloadIdentityFile:
    """An application that trusts a token which the platform keeps in a file, as Kubernetes does.

    Attributes:
        path: the file, read anew for each token because the platform renews it.
    """

    client_id: str
    path: Path
    source: str = ""


@dataclass(frozen=True)
class GitHubOidc:
    """An application that trusts the id token of a GitHub Actions job.

    Attributes:
        request_url, request_token: from ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
        audience: of the id token; must be the one of the application's federated credential.
    """

    client_id: str
    request_url: str = field(repr=False)
    request_token: str = field(repr=False)
    audience: str = TOKEN_EXCHANGE_AUDIENCE
    source: str = ""


@dataclass(frozen=True)
class ManagedIdentity:
    """The managed identity of the Azure host.

    Attributes:
        client_id: GUID of a user-assigned identity; None for the system-assigned one.
    """

    client_id: str | None = None
    source: str = ""


Credential: TypeAlias = ClientSecret | ClientCertificate | WorkloadIdentityFile | GitHubOidc | ManagedIdentity


def secrets_of(credential: Credential) -> tuple[str, ...]:
    """The values of a credential that must not show in any text: what its repr leaves out."""
    return tuple(getattr(credential, known.name) or "" for known in fields(credential) if not known.repr)


@dataclass(frozen=True)
class AccessToken:
    """A bearer token, what a sign-in gives. Its value, the JWT, never shows in the repr."""

    value: str = field(repr=False)
