"""From a stack's settings and the environment to a connection: which cloud, which tenant, which credential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from exchange_online.admin_api.clouds import (
    CLOUDS,
    Cloud,
    EmulatorIdentity,
    emulator,
    https_address,
    refuse_unknown_cloud,
    with_own_addresses,
)
from exchange_online.admin_api.credentials import (
    TOKEN_EXCHANGE_AUDIENCE,
    ClientCertificate,
    ClientSecret,
    Credential,
    GitHubOidc,
    ManagedIdentity,
    WorkloadIdentityFile,
)
from exchange_online.admin_api.errors import Failure, Misconfigured
from exchange_online.names import LOCAL, MOST_CALLS, calls_of, tenant_problem

WHERE = "Choosing the credential"
#: Value of AZURE_TOKEN_CREDENTIALS that asks for the managed identity. Source: azure-identity.
MANAGED_IDENTITY = "ManagedIdentityCredential"

#: The environment variable that bounds the calls at a time; the setting of a stack does so too.
CONCURRENT_CALLS = "EXCHANGE_ONLINE_CONCURRENT_CALLS"


@dataclass(frozen=True)
class Settings:
    """What a stack says about its connection.

    Attributes:
        cloud: `local`, `commercial`, `gcc-high`, `dod` or `china`.
        tenant: GUID or domain. For `local` the emulator's own unless given; else AZURE_TENANT_ID unless given.
        client_id: GUID of the application, or of a user-assigned managed identity; AZURE_CLIENT_ID unless given.
            Without either, the managed identity is the system-assigned one.
        client_secret: from a config secret; counts only when the environment holds no credential. Never shown.
        managed_identity: sign in as the host's managed identity; AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential is
            the same. Never tried unasked, because whoever runs the host would become an Exchange administrator by
            accident.
        host, scope, authority, ca_bundle: instead of the cloud's own.
        federated_audience: audience of the id token asked of GitHub.
        directory: where the emulator's relative connection file lies; the current directory unless given.
        concurrent_calls: how many calls may be on their way at a time, as the stack says it; see the function.
    """

    cloud: str
    tenant: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    managed_identity: bool = False
    host: str | None = None
    scope: str | None = None
    authority: str | None = None
    ca_bundle: str | Path | None = None
    federated_audience: str = TOKEN_EXCHANGE_AUDIENCE
    directory: Path | None = None
    concurrent_calls: str | None = None


def settings_from(setting: Callable[[str], object], directory: Path | None = None) -> Settings:
    """What a stack says, by the names of its config.

    Args:
        setting: gives the stack's value for a name without its namespace, None where there is none.
        directory: where the emulator's relative connection file lies; the current directory unless given.
    """

    def text(name: str) -> str | None:
        value = setting(name)
        return value.strip() or None if isinstance(value, str) else None

    return Settings(
        cloud=text("cloud") or LOCAL,
        tenant=text("tenant"),
        client_id=text("clientId"),
        client_secret=text("clientSecret"),
        managed_identity=setting("managedIdentity") in (True, "true"),
        host=text("host"),
        scope=text("scope"),
        authority=text("authority"),
        ca_bundle=text("caBundle"),
        directory=directory,
        concurrent_calls=_digits(setting("concurrentCalls")),
    )


def _digits(value: object) -> str | None:
    """The engine hands on a number as text, or as a floating one; a program may give it as it is."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return None if whole is None else str(whole).strip() or None


def concurrent_calls(settings: Settings, environ: Mapping[str, str]) -> int:
    """How many calls of a process may be on their way to the tenant at a time, at the most.

    Each of the two is a bound, so the lower one counts: nobody lifts a stack's from outside. The window begins at 4 and
    finds its own width below the bound.

    Raises:
        Misconfigured: where one is no whole number from 1 to 10.
    """
    given = {
        "the stack config concurrentCalls": settings.concurrent_calls,
        CONCURRENT_CALLS: environ.get(CONCURRENT_CALLS),
    }
    return min(
        (_calls(text.strip(), name) for name, text in given.items() if text and text.strip()), default=MOST_CALLS
    )


def _calls(text: str, name: str) -> int:
    if (calls := calls_of(text)) is not None:
        return calls
    what = f"{text!r} is not a whole number from 1 to {MOST_CALLS}"
    advice = "Correct it, or leave it out: then the calls at a time are found by how the service answers."
    raise Misconfigured(Failure(where=f"Reading {name}", what=what, advice=advice))


