"""Rules about stored forms: what a connector is read back as, how a list is written, what null does."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from exchange_online.admin_api import JsonValue
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import was_refused
from regulated_partners.conformance.experiment import (
    Experiment,
    Reading,
    by_switch,
    held,
    held_if,
    otherwise,
)
from regulated_partners.conformance.workbench import Workbench

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND

#: A type that an object within Parameters can name beside the usual one, and one that there is not.
_DELTA, _BOGUS = "#Exchange.StringFieldDeltaUpdateData", "#Exchange.RegulatedPartnersNothing"

#: What rows have. Source: G2O (connector-semantics 4); the newest two are the matter of the rule `older-cloud`.
ROW_PROPERTIES: Mapping[Direction, frozenset[str]] = {
    _IN: frozenset(
        (
            *("Enabled", "ConnectorType", "ConnectorSource", "Comment", "SenderIPAddresses"),
            *("SenderDomains", "TrustedOrganizations", "ClientHostNames", "AssociatedAcceptedDomains"),
            *("RequireTls", "RestrictDomainsToIPAddresses", "RestrictDomainsToCertificate"),
            *("CloudServicesMailEnabled", "TreatMessagesAsInternal", "TlsSenderCertificateName"),
            *("EFTestMode", "ScanAndDropRecipients", "EFSkipLastIP", "EFSkipIPs", "EFSkipMailGateway"),
            *("EFUsers", "AdminDisplayName", "Name", "Identity", "WhenChangedUTC", "WhenCreatedUTC", "Guid"),
            *("IsValid",),
        )
    ),
    _OUT: frozenset(
        (
            *("Enabled", "UseMXRecord", "Comment", "ConnectorType", "ConnectorSource", "RecipientDomains"),
            *("SmartHosts", "TlsDomain", "TlsSettings", "IsTransportRuleScoped"),
            *("RouteAllMessagesViaOnPremises", "CloudServicesMailEnabled", "AllAcceptedDomains"),
            *("SenderRewritingEnabled", "TestMode", "ValidationRecipients", "IsValidated"),
            *("LastValidationTimestamp", "AdminDisplayName", "Name", "Identity", "WhenChangedUTC"),
            *("WhenCreatedUTC", "Guid", "IsValid"),
        )
    ),
}

#: Source: VOSS connector models, ScubaGear sample report (connector-semantics 4, Generic).
_DIRECTORY = (
    *("Id", "ExchangeVersion", "DistinguishedName", "ObjectCategory", "ObjectClass", "WhenChanged"),
    *("WhenCreated", "ExchangeObjectId", "OrganizationId", "OrganizationalUnitRoot"),
    *("OriginatingServer", "ObjectState"),
)

#: What New fills in. Enabled is not looked at: nothing is ever made without saying that it is off.
_DEFAULTS: Mapping[Direction, Mapping[str, object]] = {
    _IN: {
        "ConnectorType": "Partner",
        "RequireTls": True,
        "RestrictDomainsToCertificate": False,
        "RestrictDomainsToIPAddresses": False,
        "CloudServicesMailEnabled": False,
        "TreatMessagesAsInternal": False,
        "EFSkipLastIP": False,
        "SenderIPAddresses": [],
        "AssociatedAcceptedDomains": [],
    },
    _OUT: {
        "ConnectorType": "Partner",
        "UseMXRecord": True,
        "IsTransportRuleScoped": False,
        "RouteAllMessagesViaOnPremises": False,
        "CloudServicesMailEnabled": False,
        "AllAcceptedDomains": False,
        "SenderRewritingEnabled": False,
        "TestMode": False,
        "TlsSettings": None,
        "MtaStsMode": "Opportunistic",
        "SmtpDaneMode": "Opportunistic",
        "SmartHosts": [],
    },
}

#: What an empty property is read back as.
_UNSET: Mapping[Direction, Mapping[str, object]] = {
    _IN: {"Comment": "", "TlsSenderCertificateName": None, "SenderIPAddresses": [], "EFSkipIPs": [], "EFUsers": []},
    _OUT: {"Comment": "", "TlsDomain": None, "SmartHosts": [], "ValidationRecipients": []},
}


def _standing_rows(bench: Workbench) -> dict[Direction, Mapping[str, Any]]:
    return {direction: bench.row(direction, bench.standing(direction)) for direction in Direction}


def _differing(rows: Mapping[Direction, Mapping[str, Any]], wanted: Mapping[Direction, Mapping[str, object]]) -> str:
    """What is not as wanted; a property that a row lacks is another rule's matter."""
    return ", ".join(
        f"{name} is {rows[direction][name]!r}"
        for direction, values in wanted.items()
        for name, value in values.items()
        if name in rows[direction] and rows[direction][name] != value
    )


