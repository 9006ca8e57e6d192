"""New, Set, Remove and Validate of connectors, under the service offering of the tenant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from exchange_online_emulator.cmdlets.changes import Change, merged, same_settings
from exchange_online_emulator.cmdlets.connector_rules import in_use_text, judge
from exchange_online_emulator.cmdlets.parameters import Bound, cmdlet_specs, only_asked, row_properties
from exchange_online_emulator.cmdlets.tenant import Outcome, PlainRow, Tenant
from exchange_online_emulator.cmdlets.values import stored
from exchange_online_emulator.errors import AlreadyExistsError, InvalidSettingError, OrganizationProhibitedError
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, SettingValue, StoredObject, Switches
from exchange_online_emulator.rules import assumed, documented, observed_multi, observed_single

_CREATED_DISABLED = (
    "Inbound connector for this service offering is created in a disabled state. Contact Support to enable it."
)
_CANNOT_ENABLE = "For this service offering, you can't enable an inbound connector. Contact Support to enable it."


@documented(
    "V30",
    "offering=disabled: an OnPremises inbound connector is created disabled, with a warning",
    "inbound connector FAQ, EX505293",
    applies="switch",
)
def created_disabled(kind: Kind, settings: dict[str, SettingValue], switches: Switches) -> tuple[str, ...]:
    """Turn `Enabled` off in the settings of a New; returns the warnings."""
    if switches.offering != "disabled" or kind is not Kind.INBOUND or settings.get("ConnectorType") != "OnPremises":
        return ()
    settings["Enabled"] = False
    return (_CREATED_DISABLED,)


@documented(
    "V31",
    "offering=disabled: enabling an OnPremises inbound connector is declined with a warning",
    "inbound connector FAQ",
    applies="switch",
)
def enabling_declined(before: StoredObject, settings: dict[str, SettingValue], switches: Switches) -> tuple[str, ...]:
    """Keep `Enabled` off in the settings of a Set; returns the warnings."""
    restricted = switches.offering == "disabled" and before.kind is Kind.INBOUND
    if not restricted or settings.get("ConnectorType") != "OnPremises":
        return ()
    if before.flag("Enabled") or settings.get("Enabled") is not True:
        return ()
    settings["Enabled"] = False
    return (_CANNOT_ENABLE,)


@observed_single(
    "V32",
    "offering=prohibited: creating or changing an inbound connector is refused",
    "SEPP docs (German text; the English one is assumed), EX505293",
    applies="switch",
)
def refuse_prohibited(kind: Kind, switches: Switches) -> None:
    """Raises `OrganizationProhibitedError`."""
    if switches.offering == "prohibited" and kind is Kind.INBOUND:
        raise OrganizationProhibitedError(
            "For this service offering, you can't create or update inbound connectors in your organization."
        )


@documented(
    "V35",
    "offering=developer: New-InboundConnector is refused",
    "New-InboundConnector, note on E5 developer subscriptions; type and text assumed",
    applies="switch",
)
def refuse_developer(kind: Kind, switches: Switches) -> None:
    """Raises `OrganizationProhibitedError`."""
    if switches.offering == "developer" and kind is Kind.INBOUND:
        raise OrganizationProhibitedError("Creation of inbound connectors is restricted in your organization.")


_DEFAULTS: dict[str, SettingValue] = {
    "Enabled": True,
    "ConnectorType": "Partner",
    "ConnectorSource": "Default",
    "Comment": "",
    "RequireTls": True,
    "UseMXRecord": True,
    "TlsSenderCertificateName": None,
    "TlsDomain": None,
    "TlsSettings": None,
    "MtaStsMode": "Opportunistic",
    "SmtpDaneMode": "Opportunistic",
    "LastValidationTimestamp": None,
    "AdminDisplayName": "",
}
_NOT_STORED = frozenset({"Name", "Identity", "Guid", "IsValid", "WhenChangedUTC", "WhenCreatedUTC"})


@documented(
    "defaults",
    "New fills what it is not given: Enabled, RequireTls, UseMXRecord true, ConnectorType Partner (assumed), "
    "MtaStsMode and SmtpDaneMode Opportunistic, other Booleans false, lists empty",
    "New-InboundConnector (RequireTls true since 2021-09-15), New-OutboundConnector",
)
def default_settings(kind: Kind) -> dict[str, SettingValue]:
    """The settings of a connector of which nothing but the name is given."""
    names = row_properties(kind)
    lists = {
        parameter.name
        for verb in ("New", "Set")
        for parameter in cmdlet_specs()[f"{verb}-{kind}".lower()].parameters.values()
        if parameter.multi
    }
    return {name: () if name in lists else _DEFAULTS.get(name, False) for name in names if name not in _NOT_STORED}


@documented(
    "V12",
    "SenderDomains `*` with a Restrict flag is accepted, though it rejects all other mail",
    "EXO22 (connector-semantics V12)",
)
@assumed(
    "V13",
    "a Partner connector without any restriction is accepted; only the portal objects",
    "OfficeDocs-Exchange issue 600 (portal text)",
)
def new(tenant: Tenant, visibility: Visibility, kind: Kind, bound: Bound) -> Outcome:
    """New-InboundConnector, New-OutboundConnector: one row, the connector created.

    Raises `AlreadyExistsError`, `InvalidSettingError`, `OrganizationProhibitedError`.
    """
    switches = tenant.switches
    refuse_prohibited(kind, switches)
    refuse_developer(kind, switches)
    name = str(bound["Name"])
    settings = merged(bound, default_settings(kind))
    if tenant.store.find(kind, name) is not None:
        raise AlreadyExistsError(name)
    judge(Change(kind, name, bound, None, settings, switches, tenant.accepted_domains()))
    warnings = created_disabled(kind, settings, switches)
    if only_asked(bound):
        return Outcome(warnings=warnings, confirmation_message=f"Creating the {kind} '{name}'.")
    created = tenant.store.insert(StoredObject(kind, name, settings))
    visibility.written(kind, None, created)
    return Outcome((created,), warnings)


@assumed(
    "unchanged-warning",
    "a Set that changes nothing answers 200 with a warning and leaves WhenChangedUTC alone",
    "CIPP matches the text for other cmdlets (exchange-wire 6.1)",
)
def set_(tenant: Tenant, visibility: Visibility, kind: Kind, bound: Bound) -> Outcome:
    """Set-InboundConnector, Set-OutboundConnector: no rows.

    Raises `ObjectNotFoundError`, `AlreadyExistsError`, `InvalidSettingError`, `OrganizationProhibitedError`.
    """
    switches = tenant.switches
    before = tenant.find(kind, str(bound["Identity"]))
    refuse_prohibited(kind, switches)
    name = str(bound.get("Name", before.name))
    if not name:
        raise InvalidSettingError("The value of the parameter Name can't be empty.")
    settings = merged(bound, before.settings)
    judge(Change(kind, name, bound, before, settings, switches, tenant.accepted_domains(), tenant.rules_using(before)))
    warnings = enabling_declined(before, settings, switches)
    if only_asked(bound):
        return Outcome(warnings=warnings, confirmation_message=f"Setting the {kind} '{before.name}'.")
    if name == before.name and same_settings(settings, before.settings):
        text = f"The command completed successfully but no settings of '{before.name}' have been modified."
        return Outcome(warnings=(*warnings, text))
    after = replace(before, name=name, settings=settings, changed=datetime.now(UTC))
    tenant.store.update(after)
    visibility.written(kind, before, after)
    return Outcome(warnings=warnings)


@assumed(
    "V34",
    "removing an outbound connector that a transport rule uses is refused (switch connector_in_use accepts it)",
    "connector-semantics V34; SEPP stops and names the rules",
)
def remove(tenant: Tenant, visibility: Visibility, kind: Kind, bound: Bound) -> Outcome:
    """Remove of a connector: no rows. Raises `ObjectNotFoundError`, `InvalidSettingError`."""
    gone = tenant.find(kind, str(bound["Identity"]))
    using = tenant.rules_using(gone)
    if using and tenant.switches.connector_in_use == "refuse":
        raise InvalidSettingError(in_use_text(gone.name, using))
    if only_asked(bound):
        return Outcome(confirmation_message=f"Removing the {kind} '{gone.name}'.")
    tenant.store.delete(gone)
    visibility.written(kind, gone, None)
    return Outcome()


@observed_multi(
    "N2",
    "a connector made in the portal has ConnectorSource AdminUI (control API, `connector_source`)",
    "Microsoft365DSC #591, #625, #647, #821; docs until 2019",
)
def renamed_source(created: StoredObject, source: str) -> StoredObject:
    """The connector as another tool made it: `ConnectorSource` AdminUI for the portal. Source: N2."""
    return replace(created, settings={**created.settings, "ConnectorSource": source})


@observed_single(
    "validate",
    "Validate-OutboundConnector returns TaskName and IsTaskSuccessful and does not set the validation status",
    "Validate-OutboundConnector (status: docs issue 9213); rows: exchange-wire section 9, 8; task names assumed",
)
def validate(tenant: Tenant, bound: Bound) -> Outcome:
    """One row per smart host (or for the MX record) and one for the test message.

    Raises `ObjectNotFoundError`, `InvalidSettingError` for a recipient that is no SMTP address.
    """
    connector = tenant.find(Kind.OUTBOUND, str(bound["Identity"]))
    recipients = bound["Recipients"]
    stored("Recipients", recipients if isinstance(recipients, tuple) else ())
    if only_asked(bound):
        return Outcome(confirmation_message=f"Validating the OutboundConnector '{connector.name}'.")
    succeeds = tenant.switches.validation_succeeds
    hosts = connector.values("SmartHosts") if not connector.flag("UseMXRecord") else ("MX record",)
    tasks = [f"Check connectivity to '{host}'" for host in hosts] + ["Send test email"]
    return Outcome(tuple(PlainRow({"TaskName": task, "IsTaskSuccessful": succeeds}) for task in tasks))
