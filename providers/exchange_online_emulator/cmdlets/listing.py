"""Get-InboundConnector, Get-OutboundConnector, Get-TransportRule, Get-AcceptedDomain, Get-OrganizationConfig."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from exchange_online_emulator.cmdlets.parameters import Bound
from exchange_online_emulator.cmdlets.tenant import Outcome, PlainRow, Tenant
from exchange_online_emulator.errors import AmbiguousIdentityError, ObjectNotFoundError
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.rules import observed_live, observed_multi, observed_single

_HIDDEN = (
    "There is at least one test mode connector which is not included in the result. "
    "Please use -IncludeTestModeConnectors to view test mode connectors."
)


def get(tenant: Tenant, visibility: Visibility, kind: Kind, bound: Bound) -> Outcome:
    """The rows of a Get, in the order of creation. Raises `ObjectNotFoundError` (switch `unknown_identity`)."""
    objects = visibility.seen(kind, tenant.store.objects(kind))
    warnings: tuple[str, ...] = ()
    if kind is Kind.OUTBOUND:
        objects, warnings = _test_mode(tenant, objects, bound)
        objects = _rule_scoped(objects, bound)
    identity = bound.get("Identity")
    if isinstance(identity, str) and identity:
        objects = _identified(tenant, objects, identity)
    if kind is Kind.TRANSPORT_RULE:
        objects = _with_connector_names(tenant, objects)
    return Outcome(objects, warnings)


@observed_multi(
    "unknown-identity",
    "Get with an Identity that does not exist answers with body C, or by the switch unknown_identity with every row "
    "(all), or with ManagementObjectAmbiguousException (ambiguous)",
    "Microsoft365DSC, SEPPmail, AZAPP, terraform-provider-exo and an Exclaimer script rely on the error; all: the "
    "sentence of Get-InboundConnector, boilerplate by office-docs-powershell PR #13286; ambiguous: CIPP-API PR #1568",
)
@observed_multi(
    "identity-wildcard",
    "`*` in the Identity of a Get stands for any characters of a name, every other character for itself; where no name "
    "fits there are no rows",
    "SEPPmail (`[SEPPmail*`, `[SEPPmail.cloud]*`), an Exclaimer script (`*exclaimer*`); no rows is assumed",
)
def _identified(tenant: Tenant, objects: tuple[StoredObject, ...], identity: str) -> tuple[StoredObject, ...]:
    if "*" in identity:
        pattern = re.compile(".*".join(map(re.escape, identity.split("*"))), re.IGNORECASE | re.DOTALL)
        return tuple(item for item in objects if pattern.fullmatch(item.name))
    found = tuple(item for item in objects if item.matches(identity))
    if found or tenant.switches.unknown_identity == "all":
        return found or objects
    if tenant.switches.unknown_identity == "ambiguous":
        raise AmbiguousIdentityError(identity)
    raise ObjectNotFoundError(identity)


@observed_single(
    "V33",
    "a plain Get-OutboundConnector leaves test-mode connectors out and warns; IncludeTestModeConnectors true returns "
    "them too, or by the switch include_test_mode only them (documented)",
    "DLConversionV2 #159 (warning); Microsoft365DSC relies on all since 2022; Get-OutboundConnector (semantics 4.1, "
    "CONFLICT)",
)
def _test_mode(
    tenant: Tenant, objects: tuple[StoredObject, ...], bound: Bound
) -> tuple[tuple[StoredObject, ...], tuple[str, ...]]:
    test_mode = tuple(item for item in objects if item.flag("TestMode"))
    plain = tuple(item for item in objects if not item.flag("TestMode"))
    if bound.get("IncludeTestModeConnectors") is True:
        return (test_mode if tenant.switches.include_test_mode == "only" else objects), ()
    return plain, (_HIDDEN,) if test_mode else ()


@observed_live(
    "rule-scoped-filter",
    "Get-OutboundConnector filters by IsTransportRuleScoped only when it is given",
    "G2O saw a scoped connector in a parameterless Get; the docs say default false (semantics 4.1, CONFLICT)",
)
def _rule_scoped(objects: tuple[StoredObject, ...], bound: Bound) -> tuple[StoredObject, ...]:
    wanted = bound.get("IsTransportRuleScoped")
    if not isinstance(wanted, bool):
        return objects
    return tuple(item for item in objects if item.flag("IsTransportRuleScoped") is wanted)


@observed_multi(
    "organization-config",
    "Get-OrganizationConfig gives one row: Name (the initial domain), Identity, Guid, IsDehydrated",
    "the first call of azure-auth's live test, go-exoscc, Mondoo and a browser extension; a part of the properties",
)
def organization_config(tenant: Tenant) -> Outcome:
    """Get-OrganizationConfig."""
    domains = tenant.store.objects(Kind.ACCEPTED_DOMAIN)
    name = next((item.name for item in domains if item.flag("Default")), "")
    guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    dehydrated = tenant.switches.dehydrated
    return Outcome((PlainRow({"Name": name, "Identity": name, "Guid": guid, "IsDehydrated": dehydrated}),))


def _with_connector_names(tenant: Tenant, rules: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
    names = {item.guid: item.name for item in tenant.store.objects(Kind.OUTBOUND)}

    def named(item: StoredObject) -> StoredObject:
        guid = item.text("RouteMessageOutboundConnector")
        name = names.get(guid, guid) if guid else None
        return replace(item, settings={**item.settings, "RouteMessageOutboundConnector": name})

    return tuple(named(item) for item in rules)  # paging goes by age, so rows are not sorted by Priority