def _sender_domains(bench: Workbench) -> Reading:
    plain = f"b.{bench.mark.domain}"
    guid = str(bench.made(_IN, {"SenderDomains": [plain, f"smtp:*.{bench.mark.domain};1"]})["Guid"])
    found = sorted(bench.row(_IN, guid)["SenderDomains"])
    wanted = sorted([f"smtp:{plain};1", f"smtp:*.{bench.mark.domain};1"])
    return held_if(found == wanted, "read back as smtp:<domain>;1, whichever form was sent", f"read back as {found}")


def _unset(bench: Workbench) -> Reading:
    differing = _differing(_standing_rows(bench), _UNSET)
    return held_if(not differing, "empty lists are [], unset names null, an unset Comment ''", differing)


def _defaults(bench: Workbench) -> Reading:
    differing = _differing(_standing_rows(bench), _DEFAULTS)
    return held_if(not differing, "as listed; Enabled was given", differing)


def _variants(bench: Workbench) -> Reading:
    """Compared part by part: the service may well have one of the forms and not the others."""
    sent = {"SenderIPAddresses": ["203.0.113.9/28", "198.51.100.7"]}
    shown = [str(item) for item in bench.row(_IN, str(bench.made(_IN, sent)["Guid"]))["SenderIPAddresses"]]
    hosts = {"UseMXRecord": False, "SmartHosts": [f"mail.{bench.mark.domain}", "192.0.2.1"]}
    row = bench.row(_OUT, str(bench.made(_OUT, hosts)["Guid"]))
    masked = str(ipaddress.IPv4Interface("203.0.113.9/28").network)
    forms = {
        "networks are masked": masked in shown,
        "lists are sorted": shown == sorted(shown),
        "smart hosts that are addresses have brackets": "[192.0.2.1]" in row["SmartHosts"],
    }
    if len(set(forms.values())) > 1:
        return otherwise("; ".join(what if so else f"not so: {what}" for what, so in forms.items()), acted=True)
    has_all = all(forms.values())
    return by_switch("; ".join(forms) if has_all else "as sent", "stored_form_variants", has_all, has_all)


def _row_shapes(bench: Workbench) -> Reading:
    rows = _standing_rows(bench)
    missing = sorted(name for direction, row in rows.items() for name in ROW_PROPERTIES[direction] - row.keys())
    differ = rows[_IN]["Identity"] == rows[_IN]["Name"] and rows[_OUT]["Identity"] == rows[_OUT]["Name"]
    if missing:
        return otherwise(f"rows lack {', '.join(missing)}")
    return held_if(differ, "rows have the properties, and Identity equals Name", "Identity is another than Name")


def _directory_properties(bench: Workbench) -> Reading:
    missing = sorted({name for row in _standing_rows(bench).values() for name in _DIRECTORY if name not in row})
    return held_if(not missing, "rows have them", f"rows lack {', '.join(missing)}")


def _sidecars(bench: Workbench) -> Reading:
    row = bench.row(_OUT, bench.standing(_OUT))
    wanted = {
        "RecipientDomains@odata.type": "#Collection(String)",
        "Guid@odata.type": "#Guid",
        "Guid@data.type": "System.Guid",
        "WhenChangedUTC@data.type": "System.DateTime",
    }
    differing = ", ".join(f"{name} is {row.get(name)!r}" for name, value in wanted.items() if row.get(name) != value)
    return held_if(not differing, "lists, Guids and dates have their type beside them", differing)


def _dates(bench: Workbench) -> Reading:
    guid = bench.standing(_OUT)
    bench.changed(_OUT, guid, {"LastValidationTimestamp": "2026-01-02T03:04:05"})
    row = bench.row(_OUT, guid, lambda row: row.get("LastValidationTimestamp") is not None)
    zones = {"WhenChangedUTC": "Z", "WhenChanged": r"[+-]\d\d:\d\d", "LastValidationTimestamp": ""}
    differing = ", ".join(
        f"{name} is {row.get(name)!r}"
        for name, zone in zones.items()
        if not re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{7}}{zone}", str(row.get(name)))
    )
    return held_if(not differing, "seven fractional digits, and the zone of each kind", differing)


