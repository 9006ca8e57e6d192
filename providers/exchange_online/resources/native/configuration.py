"""The provider's own settings: which tenant, and how to sign in there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from exchange_online.admin_api import Tenant
from exchange_online.connectors import nearest, printable, shown
from exchange_online.names import (
    CLOUD_NAMES,
    LOCAL,
    MOST_CALLS,
    NAMESPACE,
    PACKAGE,
    address_problem,
    calls_of,
    guid_of,
    tenant_problem,
)
from exchange_online.resources.core import Refusal
from exchange_online.resources.native.wire import is_unknown


class Kind(Enum):
    """What a setting holds. A stack's config hands each on as a text, lists as JSON."""

    TEXT = auto()
    FLAG = auto()
    TEXTS = auto()
    COUNT = auto()


@dataclass(frozen=True)
class Setting:
    """One setting of the provider.

    Attributes:
        doc: what it says.
        is_secret: whether its value must not stand in a state in clear.
    """

    name: str
    doc: str
    kind: Kind = Kind.TEXT
    is_secret: bool = False


SETTINGS = (
    Setting(
        "cloud",
        f"The cloud that the tenant is in: {', '.join(f'`{name}`' for name in CLOUD_NAMES[:-1])} or "
        f"`{CLOUD_NAMES[-1]}`. `{LOCAL}` is the emulator on this machine. Required: nobody should reach a tenant, or "
        "none, by leaving a line out.",
    ),
    Setting("tenant", "The tenant's GUID or domain. AZURE_TENANT_ID unless given."),
    Setting("clientId", "The application's (client) id. AZURE_CLIENT_ID unless given."),
    Setting(
        "clientSecret",
        "The application's secret; counts only where the environment holds no credential. Better in the environment: "
        "a value that is given here is kept in the state, encrypted.",
        is_secret=True,
    ),
    Setting("managedIdentity", "Signs in as the managed identity of the machine that runs Pulumi.", Kind.FLAG),
    Setting("host", "Instead of the cloud's: the host of the admin API, https."),
    Setting("scope", "Instead of the cloud's: the OAuth scope of the token."),
    Setting("authority", "Instead of the cloud's: the host of the token service, https."),
    Setting("caBundle", "A PEM file with the certification authorities to trust."),
    Setting(
        "ownershipMark",
        "Whether each connector's comment ends with a line that names project and stack. Default: true.",
        Kind.FLAG,
    ),
    Setting(
        "knownWays",
        "Names or Guids of connectors and transport rules outside of the stack that the connectors' mail may meet, "
        "and that are meant.",
        Kind.TEXTS,
    ),
    Setting(
        "concurrentCalls",
        f"How many calls may be on their way to the tenant at a time, at the most: 1 to {MOST_CALLS}. Default: found "
        "by how the service answers.",
        Kind.COUNT,
    ),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}
_FORMS = {"tenant": tenant_problem, "host": address_problem, "authority": address_problem}
SECRET_SETTINGS = frozenset(setting.name for setting in SETTINGS if setting.is_secret)

#: What the engine adds.
_ENGINES = frozenset({"version", "pluginDownloadURL", "__internal"})

_NO_CLOUD = (
    f"no cloud is given; set {PACKAGE}:cloud, or cloud of an explicit provider, to the tenant's: "
    f"{', '.join(CLOUD_NAMES[1:])}; {LOCAL} is the emulator on this machine."
)


def refusals(settings: Mapping[str, object]) -> tuple[Refusal, ...]:
    """What is wrong with the settings of a provider, before anybody acts on them."""
    found = []
    for name, value in settings.items():
        if name in _ENGINES or is_unknown(value):
            continue
        if wrong := _wrong(name, value):
            found.append(Refusal(name, f"{name}: {wrong}"))
    if not settings.get("cloud"):
        found.append(Refusal("cloud", f"cloud: {_NO_CLOUD}"))
    return tuple(found)


def _wrong(name: str, value: object) -> str:
    """What is wrong with one of them, empty where nothing is."""
    setting = _BY_NAME.get(name)
    if setting is None:
        return f"the provider has no such setting; {_remedy(name, sorted(_BY_NAME), 'the settings are')}"
    if value in (None, ""):
        return ""
    fits, wanted = {
        Kind.FLAG: (value in (True, False, "true", "false"), "true or false."),
        Kind.TEXTS: (_are_texts(value), "a list of texts."),
        Kind.COUNT: (calls_of(value) is not None, f"a whole number from 1 to {MOST_CALLS}."),
        Kind.TEXT: (isinstance(value, str), "a text; put it into quotation marks."),
    }[setting.kind]
    if not fits:
        return f"{'this' if setting.is_secret else shown(value)} is not {wanted}"
    if name == "cloud" and value not in CLOUD_NAMES:
        return f"there is no cloud {shown(value)}; {_remedy(str(value), CLOUD_NAMES, 'write one of')}"
    if (form := _FORMS.get(name)) and (problem := form(str(value))):
        return f"{shown(value)} {problem}."
    return ""


def _remedy(name: str, known: Sequence[str], otherwise: str) -> str:
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"{otherwise} {', '.join(known)}."


def _are_texts(value: object) -> bool:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class TenantChangedError(Exception):
    """A provider whose connectors are in one tenant is pointed at another one; the text is a sentence."""


def differs(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    """Whether the settings of a provider have changed. It is never replaced for that, nor are its connectors.

    The engine also asks for a resource that has come from another provider: from the dynamic face, whose config is that
    of the whole project, or from one of another version.

    Raises:
        TenantChangedError: where the two name different tenants: the connectors stay where they are.
    """
    old, new = _own(before), _own(after)
    one, other = _tenant(old), _tenant(new)
    if one.contradicts(other):
        raise TenantChangedError(
            f"The provider's connectors are in the tenant {one}, and it is set to {other} now. Connectors cannot move "
            "from one tenant to another: those that are there would stay behind, managed by nobody. Declare another "
            f"provider, or use another stack, for {other}. To give up {one} run `pulumi destroy` with the settings as "
            "they were, or `pulumi state delete` to leave its connectors as they are. Nothing was changed."
        )
    return old != new


def _own(settings: Mapping[str, object]) -> dict[str, object]:
    prefix = f"{NAMESPACE}:"
    own = {name.removeprefix(prefix): value for name, value in settings.items()}
    return {name: value for name, value in own.items() if name in _BY_NAME and value not in (None, "")}


def _tenant(settings: Mapping[str, object]) -> Tenant:
    def known(name: str) -> str:
        value = settings.get(name)
        return value.strip() if isinstance(value, str) and not is_unknown(value) else ""

    return Tenant(guid_of(known("tenant")), printable(known("cloud")))
