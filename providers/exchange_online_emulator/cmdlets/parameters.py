"""The parameters of each cmdlet, and their binding: the JSON of a request to typed values (bodies A and B)."""

from __future__ import annotations

import functools
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exchange_online_emulator.errors import MissingParameterError, TransformationError, UnknownParameterError
from exchange_online_emulator.models import Kind, SettingValue
from exchange_online_emulator.rules import assumed, observed_client, observed_live, observed_single


@dataclass(frozen=True)
class Parameter:
    """One parameter of a cmdlet: `type` as on the cmdlet's page, `members` the names of its enumeration."""

    name: str
    type: str
    required: bool = False
    multi: bool = False
    members: tuple[str, ...] = ()
    nullable: bool = False

    def refusal(self, value: object, reason: str) -> TransformationError:
        """The refusal of a value that is not of the parameter's type."""
        # Only the form is observed; the namespaces of the connectors' types are assumed.
        if self.type == "MultiValuedProperty":
            return TransformationError(
                self.name, value, "Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]", reason
            )
        system = self.type in ("String", "String[]", "Boolean", "SwitchParameter", "Guid", "DateTime", "Int32")
        namespace = "System" if system else "Microsoft.Exchange.Data.Directory.SystemConfiguration"
        return TransformationError(self.name, value, f"{namespace}.{self.type}", reason)


@dataclass(frozen=True)
class CmdletSpec:
    """A cmdlet: its documented name and its parameters by lower-case name."""

    name: str
    parameters: dict[str, Parameter] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """`Get`, `New`, `Set`, ..."""
        return self.name.partition("-")[0]

    @property
    def noun(self) -> str:
        """`InboundConnector`, ..."""
        return self.name.partition("-")[2]

    @property
    def writes(self) -> bool:
        """Whether the cmdlet needs a role that may write."""
        return self.verb != "Get"


@functools.cache
def _tables() -> dict[str, Any]:
    # Made by tools/emulator.py from the reference.
    text = (Path(__file__).parent.parent / "data" / "cmdlets.json").read_text(encoding="utf-8")
    tables: dict[str, Any] = json.loads(text)
    return tables


@functools.cache
def cmdlet_specs() -> dict[str, CmdletSpec]:
    """Every cmdlet the emulator answers, by lower-case name.

    Source: the cmdlets' pages in office-docs-powershell (connector-semantics section 3).
    """
    return {
        cmdlet.lower(): CmdletSpec(
            cmdlet,
            {
                name.lower(): Parameter(name, **{**row, "members": tuple(row.get("members", ()))})
                for name, row in rows.items()
            },
        )
        for cmdlet, rows in _tables()["parameters"].items()
    }


def find_cmdlet(name: str) -> CmdletSpec | None:
    """The cmdlet of that name in any case, None when there is none. Source: CIPP sends `New-Inboundconnector`."""
    return cmdlet_specs().get(name.lower())


@functools.cache
def documented_cmdlets() -> tuple[str, ...]:
    """The name of each cmdlet that Exchange Online has, emulated or not.

    Source: the pages of office-docs-powershell that apply to Exchange Online.
    """
    text = (Path(__file__).parent.parent / "data" / "documented_cmdlets.json").read_text(encoding="utf-8")
    return tuple(json.loads(text)["cmdlets"])


@functools.cache
def _documented() -> frozenset[str]:
    return frozenset(name.lower() for name in documented_cmdlets())


def is_documented(name: str) -> bool:
    """Whether Exchange Online has a cmdlet of that name in any case, emulated or not."""
    return name.lower() in _documented()


def row_properties(kind: Kind) -> tuple[str, ...]:
    """The properties of a connector's row in the order of the service.

    Source: observed live by G2O.
    """
    return tuple(_tables()["rows"]["inbound" if kind is Kind.INBOUND else "outbound"])


Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
HASHTABLE = "#Exchange.GenericHashTable"
_DELTA = "#Exchange.StringFieldDeltaUpdateData"

#: Parameters that PowerShell gives every cmdlet, lower case. Source: about_CommonParameters.
_COMMON = frozenset(
    f"{stream}{suffix}" for stream in ("error", "warning", "information") for suffix in ("action", "variable")
) | {"verbose", "debug", "progressaction", "outvariable", "outbuffer", "pipelinevariable"}


