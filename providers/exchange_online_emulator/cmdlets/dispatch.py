"""From a cmdlet's name to what does it."""

from __future__ import annotations

from collections.abc import Mapping

from exchange_online_emulator.cmdlets import connectors, listing, message_trace, transport_rules
from exchange_online_emulator.cmdlets.parameters import Bound, CmdletSpec, Json, bind, clears_without_effect
from exchange_online_emulator.cmdlets.tenant import Outcome, Tenant
from exchange_online_emulator.errors import DehydratedError
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind


def run(tenant: Tenant, visibility: Visibility, cmdlet: CmdletSpec, parameters: Mapping[str, Json]) -> Outcome:
    """Bind the parameters and run the cmdlet; a write is one transaction.

    Raises any `ServiceError`.
    """
    clearing = tenant.switches.list_clearing
    given = {
        name: value for name, value in parameters.items() if not clears_without_effect(cmdlet, name, value, clearing)
    }
    bound = bind(cmdlet, given, tenant.switches.unsupported_parameters, strict=tenant.switches.strict)
    if cmdlet.writes and tenant.switches.dehydrated:
        raise DehydratedError
    kind = Kind(cmdlet.noun)
    if kind is Kind.ORGANIZATION_CONFIG:
        return listing.organization_config(tenant)
    if kind in (Kind.MESSAGE_TRACE, Kind.MESSAGE_TRACE_DETAIL):
        return message_trace.get(tenant, kind, bound)
    if cmdlet.verb == "Get":
        return listing.get(tenant, visibility, kind, bound)
    if cmdlet.verb == "Validate":
        return connectors.validate(tenant, bound)
    with tenant.store.transaction():
        if kind is Kind.TRANSPORT_RULE:
            return _change_rule(tenant, visibility, cmdlet.verb, bound)
        action = {"New": connectors.new, "Set": connectors.set_, "Remove": connectors.remove}[cmdlet.verb]
        return action(tenant, visibility, kind, bound)


def _change_rule(tenant: Tenant, visibility: Visibility, verb: str, bound: Bound) -> Outcome:
    if verb in ("Enable", "Disable"):
        return transport_rules.switch(tenant, visibility, bound, enabled=verb == "Enable")
    change = {"New": transport_rules.new, "Set": transport_rules.set_, "Remove": transport_rules.remove}[verb]
    return change(tenant, visibility, bound)
