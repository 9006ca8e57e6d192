"""Rows of an answer: an object with its properties in the service's order, types and sidecars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from exchange_online_emulator.cmdlets.message_trace import EVENT_PROPERTIES, MESSAGE_PROPERTIES
from exchange_online_emulator.cmdlets.outcome import PlainRow
from exchange_online_emulator.cmdlets.parameters import row_properties
from exchange_online_emulator.cmdlets.values import variant
from exchange_online_emulator.models import DN_SUFFIX, Kind, SettingValue, StoredObject
from exchange_online_emulator.rules import rule
from exchange_online_emulator.switches import Switches

WireValue = str | bool | int | None | list[str]
_CLASSES = {
    Kind.INBOUND: "msExchSMTPInboundConnector",
    Kind.OUTBOUND: "msExchSMTPOutboundConnector",
    Kind.TRANSPORT_RULE: "msExchTransportRule",
    Kind.ACCEPTED_DOMAIN: "msExchAcceptedDomain",
}
_PLAIN = {Kind.MESSAGE_TRACE: MESSAGE_PROPERTIES, Kind.MESSAGE_TRACE_DETAIL: EVENT_PROPERTIES}
_RULE_PROPERTIES = (
    "Priority",
    "Comments",
    "Conditions",
    "State",
    "Mode",
    "RecipientDomainIs",
    "SenderDomainIs",
    "RouteMessageOutboundConnector",
    "RouteMessageOutboundRequireTls",
    "Name",
    "Identity",
    "Guid",
    "IsValid",
)
_DOMAIN_PROPERTIES = ("DomainName", "DomainType", "Default", "Name", "Identity", "Guid", "IsValid")


def row(item: StoredObject | PlainRow, switches: Switches, tenant: str) -> dict[str, WireValue]:
    """One row with its sidecars; `tenant` is the GUID that directory names hold."""
    if isinstance(item, PlainRow):
        return {name: list(value) if isinstance(value, tuple) else value for name, value in item.values.items()}
    if item.kind in _PLAIN:
        return _plain(item)
    values = _properties(item)
    hidden = set(switches.unsupported_parameters)
    cells: dict[str, WireValue] = {}
    for name in _order(item.kind):
        if name in hidden:
            continue
        value = values[name] if name in values else item.settings.get(name)
        if switches.stored_form_variants:
            value = variant(name, value)
        _put(cells, name, value)
    for name, value in _directory_properties(item, tenant).items():
        _put(cells, name, value)
    return cells


@rule(
    "message-trace-rows",
    "rows of the message trace have the documented properties and no directory properties; dates have no zone",
    tag="assumed",
    source="Get-MessageTraceV2, Get-MessageTraceDetailV2: properties by their examples; the wire form is not known",
)
def _plain(item: StoredObject) -> dict[str, WireValue]:
    cells: dict[str, WireValue] = {}
    for name in _PLAIN[item.kind]:
        value = item.settings.get(name)
        if name in ("Received", "Date"):
            cells[f"{name}@data.type"] = "System.DateTime"
        _put(cells, name, value)
    return cells


def _order(kind: Kind) -> tuple[str, ...]:
    if kind is Kind.TRANSPORT_RULE:
        return _RULE_PROPERTIES
    if kind is Kind.ACCEPTED_DOMAIN:
        return _DOMAIN_PROPERTIES
    return row_properties("inbound" if kind is Kind.INBOUND else "outbound")


@rule(
    "row-shapes",
    "inbound and outbound rows have the properties of data/connector_get_shapes.json and differ; Identity equals Name",
    tag="observed:live",
    source="G2O, July 2026 (connector-semantics section 4)",
)
def _properties(item: StoredObject) -> Mapping[str, SettingValue]:
    stamp = item.text("LastValidationTimestamp")
    return {
        "Name": item.name,
        "Identity": item.name,
        "Guid": item.guid,
        "IsValid": True,
        "WhenChangedUTC": f"{ticks(item.changed)}Z",
        "WhenCreatedUTC": f"{ticks(item.created)}Z",
        "LastValidationTimestamp": ticks(datetime.fromisoformat(stamp)) if stamp else None,
    }


@rule(
    "directory-properties",
    "rows carry generic directory properties (Id, DistinguishedName, ObjectClass, WhenChanged, ...)",
    tag="observed:multi",
    source="VOSS connector models, ScubaGear sample report, RAWHTTP; their values are assumed",
)
def _directory_properties(item: StoredObject, tenant: str) -> Mapping[str, SettingValue]:
    return {
        "AdminDisplayName": "",
        "ExchangeVersion": "0.1 (8.0.535.0)",
        "DistinguishedName": f"CN={item.name},{DN_SUFFIX.upper()}",
        "ObjectCategory": f"PROD.OUTLOOK.COM/Configuration/Schema/{_CLASSES[item.kind]}",
        "ObjectClass": ("top", _CLASSES[item.kind]),
        "WhenChanged": f"{ticks(item.changed)}+00:00",
        "WhenCreated": f"{ticks(item.created)}+00:00",
        "ExchangeObjectId": item.guid,
        "OrganizationId": f"EURPR01A001.PROD.OUTLOOK.COM/ConfigurationUnits/{tenant}",
        "OrganizationalUnitRoot": tenant,
        "Id": item.name,
        "OriginatingServer": "EMULATOR01.PROD.OUTLOOK.COM",
        "ObjectState": "Unchanged",
    }


@rule(
    "sidecars",
    "next to a value stands its type: X@odata.type for lists and GUIDs, X@data.type for GUIDs, dates and numbers",
    tag="observed:multi",
    source="RAWHTTP, G2O, CIPP (exchange-wire 6.2)",
)
def _put(cells: dict[str, WireValue], name: str, value: SettingValue) -> None:
    if isinstance(value, tuple):
        cells[f"{name}@odata.type"] = "#Collection(String)"
        cells[name] = list(value)
        return
    if name in ("Guid", "ExchangeObjectId"):
        cells[f"{name}@odata.type"] = "#Guid"
        cells[f"{name}@data.type"] = "System.Guid"
    elif value is not None and (name.startswith("When") or name == "LastValidationTimestamp"):
        cells[f"{name}@data.type"] = "System.DateTime"
    elif isinstance(value, int) and not isinstance(value, bool):
        cells[f"{name}@data.type"] = "System.Int32"
    cells[name] = value


@rule(
    "dates",
    "dates have seven fractional digits: UTC with Z, local with +00:00, LastValidationTimestamp with no zone",
    tag="observed:live",
    source="G2O (exchange-wire 6.2)",
)
def ticks(moment: datetime) -> str:
    """A moment with seven fractional digits and no zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0"