@dataclass(frozen=True)
class ListChange:
    """`@{Add=...; Remove=...}` of a multi-valued parameter."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


Bound = Mapping[str, SettingValue | ListChange]


@assumed(
    "older-cloud",
    "unsupported_parameters: a parameter that a cloud does not know yet is refused as V26 says, and absent from rows",
    "MC1220759 (MtaStsMode and SmtpDaneMode came to the clouds one after the other); that rows lack it is assumed",
    applies="switch",
)
@observed_single(
    "parameter-names",
    "parameter names match in any case; one given twice in different case is refused as unknown",
    "CIPP sends `name`, `comment`; refusal of two spellings is assumed (exchange-wire 5.3)",
)
@observed_single(
    "common-parameters",
    "PowerShell's common parameters (ErrorAction, WarningAction, Verbose, Debug, ...) are accepted and have no effect; "
    "under strict they are refused as unknown",
    "goosey's collector sends ErrorAction within Parameters; the others are assumed",
)
def bind(
    cmdlet: CmdletSpec, parameters: Mapping[str, Json], unsupported: tuple[str, ...] = (), *, strict: bool = False
) -> Bound:
    """Typed values by documented parameter name.

    `unsupported` names parameters this cloud does not know. Raises `UnknownParameterError`, `TransformationError`,
    `MissingParameterError`.
    """
    if not strict:
        parameters = {name: value for name, value in parameters.items() if name.lower() not in _COMMON}
    hidden = {name.lower() for name in unsupported}
    known = {name: item for name, item in cmdlet.parameters.items() if name not in hidden}
    # Sidecars ("X@odata.type") describe X and carry no value of their own.
    given = {name: value for name, value in parameters.items() if not name.partition("@")[1]}
    spellings = Counter(name.lower() for name in given)
    unknown = [name for name in given if name.lower() not in known or spellings[name.lower()] > 1]
    unknown += [name for name in parameters if "@" in name and name.partition("@")[0].lower() not in known]
    if unknown:
        raise UnknownParameterError(*unknown)
    if strict:
        _refuse_switch_texts(known, given)
    bound = {known[name.lower()].name: _convert(known[name.lower()], value) for name, value in given.items()}
    missing = [item.name for item in known.values() if item.required and bound.get(item.name) in (None, "", ())]
    if missing:
        raise MissingParameterError(*missing)
    return bound


def _refuse_switch_texts(known: Mapping[str, Parameter], given: Mapping[str, Json]) -> None:
    for name, value in given.items():
        if known[name.lower()].type == "SwitchParameter" and isinstance(value, str):
            raise known[name.lower()].refusal(value, "The value is not a Boolean.")


@observed_single(
    "list-clearing",
    "list_clearing=empty_list: only [] empties a list in a Set; list_clearing=remove: [] does not either, and only a "
    "Remove of its values does",
    "go-exoscc, of a multi-valued property of another cmdlet (`[]` does not, Remove does); empty_list is assumed",
    applies="switch",
)
def clears_without_effect(cmdlet: CmdletSpec, name: str, value: Json, clearing: str) -> bool:
    """Whether a parameter would empty a list in a form that has no effect."""
    parameter = cmdlet.parameters.get(name.lower())
    if clearing == "any" or cmdlet.verb != "Set" or parameter is None or not parameter.multi:
        return False
    if isinstance(value, dict):
        return not any("@" not in key for key in value)
    return value in (None, "") or (value == [] and clearing == "remove")


@observed_client(
    "confirm",
    "Confirm true or WhatIf true changes nothing and answers with @adminapi.confirmationmessage; "
    "without Confirm a Remove executes",
    "TMPEXO; CIPP and HELLOID for Remove (exchange-wire 5.4); WhatIf on connectors is assumed",
)
def only_asked(bound: Bound) -> bool:
    """Whether the caller wants to see what would be done, and nothing done."""
    return bound.get("Confirm") is True or bound.get("WhatIf") is True


def _convert(parameter: Parameter, value: Json) -> SettingValue | ListChange:
    if parameter.multi:
        return _list(parameter, value)
    if parameter.members:
        return _enumeration(parameter, value)
    return _SCALARS.get(parameter.type, _text)(parameter, value)


@observed_client(
    "list-encoding",
    "lists: a JSON array or a single string replaces; null, empty string, [] or an empty hashtable clears; "
    "a hashtable of type #Exchange.GenericHashTable with Add and Remove changes a part; any other object is refused",
    "TMPEXO, CIPP (exchange-wire 5.3); which clearing forms work over REST is assumed",
)
@observed_single(
    "delta-type",
    "an object of type #Exchange.StringFieldDeltaUpdateData with Add and Remove changes a part of a list, too",
    "go-exoscc, from the service's $metadata; that it is taken for connectors is assumed",
)
def _list(parameter: Parameter, value: Json) -> SettingValue | ListChange:
    if value is None or value == "":
        return ()
    if isinstance(value, dict):
        return _hashtable(parameter, value)
    items = value if isinstance(value, list) else [value]
    texts = tuple(item for item in items if isinstance(item, str) and item)
    if len(texts) != len(items):
        bad = next(item for item in items if not (isinstance(item, str) and item))
        raise parameter.refusal(bad, "The value is not a non-empty string.")
    return texts


def _hashtable(parameter: Parameter, value: dict[str, Json]) -> SettingValue | ListChange:
    keys = {key.lower(): item for key, item in value.items()}
    kind = keys.pop("@odata.type", None)
    if kind not in (HASHTABLE, _DELTA):
        reason = "Newtonsoft.Json.Linq.JObject cannot be converted to PswsHashtable."
        raise parameter.refusal("Newtonsoft.Json.Linq.JObject", reason)
    parts: dict[str, tuple[str, ...]] = {}
    for key in [name for name in keys if "@" not in name]:
        part = _list(parameter, keys[key])
        if key not in ("add", "remove") or not isinstance(part, tuple):
            reason = f"The hashtable may hold Add and Remove only, not {key}."
            raise parameter.refusal("System.Collections.Hashtable", reason)
        parts[key] = part
    # A hashtable without keys clears (CIPP); that a delta without any does nothing is assumed.
    return ListChange(parts.get("add", ()), parts.get("remove", ())) if parts or kind == _DELTA else ()


@observed_live(
    "V25",
    "an enumeration takes a full name or a unique prefix in any case; another value answers 400 with body B",
    "G2O on another cmdlet (`File` matched `FileTypeBlock`); for connectors assumed",
)
def _enumeration(parameter: Parameter, value: Json) -> SettingValue:
    if parameter.nullable and value in (None, ""):
        return None
    if isinstance(value, str) and value:
        exact = [name for name in parameter.members if name.lower() == value.lower()]
        found = exact or [name for name in parameter.members if name.lower().startswith(value.lower())]
        if len(found) == 1:
            return found[0]
    shown = value if isinstance(value, str) else "$null" if value is None else value
    reason = (
        f"Unable to match the identifier name {shown} to a valid enumerator name. "
        f"Specify one of the following enumerator names and try again: {', '.join(parameter.members)}"
    )
    raise parameter.refusal(shown, reason)


@observed_client(
    "boolean-numbers",
    "a Boolean takes true, false, 1 and 0, as its own refusal says",
    "PowerShell's text ('Boolean values and numbers, such as $True, $False, 1 or 0'); over REST assumed",
)
@observed_single(
    "switch-texts",
    "a switch takes the texts True and False as well; under strict it does not",
    'goosey\'s collector sends "True"; that it works is inferred from its use',
)
def _boolean(parameter: Parameter, value: Json) -> SettingValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return value == 1
    if parameter.type == "SwitchParameter" and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    reason = "Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0."
    raise parameter.refusal(value if isinstance(value, str) else "$null", reason)


@observed_client(
    "text-parameters",
    "null clears a text: Name and Comment are strings and become empty, TlsDomain and TlsSenderCertificateName null",
    "TMPEXO types Comment and Name as string (exchange-wire 5.3); refusing numbers is assumed",
)
def _text(parameter: Parameter, value: Json) -> SettingValue:
    empty = "" if parameter.type == "String" else None
    if value is None or value == "":
        return empty
    if isinstance(value, str):
        return value
    raise parameter.refusal(value, "The value is not a string.")


def _guid(parameter: Parameter, value: Json) -> SettingValue:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        reason = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
        raise parameter.refusal(value, reason) from None


def _date(parameter: Parameter, value: Json) -> SettingValue:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value)))
    except (ValueError, OverflowError):
        reason = f"String '{value}' was not recognized as a valid DateTime."
        raise parameter.refusal(value, reason) from None
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None).isoformat()


def _integer(parameter: Parameter, value: Json) -> SettingValue:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise parameter.refusal(value, "The value is not a number of the type Int32.")


def _unlimited(parameter: Parameter, value: Json) -> SettingValue:
    if isinstance(value, str) and value.lower() == "unlimited":
        return None
    text = str(value) if isinstance(value, str | int) else ""
    if re.fullmatch(r"0*[1-9][0-9]{0,9}", text):
        return int(text)
    reason = "The value is neither a positive number nor Unlimited."
    raise parameter.refusal(value, reason)


_SCALARS: dict[str, Callable[[Parameter, Json], SettingValue]] = {
    "Boolean": _boolean,
    "SwitchParameter": _boolean,
    "Guid": _guid,
    "DateTime": _date,
    "Int32": _integer,
    "Unlimited": _unlimited,
}
