"""What a declaration says to the provider itself: no cmdlet parameters, nothing the service knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.values import is_nothing, shown


@dataclass(frozen=True)
class Options:
    """Explicit consents.

    Attributes:
        adopt_existing: takes over a connector of the same name instead of refusing to create one.
        allow_tenant_wide_restriction: lets `*` among the sender domains meet a restriction, which refuses all
            other mail of the tenant (rule V12).
    """

    adopt_existing: bool = False
    allow_tenant_wide_restriction: bool = False

    def inputs(self) -> dict[str, bool]:
        """The consents that were given, as Pulumi properties."""
        return {key: True for key, attribute in OPTION_KEYS.items() if getattr(self, attribute)}


OPTION_KEYS = {
    "adoptExisting": "adopt_existing",
    "allowTenantWideRestriction": "allow_tenant_wide_restriction",
}


def read_options(declared: Mapping[str, object]) -> tuple[Options, tuple[Finding, ...]]:
    """The options among declared properties, and findings about those that are no Boolean."""
    given: dict[str, bool] = {}
    findings: list[Finding] = []
    for key, attribute in OPTION_KEYS.items():
        value = declared.get(key)
        if isinstance(value, bool):
            given[attribute] = value
        elif not is_nothing(value):
            findings.append(
                Finding(
                    "type",
                    Severity.ERROR,
                    key,
                    f"{shown(value)} is not true or false",
                    "write true or false",
                    "this project",
                )
            )
    return Options(**given), tuple(findings)
