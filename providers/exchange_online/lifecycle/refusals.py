"""The errors of a connector's lifecycle, each with its words: what happened to which connector, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from exchange_online.admin_api import AdminApiError, AlreadyExists, Failure, NotFound
from exchange_online.connectors import Change, ConnectorRecord, ConnectorSettings

E = TypeVar("E", bound=AdminApiError)


class NotApplied(AdminApiError):  # noqa: N818
    """The service accepted a write, and shows something else afterwards."""

    usual_advice = "Run `pulumi refresh` to see what the tenant has now; if it stays so, ask Microsoft support."


def name_taken(existing: ConnectorRecord, differences: Iterable[Change]) -> AlreadyExists:
    """A connector of the name is there, with other settings."""
    what = (
        f"a connector of this name exists already ({existing.guid}, source {existing.connector_source}), and "
        f"it differs from the declared one: {_shown(differences)}"
    )
    advice = "Choose another name; or set adoptExisting to true, which takes it over and changes it as declared."
    return _refused(AlreadyExists, existing.settings, what, advice)


def made_by_hybrid_wizard(existing: ConnectorRecord) -> AlreadyExists:
    """A connector of the name is there, and the Hybrid Configuration Wizard owns it."""
    what = "the connector of this name belongs to the Hybrid Configuration Wizard"
    advice = "Choose another name; or set adoptExisting to true if it is meant to be managed here."
    return _refused(AlreadyExists, existing.settings, what, advice)


def declared_twice(record: ConnectorRecord) -> AlreadyExists:
    """Two declarations of one program ask for the same connector."""
    what = "two resources of this program declare a connector of this name"
    return _refused(AlreadyExists, record.settings, what, "Give each its own name, or remove one.")


def managed_already(record: ConnectorRecord) -> AlreadyExists:
    """A new resource asks for the connector of one that is in the stack's state."""
    what = f"another resource of this stack has the connector of this name already ({record.guid})"
    advice = (
        "If the resource was renamed or moved in the program, give it an alias (ResourceOptions.aliases) so "
        "that Pulumi knows it again; else give the connectors different names."
    )
    return _refused(AlreadyExists, record.settings, what, advice)


def gone(settings: ConnectorSettings) -> NotFound:
    """A connector that should be changed is no longer there."""
    what = "the connector is no longer in the tenant, so it cannot be changed"
    return _refused(NotFound, settings, what, "Run `pulumi refresh`, then `pulumi up`, which creates it again.")


class InUse(AdminApiError):  # noqa: N818
    """Something of the tenant still points at the connector."""

    usual_advice = "Change or remove what points at it first."


def in_use(settings: ConnectorSettings, rules: Iterable[str], doing: str) -> InUse:
    """Transport rules route mail to the connector. Source: V34 (what the service would do is assumed)."""
    names = ", ".join(f"'{rule}'" for rule in rules)
    what = f"mail is routed through it by the transport rule {names}, so it was not {doing}"
    return _refused(InUse, settings, what, "Remove the rule or point it elsewhere, then run `pulumi up` again.")


def declined(settings: ConnectorSettings, warnings: Iterable[str]) -> NotApplied:
    """The service answered with a warning that it did not do it."""
    advice = "Trying again does not help: ask Microsoft support to allow it, or set enabled to false."
    return _refused(NotApplied, settings, "the service did not enable the connector", advice, warnings)


def shows_otherwise(settings: ConnectorSettings, missing: Iterable[Change], warnings: Iterable[str]) -> NotApplied:
    """The change was accepted, and a minute later the service still shows something else."""
    what = f"the service accepted the change and does not show it (shown => sent): {_shown(missing)}"
    return _refused(NotApplied, settings, what, warnings=warnings)


def not_shown(settings: ConnectorSettings) -> NotApplied:
    """The service accepted a `New-`, and no listing shows the connector."""
    what = "the service accepted the connector, and a minute later no listing shows it"
    advice = "Run `pulumi up` again: it takes the connector over if it has appeared by then."
    return _refused(NotApplied, settings, what, advice)


def _refused(
    kind: type[E], settings: ConnectorSettings, what: str, advice: str = "", warnings: Iterable[str] = ()
) -> E:
    where = f"{settings.direction.word} connector '{settings.name}'"
    return kind(Failure(where=where, what=what, advice=advice, service_words=" ".join(warnings)))


def _shown(differences: Iterable[Change]) -> str:
    return "; ".join(str(change) for change in differences)
