"""New-TransportRule and Remove-TransportRule, as far as connectors need them."""

from __future__ import annotations

from dataclasses import replace

from exchange_online_emulator.cmdlets.parameters import Bound, only_asked
from exchange_online_emulator.cmdlets.tenant import Outcome, Tenant
from exchange_online_emulator.errors import InvalidSettingError, TransformationError
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, SettingValue, StoredObject
from exchange_online_emulator.rules import documented

_NAME_LIMIT = 64
_COMMENTS_LIMIT = 1024
_PREDICATE = "Microsoft.Exchange.MessagingPolicies.Rules.Tasks.{}Predicate"


@documented(
    "transport-rule",
    "New-TransportRule takes a rule that routes to an outbound connector by name, DN or GUID; "
    "Name up to 64, Comments up to 1024 characters; an unknown connector is refused; of "
    "conditions and actions only RecipientDomainIs, SenderDomainIs and RouteMessageOutbound... are emulated, the "
    "others refused as unknown",
    "New-TransportRule; texts assumed",
)
def new(tenant: Tenant, visibility: Visibility, bound: Bound) -> Outcome:
    """One row, the rule created. Raises `AlreadyExistsError`, `InvalidSettingError`, `ObjectNotFoundError`."""
    name, comments = str(bound["Name"]), bound.get("Comments")
    if len(name) > _NAME_LIMIT or (isinstance(comments, str) and len(comments) > _COMMENTS_LIMIT):
        raise InvalidSettingError("The length of the property is too long.")
    settings = _settings(tenant, bound)
    if only_asked(bound):
        return Outcome(confirmation_message=f"Creating the TransportRule '{name}'.")
    _make_room(tenant, settings["Priority"], +1)
    created = tenant.store.insert(StoredObject(Kind.TRANSPORT_RULE, name, settings))
    visibility.written(Kind.TRANSPORT_RULE, None, created)
    return Outcome((created,))


def remove(tenant: Tenant, visibility: Visibility, bound: Bound) -> Outcome:
    """No rows. Raises `ObjectNotFoundError`."""
    gone = tenant.find(Kind.TRANSPORT_RULE, str(bound["Identity"]))
    if only_asked(bound):
        return Outcome(confirmation_message=f"Removing the TransportRule '{gone.name}'.")
    tenant.store.delete(gone)
    _make_room(tenant, gone.settings.get("Priority"), -1)
    visibility.written(Kind.TRANSPORT_RULE, gone, None)
    return Outcome()


def _make_room(tenant: Tenant, priority: SettingValue, step: int) -> None:
    for item in tenant.store.objects(Kind.TRANSPORT_RULE):
        current = item.settings.get("Priority")
        if isinstance(current, int) and isinstance(priority, int) and current >= priority:
            tenant.store.update(replace(item, settings={**item.settings, "Priority": current + step}))


def _settings(tenant: Tenant, bound: Bound) -> dict[str, SettingValue]:
    connector = bound.get("RouteMessageOutboundConnector")
    target = tenant.find(Kind.OUTBOUND, connector) if isinstance(connector, str) else None
    count = len(tenant.store.objects(Kind.TRANSPORT_RULE))
    priority = bound.get("Priority", count)
    if isinstance(priority, int) and priority > count:
        raise TransformationError("Priority", str(priority), "System.Int32", f"The value must be from 0 to {count}.")
    given = {name: bound.get(name) for name in ("RecipientDomainIs", "SenderDomainIs")}
    domains = {name: value if isinstance(value, tuple) else () for name, value in given.items()}
    comments, mode = bound.get("Comments"), bound.get("Mode")
    return {
        "Priority": priority if isinstance(priority, int) else count,
        **domains,
        "Comments": comments if isinstance(comments, str) and comments else None,
        "Mode": mode if isinstance(mode, str) else "Enforce",
        "State": "Disabled" if bound.get("Enabled") is False else "Enabled",
        "RouteMessageOutboundConnector": target.guid if target else None,
        "RouteMessageOutboundRequireTls": bound.get("RouteMessageOutboundRequireTls") is True,
        "Conditions": tuple(_PREDICATE.format(name) for name, value in domains.items() if value),
    }