@dataclass(frozen=True)
class Tenant:
    """Which tenant of which cloud.

    Attributes:
        guid: lower case; empty where only a domain of it is known.
        cloud: the cloud's name; empty where it is not known.
    """

    guid: str
    cloud: str

    def __str__(self) -> str:
        return f"{self.guid or '(unknown)'} ({self.cloud})" if self.cloud else self.guid

    def contradicts(self, other: Tenant) -> bool:
        """Whether the two cannot be the same; what is not known contradicts nothing."""
        pairs = ((self.guid, other.guid), (self.cloud, other.cloud))
        return any(one and two and one.lower() != two.lower() for one, two in pairs)


def refuse_malformed(settings: Settings) -> None:
    """Looks at nothing but the settings, so a preview can ask before there is a tenant, a credential or a file.

    Raises:
        Misconfigured: for a cloud that is none, a tenant that is neither a GUID nor a domain, a host that is none; all
            that is so in one text.
    """
    looks: list[Callable[[], object]] = [partial(refuse_unknown_cloud, settings.cloud)]
    if settings.tenant:
        looks.append(partial(refuse_malformed_tenant, settings.tenant))
    for setting, url in (("host", settings.host), ("authority", settings.authority)):
        if url:
            looks.append(partial(https_address, url, setting))
    found = []
    for look in looks:
        try:
            look()
        except Misconfigured as error:
            found.append(error.failure)
    if found:
        first, *further = found
        advice = " ".join([first.advice, *(failure.sentence() for failure in further)])
        raise Misconfigured(replace(first, advice=advice))


def refuse_malformed_tenant(tenant: str) -> None:
    """Raises Misconfigured for what is neither a GUID nor a domain."""
    if problem := tenant_problem(tenant):
        where = f"Finding the tenant {tenant}"
        raise Misconfigured(Failure(where=where, what=f"it {problem}", advice="Correct the stack config tenant."))


@dataclass(frozen=True)
class Connection:
    """A tenant in a cloud, and the credential to sign in with.

    Attributes:
        tenant: GUID, or a domain that is resolved to the GUID before the first call.
    """

    cloud: Cloud
    tenant: str
    credential: Credential


def connection(settings: Settings, environ: Mapping[str, str]) -> Connection:
    """The connection that settings and environment describe. No network.

    Precedence of credentials: the managed identity when asked for; AZURE_CLIENT_SECRET; AZURE_CLIENT_CERTIFICATE_PATH;
    AZURE_FEDERATED_TOKEN_FILE; GitHub's ACTIONS_ID_TOKEN_REQUEST_URL; the config secret; for `local` the emulator's.
    There the environment's credential counts only if AZURE_TENANT_ID names the emulator's tenant: somebody's real
    credential is neither sent to the emulator nor in its way.

    Source: azure-identity, EnvironmentCredential and WorkloadIdentityCredential (names and order).

    Args:
        environ: the process environment; an empty variable counts as absent, as pipelines leave them.

    Raises:
        Misconfigured: nothing found, a tenant, application or authority that contradicts the stack's.
    """
    refuse_unknown_cloud(settings.cloud)
    cloud, own = emulator(environ, settings.directory) if settings.cloud == LOCAL else (CLOUDS[settings.cloud], None)
    cloud = with_own_addresses(
        cloud,
        host=settings.host,
        scope=settings.scope,
        authority=settings.authority,
        ca_bundle=settings.ca_bundle,
    )
    env = {name: value.strip() for name, value in environ.items() if value.strip()}
    if own is not None:
        return _local(cloud, settings, env, own)
    _refuse_other_authority(cloud, env)
    tenant = _agreed("tenant", settings.tenant, "AZURE_TENANT_ID", env)
    if tenant is None:
        raise _wrong(
            "no tenant is given", "Set the stack config tenant to the tenant's GUID or onmicrosoft.com domain."
        )
    client_id = _agreed("clientId", settings.client_id, "AZURE_CLIENT_ID", env)
    return Connection(cloud, tenant, _credential(settings, env, client_id))