def _list_encoding(bench: Workbench) -> Reading:
    guid, domain = bench.standing(_IN), bench.mark.domain
    changes: Mapping[str, tuple[JsonValue, set[str]]] = {
        "an array replaces": ([f"b.{domain}", f"c.{domain}"], {"b", "c"}),
        "a text replaces": (f"d.{domain}", {"d"}),
        "Add and Remove change a part": ({"Add": [f"e.{domain}"], "Remove": [f"d.{domain}"]}, {"e"}),
    }
    missing = [what for what, (value, wanted) in changes.items() if not _replaces(bench, guid, value, wanted)]
    bogus = {"@odata.type": _BOGUS, "Add": [f"f.{domain}"]}
    if not was_refused(bench.set(_IN, guid, {"SenderDomains": bogus})):
        missing.append("an object of another type is refused")
    bench.changed(_IN, guid, {"SenderDomains": [domain]})
    return held_if(not missing, "; ".join(changes), f"not so: {'; '.join(missing)}")


def _replaces(bench: Workbench, guid: str, value: JsonValue, wanted: set[str]) -> bool:
    """Whether a Set- of SenderDomains leaves the domains of these first labels."""
    if not bench.set(_IN, guid, {"SenderDomains": value}).accepted:
        return False
    return _labels(bench.row(_IN, guid, lambda row: _labels(row) == wanted)) == wanted


def _labels(row: Mapping[str, Any]) -> set[str]:
    return {str(item).removeprefix("smtp:").partition(".")[0] for item in row["SenderDomains"]}


def _delta(bench: Workbench) -> Reading:
    guid, domain = bench.standing(_IN), bench.mark.domain
    bench.changed(_IN, guid, {"SenderDomains": [domain]})
    answer = bench.set(_IN, guid, {"SenderDomains": {"@odata.type": _DELTA, "Add": [f"e.{domain}"]}})
    if not answer.accepted:
        return otherwise(f"refused: HTTP {answer.status} {answer.exception_type}".rstrip())
    shown = bench.row(_IN, guid, lambda row: len(row["SenderDomains"]) > 1)["SenderDomains"]
    bench.changed(_IN, guid, {"SenderDomains": [domain]})
    return held_if(len(shown) == 2, "it adds", "accepted, and the list is as before")


def _collection(bench: Workbench) -> Reading:
    guid, domain = bench.standing(_IN), bench.mark.domain
    bench.changed(_IN, guid, {"SenderDomains": [domain]})
    bench.row(_IN, guid, lambda row: len(row["SenderDomains"]) == 1)
    added = was_refused(bench.set(_IN, guid, {"SenderDomains": {"Add": [domain]}}))
    removed = was_refused(bench.set(_IN, guid, {"SenderDomains": {"Remove": [f"other.{domain}"]}}))
    said = f"Add of what is there is {'refused' if added else 'accepted'}, "
    said += f"Remove of what is not is {'refused' if removed else 'accepted'}"
    return held_if(added and not removed, said, said)


def _clearing(bench: Workbench) -> Reading:
    forms: Mapping[str, JsonValue] = {
        "null": None,
        "an empty text": "",
        "an empty hashtable": {},
        "[]": [],
        "Remove": {"Remove": [_PARKED]},
    }
    guid = str(bench.made(_IN, {"SenderIPAddresses": [_PARKED]})["Guid"])
    clears = {form: _is_cleared(bench, guid, value) for form, value in forms.items()}
    first = {clears[form] for form in ("null", "an empty text", "an empty hashtable")}
    by_value = {
        (True, True, True): "any",
        (False, True, True): "empty_list",
        (False, False, True): "remove",
    }
    fits = by_value.get((True in first, clears["[]"], clears["Remove"])) if len(first) == 1 else None
    said = f"it is emptied by {', '.join(form for form, does in clears.items() if does) or 'nothing'}"
    if fits is None:
        return otherwise(said, acted=True)
    return by_switch(said, "list_clearing", fits, None if fits == "any" else True)


_PARKED = "192.0.2.77"


