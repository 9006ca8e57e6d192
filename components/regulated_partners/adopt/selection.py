"""Which connectors a run of `adopt` is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from regulated_partners.adopt.kinds import ConnectorKind, kind_of
from regulated_partners.adopt.tenant import TenantConnector


@dataclass(frozen=True)
class Selection:
    """The options that choose. Patterns are those of a shell (`*`, `?`, `[...]`); case does not matter.

    Attributes:
        only: patterns of names; empty is every name.
        exclude: patterns of names to leave out.
        include: names of hybrid connectors to adopt all the same.
    """

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def why_not(self, connector: TenantConnector) -> str | None:
        """Why a connector is left alone, a clause; None where it is not."""
        kind = kind_of(connector.record)
        if self.only and not _matches(connector.name, self.only):
            return "--only does not name it"
        if _matches(connector.name, self.exclude):
            return "--exclude names it"
        if kind is ConnectorKind.TEST_MODE:
            return "it is in test mode, a leftover of the portal's validation"
        if kind is ConnectorKind.HYBRID and not self.includes(connector.name):
            return (
                "the Hybrid Configuration Wizard made it and changes it whenever it runs; to manage it nevertheless "
                "name it with --include"
            )
        if connector.internal_parameters:
            names = ", ".join(connector.internal_parameters)
            return f"it uses {names}, reserved for Microsoft, which a declaration cannot hold"
        return None

    def includes(self, name: str) -> bool:
        """Whether --include names a connector."""
        return name.casefold() in {each.casefold() for each in self.include}

    def included_nowhere(self, connectors: Iterable[TenantConnector]) -> tuple[str, ...]:
        """The names of --include that no connector has."""
        names = {each.name.casefold() for each in connectors}
        return tuple(each for each in self.include if each.casefold() not in names)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)