def _local(cloud: Cloud, settings: Settings, env: Mapping[str, str], own: EmulatorIdentity) -> Connection:
    tenant = settings.tenant or own.tenant
    credential: Credential | None = None
    if env.get("AZURE_TENANT_ID", "").lower() == tenant.lower():
        named = settings.client_id or env.get("AZURE_CLIENT_ID")
        credential = _managed_identity(settings, env, named) or _from_environment(settings, env, named or own.client_id)
    if credential is None and settings.client_secret:
        credential = ClientSecret(settings.client_id or own.client_id, settings.client_secret, "the config secret")
    own_secret = ClientSecret(own.client_id, own.client_secret, "the emulator's connection file")
    return Connection(cloud, tenant, credential or own_secret)


def _credential(settings: Settings, env: Mapping[str, str], client_id: str | None) -> Credential:
    found = _managed_identity(settings, env, client_id) or _from_environment(settings, env, client_id)
    if found is not None:
        return found
    if settings.client_secret:
        return ClientSecret(_needed(client_id), settings.client_secret, "the config secret")
    raise _wrong(
        "no credential is given",
        "Set AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH (and "
        "AZURE_CLIENT_CERTIFICATE_PASSWORD) or AZURE_FEDERATED_TOKEN_FILE; in GitHub Actions give the job the "
        f"permission `id-token: write`; on Azure set AZURE_TOKEN_CREDENTIALS={MANAGED_IDENTITY}; or put the client "
        "secret into the stack's config as a secret.",
    )


def _managed_identity(settings: Settings, env: Mapping[str, str], client_id: str | None) -> ManagedIdentity | None:
    if settings.managed_identity:
        return ManagedIdentity(client_id, "the setting managed_identity")
    asked = env.get("AZURE_TOKEN_CREDENTIALS", "").lower() == MANAGED_IDENTITY.lower()
    return ManagedIdentity(client_id, "AZURE_TOKEN_CREDENTIALS") if asked else None


def _from_environment(settings: Settings, env: Mapping[str, str], client_id: str | None) -> Credential | None:
    if "AZURE_CLIENT_SECRET" in env:
        return ClientSecret(_needed(client_id), env["AZURE_CLIENT_SECRET"], "AZURE_CLIENT_SECRET")
    if "AZURE_CLIENT_CERTIFICATE_PATH" in env:
        return ClientCertificate(
            _needed(client_id),
            Path(env["AZURE_CLIENT_CERTIFICATE_PATH"]),
            env.get("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
            "AZURE_CLIENT_CERTIFICATE_PATH",
        )
    if "AZURE_FEDERATED_TOKEN_FILE" in env:
        path = Path(env["AZURE_FEDERATED_TOKEN_FILE"])
        return WorkloadIdentityFile(_needed(client_id), path, "AZURE_FEDERATED_TOKEN_FILE")
    if "ACTIONS_ID_TOKEN_REQUEST_URL" in env and "ACTIONS_ID_TOKEN_REQUEST_TOKEN" in env:
        return GitHubOidc(
            _needed(client_id),
            env["ACTIONS_ID_TOKEN_REQUEST_URL"],
            env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
            settings.federated_audience,
            "the GitHub Actions job",
        )
    return None


def _needed(client_id: str | None) -> str:
    if client_id is None:
        raise _wrong(
            "no application is given", "Set the stack config clientId, or AZURE_CLIENT_ID, to the application's GUID."
        )
    return client_id


def _agreed(setting: str, ours: str | None, variable: str, env: Mapping[str, str]) -> str | None:
    """The one value that stack and environment agree on: writing to the wrong tenant is the worst mistake."""
    theirs = env.get(variable)
    if ours and theirs and ours.lower() != theirs.lower():
        raise _wrong(
            f"the stack's {setting} is {ours}, but {variable} is {theirs}",
            f"Nothing was sent. Correct one of them (the same value, written the same way), or unset {variable}.",
        )
    return ours or theirs


def _refuse_other_authority(cloud: Cloud, env: Mapping[str, str]) -> None:
    """AZURE_AUTHORITY_HOST is compared, never followed: an environment must not decide where a secret is sent."""
    theirs = env.get("AZURE_AUTHORITY_HOST", "").rstrip("/").lower().removeprefix("https://")
    if theirs and theirs != cloud.authority.removeprefix("https://").lower():
        raise _wrong(
            f"the stack's cloud {cloud.name} signs in at {cloud.authority}, but AZURE_AUTHORITY_HOST is {theirs}",
            "Choose the tenant's cloud in the stack config, or unset AZURE_AUTHORITY_HOST.",
        )


def _wrong(what: str, advice: str) -> Misconfigured:
    return Misconfigured(Failure(where=WHERE, what=what, advice=advice))
