"""The Microsoft clouds, and where each keeps its admin API and its token service."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from exchange_online.admin_api.errors import Failure, Misconfigured
from exchange_online.names import CLOUD_NAMES, LOCAL, address_problem, as_https

EMULATOR_VARIABLE = "EXCHANGE_ONLINE_EMULATOR"
EMULATOR_FILE = Path(".emulator") / "connection.json"


@dataclass(frozen=True)
class Cloud:
    """Where one cloud keeps its admin API.

    Host, scope and authority are independent settings. Source: exchange-wire 3.2.

    Attributes:
        name: `local`, `commercial`, `gcc-high`, `dod` or `china`.
        host: base URL of the admin API, https, without a path.
        scope: OAuth scope of the token, `<resource>/.default`.
        authority: base URL of the token service, https, without a tenant.
        ca_bundle: PEM file with the certification authorities to trust; None for the usual ones.
    """

    name: str
    host: str
    scope: str
    authority: str
    ca_bundle: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether this is the emulator: never reached through a proxy."""
        return self.name == LOCAL

    @property
    def resource(self) -> str:
        """The token's audience, for token services that ask for a resource instead of a scope."""
        return self.scope.removesuffix("/.default")


# Source: exchange-wire 3.2. Commercial holds GCC. DoD's audience and all of China are in conflict between the sources;
# no client is known to use this API in China, so its row is assumed to work.
CLOUDS: Mapping[str, Cloud] = {
    name: Cloud(name, f"https://{host}", f"https://{resource}/.default", f"https://{authority}")
    for name, host, resource, authority in (
        ("commercial", "outlook.office365.com", "outlook.office365.com", "login.microsoftonline.com"),
        ("gcc-high", "outlook.office365.us", "outlook.office365.us", "login.microsoftonline.us"),
        ("dod", "outlook-dod.office365.us", "outlook-dod.office365.us", "login.microsoftonline.us"),
        ("china", "outlook.office365.cn", "partner.outlook.cn", "login.partner.microsoftonline.cn"),
    )
}


@dataclass(frozen=True)
class EmulatorIdentity:
    """What the emulator hands to a client on the same machine."""

    tenant: str
    client_id: str
    client_secret: str = field(repr=False)


def with_own_addresses(
    cloud: Cloud, *, host: str | None, scope: str | None, authority: str | None, ca_bundle: str | Path | None
) -> Cloud:
    """The cloud with a stack's own host, scope, authority or CA bundle where it sets them.

    Args:
        host, authority: https URLs, or bare host names.

    Raises:
        Misconfigured: for an address that is none, or a file that is not there.
    """
    cloud = replace(
        cloud,
        host=https_address(host or cloud.host, "host"),
        scope=scope or cloud.scope,
        authority=https_address(authority or cloud.authority, "authority"),
        ca_bundle=Path(ca_bundle) if ca_bundle else cloud.ca_bundle,
    )
    if cloud.ca_bundle is not None and not cloud.ca_bundle.is_file():
        raise _wrong(f"the CA bundle {cloud.ca_bundle} is not a file", "Give the path of a PEM file.")
    if cloud.is_local:
        _refuse_beyond_loopback(cloud)
    return cloud


def refuse_unknown_cloud(name: str) -> None:
    """Looks at nothing but the name, so a preview can ask before there is a tenant.

    Raises:
        Misconfigured: where no cloud is called so.
    """
    if name not in CLOUD_NAMES:
        raise _wrong(f"there is no cloud {name!r}", f"Write one of: {', '.join(CLOUD_NAMES)}.")


def emulator(environ: Mapping[str, str], directory: Path | None = None) -> tuple[Cloud, EmulatorIdentity]:
    """The emulator of EXCHANGE_ONLINE_EMULATOR, else of .emulator/connection.json, and who signs in to it.

    Args:
        directory: where a relative connection file lies; the current directory unless given.

    Raises:
        Misconfigured: where that is no connection file.
    """
    path = (directory or Path.cwd()) / (environ.get(EMULATOR_VARIABLE) or EMULATOR_FILE)
    start_it = (
        f"Run `regulated-partners emulator start`, or set {EMULATOR_VARIABLE} to the connection file of a running one."
    )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _wrong(f"no emulator is running: {path} does not exist", start_it) from None
    except (OSError, ValueError) as error:
        raise _wrong(f"{path} cannot be read ({type(error).__name__})", start_it) from None
    if not isinstance(document, dict):
        raise _wrong(f"{path} is not the emulator's connection file", start_it)

    def text(key: str) -> str:
        value = document.get(key)
        if not isinstance(value, str) or not value:
            advice = "Run `regulated-partners emulator start` again: the file is from another version."
            raise _wrong(f"{path} has no {key}", advice)
        return value

    bundle = Path(text("caBundle"))
    beside = path.with_name(bundle.name)
    if beside.is_file():
        # The folder may have been moved since; or copied, and then this is somebody else's emulator.
        bundle = beside
        if not _is_served(beside):
            raise _wrong(
                f"no emulator is running for {path.parent}: the one that {path.name} names has ended, or it is that of "
                "a folder from which this one was copied",
                start_it,
            )
    return (
        Cloud(LOCAL, text("url"), text("scope"), text("authority"), bundle),
        EmulatorIdentity(text("tenant"), text("clientId"), text("clientSecret")),
    )


def _is_served(bundle: Path) -> bool:
    """Whether an emulator holds the lock beside its CA; where there is none, that is not known, and taken for yes."""
    # Only where there is an emulator: Python has no such module on Windows.
    import fcntl

    lock = bundle.with_name(bundle.name.removesuffix(".ca.pem") + ".lock")
    try:
        with lock.open(encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def https_address(url: str, setting: str) -> str:
    """The address of a host as an https URL.

    Args:
        url: such a URL, or a bare host name.
        setting: what it is, for the sentence.

    Raises:
        Misconfigured: where it is none, or more than that.
    """
    if problem := address_problem(url):
        raise _wrong(f"the {setting} {url!r} {problem}", "Write only https:// and a host name.")
    return f"https://{urlsplit(as_https(url)).netloc}"


def _refuse_beyond_loopback(cloud: Cloud) -> None:
    for url in (cloud.host, cloud.authority):
        host = urlsplit(url).hostname or ""
        try:
            loopback = ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = host == "localhost"
        if not loopback:
            raise _wrong(
                f"the cloud {LOCAL} would call {host}, which is not this machine",
                "The emulator only ever listens on loopback; choose another cloud for a real tenant.",
            )


def _wrong(what: str, advice: str) -> Misconfigured:
    return Misconfigured(Failure(where="Choosing the cloud", what=what, advice=advice))