def _is_cleared(bench: Workbench, guid: str, value: JsonValue) -> bool:
    """Whether a value empties a list that holds one; it is filled again where it does."""
    if was_refused(bench.set(_IN, guid, {"SenderIPAddresses": value})):
        return False
    is_empty = not bench.row(_IN, guid, lambda row: not row["SenderIPAddresses"])["SenderIPAddresses"]
    if is_empty:
        bench.changed(_IN, guid, {"SenderIPAddresses": [_PARKED]})
        bench.row(_IN, guid, lambda row: bool(row["SenderIPAddresses"]))
    return is_empty


def _texts(bench: Workbench) -> Reading:
    domain = bench.mark.domain
    texts = {"Comment": "some", "TlsDomain": f"mail.{domain}", "TlsSettings": "DomainValidation"}
    guid = str(bench.made(_OUT, texts)["Guid"])
    bench.changed(_OUT, guid, {"Comment": None, "TlsDomain": None, "TlsSettings": None})
    row = bench.row(_OUT, guid, lambda row: not row["Comment"])
    cleared = (row["Comment"], row["TlsDomain"]) == ("", None)
    number = was_refused(bench.set(_OUT, guid, {"Comment": 7}))
    said = f"null leaves Comment {row['Comment']!r} and TlsDomain {row['TlsDomain']!r}; a number is "
    said += "refused" if number else "accepted"
    return held_if(cleared and number, said, said)


def _unchanged(bench: Workbench) -> Reading:
    guid = bench.standing(_OUT)
    bench.changed(_OUT, guid, {"Comment": "once"})
    before = bench.row(_OUT, guid, lambda row: row["Comment"] == "once")["WhenChangedUTC"]
    answer = bench.set(_OUT, guid, {"Comment": "once"})
    if not answer.accepted:
        return otherwise(f"refused: HTTP {answer.status}")
    warned = any("no settings of" in warning for warning in answer.warnings)
    same = bench.row(_OUT, guid)["WhenChangedUTC"] == before
    if warned and same:
        return held("a warning, and WhenChangedUTC stays")
    return otherwise(f"{'a' if warned else 'no'} warning, and WhenChangedUTC {'stays' if same else 'moves'}")


_BOTH = (_IN, _OUT)

STORED_FORMS: tuple[Experiment, ...] = (
    Experiment(
        "N1",
        "SenderDomains in both forms, `<domain>` and `smtp:<domain>;1`",
        "both are read back as `smtp:<domain>;1`",
        _sender_domains,
        needs=(_IN,),
    ),
    Experiment("N5", "connectors of which nothing is set", "[], null and '' as listed", _unset, needs=_BOTH),
    Experiment(
        "N8",
        "a network with host bits, addresses out of order, a smart host that is an address",
        "they are read back as sent",
        _variants,
        ("stored_form_variants",),
        _BOTH,
    ),
    Experiment("defaults", "connectors of which nothing is set", "the documented values", _defaults, needs=_BOTH),
    Experiment("row-shapes", "Get- of both kinds", "the rows have every property", _row_shapes, needs=_BOTH),
    Experiment("directory-properties", "Get- of both kinds", "the rows have them", _directory_properties, needs=_BOTH),
    Experiment("sidecars", "Get-OutboundConnector", "types stand beside values", _sidecars, needs=(_OUT,)),
    Experiment(
        "dates", "Set LastValidationTimestamp, and Get-", "seven digits; Z, an offset, no zone", _dates, needs=(_OUT,)
    ),
    Experiment(
        "list-encoding",
        "SenderDomains as an array, as a text, with Add and Remove, and as an object of another type",
        "the first three do what they say, the last is refused",
        _list_encoding,
        needs=(_IN,),
    ),
    Experiment("delta-type", "Add in an object of type StringFieldDeltaUpdateData", "it adds", _delta, needs=(_IN,)),
    Experiment(
        "V27",
        "Add of a domain that the list holds, and Remove of one that it does not hold",
        "the first is refused, the second is accepted",
        _collection,
        needs=(_IN,),
    ),
    Experiment(
        "list-clearing",
        "SenderIPAddresses of null, '', an empty hashtable, [], and Remove of what it holds",
        "each empties the list",
        _clearing,
        ("list_clearing",),
        (_IN,),
    ),
    Experiment(
        "text-parameters",
        "null, and a number, for texts",
        "null leaves '' in Comment and null in TlsDomain; a number is refused",
        _texts,
        needs=(_OUT,),
    ),
    Experiment(
        "unchanged-warning",
        "Set- of a Comment that is there already",
        "a warning, and WhenChangedUTC stays",
        _unchanged,
        needs=(_OUT,),
    ),
)
