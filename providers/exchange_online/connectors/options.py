"""What a declaration says to the provider itself: no cmdlet parameters, nothing the service knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.names import Direction, Named
from exchange_online.connectors.values import is_nothing, shown


@dataclass(frozen=True)
class Options:
    """Explicit consents; what each means stands in `OPTIONS`.

    Attributes:
        secret: the properties whose values are secret.
    """

    adopt_existing: bool = False
    allow_tenant_wide_restriction: bool = False
    secret: tuple[str, ...] = ()

    def inputs(self) -> dict[str, bool | list[str]]:
        """The consents that were given and what is secret, as Pulumi properties."""
        given: dict[str, bool | list[str]] = {
            key: True for key, attribute in OPTION_KEYS.items() if getattr(self, attribute)
        }
        return {**given, SECRET_PROPERTIES: list(self.secret)} if self.secret else given


@dataclass(frozen=True)
class Option(Named):
    """One consent.

    Attributes:
        doc: what it allows.
        directions: the connectors that it means something for.
    """

    doc: str
    directions: tuple[Direction, ...] = tuple(Direction)


OPTIONS = (
    Option(
        "AdoptExisting",
        "Takes over a connector of the same name and changes it as declared, instead of refusing.",
    ),
    Option(
        "AllowTenantWideRestriction",
        "Lets `*` among the sender domains meet a restriction, which refuses all other inbound mail of the tenant "
        "(rule V12).",
        (Direction.INBOUND,),
    ),
)

OPTION_KEYS = {option.key: option.attribute for option in OPTIONS}

#: Names the inputs whose values are secret. The resource classes write it, nobody declares it.
SECRET_PROPERTIES = "secretProperties"  # noqa: S105 - a name


def read_options(declared: Mapping[str, object]) -> tuple[Options, tuple[Finding, ...]]:
    """The options among declared properties, and findings about those that are no Boolean."""
    given: dict[str, bool] = {}
    findings: list[Finding] = []
    for key, attribute in OPTION_KEYS.items():
        value = declared.get(key)
        if isinstance(value, bool):
            given[attribute] = value
        elif not is_nothing(value):
            reason = f"{shown(value)} is not true or false"
            findings.append(Finding("type", Severity.ERROR, key, reason, "write true or false", "this project"))
    secret = declared.get(SECRET_PROPERTIES)
    named = tuple(sorted(map(str, secret))) if isinstance(secret, (list, tuple)) else ()
    return Options(**given, secret=named), tuple(findings)
