"""New-, Set-, Enable-, Disable- and Remove-TransportRule, as far as connectors need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from exchange_online_emulator.cmdlets.changes import merged
from exchange_online_emulator.cmdlets.parameters import Bound, only_asked
from exchange_online_emulator.cmdlets.tenant import Outcome, Tenant
from exchange_online_emulator.errors import InvalidSettingError, TransformationError
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, SettingValue, StoredObject
from exchange_online_emulator.rules import documented

_NAME_LIMIT = 64
_COMMENTS_LIMIT = 1024
_CONDITIONS = ("RecipientDomainIs", "SenderDomainIs")
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
    name = str(bound["Name"])
    _check_lengths(name, bound)
    settings = _settings(tenant, bound)
    if only_asked(bound):
        return Outcome(confirmation_message=f"Creating the TransportRule '{name}'.")
    _make_room(tenant, settings["Priority"], +1)
    created = tenant.store.insert(StoredObject(Kind.TRANSPORT_RULE, name, settings))
    visibility.written(Kind.TRANSPORT_RULE, None, created)
    return Outcome((created,))


@documented(
    "transport-rule-changes",
    "Set-TransportRule changes what is given of what New-TransportRule takes, Enabled left out; null takes a condition "
    "or the connector away; Disable- and Enable-TransportRule change State, the latter Mode, too, where it is given",
    "Set-TransportRule, Enable-TransportRule, Disable-TransportRule; that they give no rows, what null does, and that "
    "a rule which a Set moves leaves no gap, are assumed",
)
def set_(tenant: Tenant, visibility: Visibility, bound: Bound) -> Outcome:
    """No rows. Raises `ObjectNotFoundError`, `AlreadyExistsError`, `InvalidSettingError`."""
    before = tenant.find(Kind.TRANSPORT_RULE, str(bound["Identity"]))
    name = str(bound.get("Name", before.name))
    if not name:
        raise InvalidSettingError("The value of the parameter Name can't be empty.")
    _check_lengths(name, bound)
    return _change(
        tenant, visibility, bound, before, replace(before, name=name, settings=_changed(tenant, bound, before))
    )


def switch(tenant: Tenant, visibility: Visibility, bound: Bound, *, enabled: bool) -> Outcome:
    """Enable- or Disable-TransportRule: no rows. Raises `ObjectNotFoundError`."""
    before = tenant.find(Kind.TRANSPORT_RULE, str(bound["Identity"]))
    mode = bound.get("Mode", before.settings.get("Mode"))
    state = {"State": "Enabled" if enabled else "Disabled", "Mode": mode if isinstance(mode, str) else None}
    return _change(tenant, visibility, bound, before, replace(before, settings={**before.settings, **state}))


def _change(tenant: Tenant, visibility: Visibility, bound: Bound, before: StoredObject, after: StoredObject) -> Outcome:
    if only_asked(bound):
        return Outcome(confirmation_message=f"Setting the TransportRule '{before.name}'.")
    after = replace(after, changed=datetime.now(UTC))
    # The others close the gap that it leaves, then make room where it goes.
    for priority, step in ((before.settings["Priority"], -1), (after.settings["Priority"], +1)):
        _make_room(tenant, priority, step, but=before)
    tenant.store.update(after)
    visibility.written(Kind.TRANSPORT_RULE, before, after)
    return Outcome()


def _changed(tenant: Tenant, bound: Bound, before: StoredObject) -> dict[str, SettingValue]:
    """The settings after a Set."""
    conditions = {name: bound[name] for name in _CONDITIONS if name in bound}
    after = merged(conditions, before.settings)
    if "RouteMessageOutboundConnector" in bound:
        connector = bound["RouteMessageOutboundConnector"]
        named = isinstance(connector, str) and connector
        after["RouteMessageOutboundConnector"] = tenant.find(Kind.OUTBOUND, str(connector)).guid if named else None
    if "RouteMessageOutboundRequireTls" in bound:
        after["RouteMessageOutboundRequireTls"] = bound["RouteMessageOutboundRequireTls"] is True
    for name in ("Comments", "Mode"):
        value = bound.get(name, after.get(name))
        after[name] = value if isinstance(value, str) and value else None
    priority = bound.get("Priority", after["Priority"])
    after["Priority"] = _priority(priority, len(tenant.store.objects(Kind.TRANSPORT_RULE)) - 1)
    after["Conditions"] = tuple(_PREDICATE.format(name) for name in _CONDITIONS if after.get(name))
    return after


def _check_lengths(name: str, bound: Bound) -> None:
    comments = bound.get("Comments")
    if len(name) > _NAME_LIMIT or (isinstance(comments, str) and len(comments) > _COMMENTS_LIMIT):
        raise InvalidSettingError("The length of the property is too long.")


def _priority(value: object, most: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= most:
        raise TransformationError("Priority", str(value), "System.Int32", f"The value must be from 0 to {most}.")
    return value


def remove(tenant: Tenant, visibility: Visibility, bound: Bound) -> Outcome:
    """No rows. Raises `ObjectNotFoundError`."""
    gone = tenant.find(Kind.TRANSPORT_RULE, str(bound["Identity"]))
    if only_asked(bound):
        return Outcome(confirmation_message=f"Removing the TransportRule '{gone.name}'.")
    tenant.store.delete(gone)
    _make_room(tenant, gone.settings.get("Priority"), -1)
    visibility.written(Kind.TRANSPORT_RULE, gone, None)
    return Outcome()


def _make_room(tenant: Tenant, priority: SettingValue, step: int, *, but: StoredObject | None = None) -> None:
    for item in tenant.store.objects(Kind.TRANSPORT_RULE):
        if but is not None and item.guid == but.guid:
            continue
        current = item.settings.get("Priority")
        if isinstance(current, int) and isinstance(priority, int) and current >= priority:
            tenant.store.update(replace(item, settings={**item.settings, "Priority": current + step}))


def _settings(tenant: Tenant, bound: Bound) -> dict[str, SettingValue]:
    connector = bound.get("RouteMessageOutboundConnector")
    target = tenant.find(Kind.OUTBOUND, connector) if isinstance(connector, str) else None
    count = len(tenant.store.objects(Kind.TRANSPORT_RULE))
    priority = bound.get("Priority")
    given = {name: bound.get(name) for name in _CONDITIONS}
    domains = {name: value if isinstance(value, tuple) else () for name, value in given.items()}
    comments, mode = bound.get("Comments"), bound.get("Mode")
    return {
        "Priority": count if priority is None else _priority(priority, count),
        **domains,
        "Comments": comments if isinstance(comments, str) and comments else None,
        "Mode": mode if isinstance(mode, str) else "Enforce",
        "State": "Disabled" if bound.get("Enabled") is False else "Enabled",
        "RouteMessageOutboundConnector": target.guid if target else None,
        "RouteMessageOutboundRequireTls": bound.get("RouteMessageOutboundRequireTls") is True,
        "Conditions": tuple(_PREDICATE.format(name) for name, value in domains.items() if value),
    }
