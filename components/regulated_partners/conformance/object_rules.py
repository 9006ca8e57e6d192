"""Rules about objects: what is found, what is not, what a name may be, and what the tenant's offering allows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from exchange_online.admin_api import (
    Ambiguous,
    Effect,
    JsonValue,
    NotCustomizable,
    NotFound,
    RestrictedOffering,
)
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import Answer, was_refused
from regulated_partners.conformance.experiment import (
    Experiment,
    Reading,
    UndecidedError,
    by_switch,
    held,
    held_facts,
    held_if,
    otherwise,
)
from regulated_partners.conformance.workbench import SCOPED, Workbench

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND
_ROUTE = "RouteMessageOutboundConnector"


def _nobody() -> str:
    return str(uuid.uuid4())


def _missing(bench: Workbench) -> Reading:
    """Of a connector that was there a moment ago: nothing else can answer to its Guid."""
    guid = str(bench.made(_OUT)["Guid"])
    gone: Mapping[str, JsonValue] = {"Identity": guid, "Confirm": False}
    if not bench.call(f"Remove-{_OUT}", gone, Effect.IDEMPOTENT).accepted:
        raise UndecidedError("a connector could not be removed")
    answers = []
    for cmdlet, parameters in (("Remove", gone), ("Set", {"Identity": guid, "Comment": "late"})):
        for _ in bench.looks():
            answer = bench.call(f"{cmdlet}-{_OUT}", parameters, Effect.IDEMPOTENT)
            if not answer.accepted:
                break
        answers.append(answer)
    said = "; ".join(map(str, answers))
    right = all(answer.status == 404 and isinstance(answer.error, NotFound) for answer in answers)
    return held_if(right, f"{said} (Remove-, Set-; Validate- was left out)", said)


def _taken_names(bench: Workbench) -> Reading:
    """The name of the connector that stands: a new one may not be known everywhere yet."""
    taken = bench.row(_OUT, bench.standing(_OUT))["Name"]
    again = bench.new(_OUT, {"Name": taken})
    renamed = bench.set(_OUT, str(bench.made(_OUT)["Guid"]), {"Name": taken})
    said = f"New answers {again}, a rename {renamed}"
    right = all(
        answer.status == 400 and answer.exception_type.endswith("ADObjectAlreadyExistsException")
        for answer in (again, renamed)
    )
    return held_if(right, said, said)


def _unknown_identity(bench: Workbench) -> Reading:
    answer = bench.call(f"Get-{_OUT}", {"Identity": _nobody()})
    if isinstance(answer.error, NotFound):
        return by_switch(str(answer), "unknown_identity", "not_found", True)
    if isinstance(answer.error, Ambiguous):
        return by_switch(str(answer), "unknown_identity", "ambiguous", False)
    if answer.rows:
        return by_switch("every connector", "unknown_identity", "all", False)
    return otherwise("no rows" if answer.accepted else str(answer))


def _wildcard(bench: Workbench) -> Reading:
    answer = bench.call(f"Get-{_OUT}", {"Identity": f"{bench.mark.name}*"})
    none = bench.call(f"Get-{_OUT}", {"Identity": f"*{_nobody()}*"})
    fits = bool(answer.rows) and all(bench.is_own(str(row.get("Name", ""))) for row in answer.rows)
    empty = none.accepted and not none.rows
    said = f"`*` {'finds' if fits else 'does not find'} what begins so; where no name fits there are "
    said += "no rows" if empty else f"other answers ({none}, {len(none.rows)} rows)"
    return held_if(fits and empty, said, said)


def _test_mode(bench: Workbench) -> Reading:
    guid = str(bench.made(_OUT, {"TestMode": True})["Guid"]).lower()
    shown = bench.listed(_OUT, lambda found: guid in found.guids, IncludeTestModeConnectors=True)
    plain = bench.listed(_OUT)
    if guid in plain.guids or guid not in shown.guids:
        is_plain = guid in plain.guids
        return otherwise("a plain Get- shows it" if is_plain else "IncludeTestModeConnectors does not show it")
    if not any("test mode connector" in warning for warning in plain.warnings):
        return otherwise("a plain Get- leaves it out, without a warning")
    also = len(shown.guids) > 1
    said = f"a plain Get- leaves it out and warns; IncludeTestModeConnectors shows {'it too' if also else 'only it'}"
    return by_switch(said, "include_test_mode", "also" if also else "only", True)


def _rule_scope(bench: Workbench) -> Reading:
    guid = str(bench.made(_OUT, SCOPED)["Guid"]).lower()
    # First where it has to be, so that it is not missed where it may be left out.
    is_true = guid in bench.listed(_OUT, lambda found: guid in found.guids, IsTransportRuleScoped=True).guids
    is_none = guid in bench.listed(_OUT).guids
    is_false = guid in bench.listed(_OUT, IsTransportRuleScoped=False).guids
    shows = {"none": is_none, "true": is_true, "false": is_false}
    said = ", ".join(f"{value}: {'shown' if shown else 'not shown'}" for value, shown in shows.items())
    return held_if(shows == {"none": True, "true": True, "false": False}, said, said)


def _confirm(bench: Workbench) -> Reading:
    asked = bench.new(_OUT, {"WhatIf": True})
    guid = str(bench.made(_OUT)["Guid"]).lower()
    there = bench.listed(_OUT, lambda found: guid in found.guids)
    kept = bench.call(f"Remove-{_OUT}", {"Identity": guid, "Confirm": True}, Effect.IDEMPOTENT)
    is_there = guid in there.guids and guid in bench.listed(_OUT).guids
    gone = bench.call(f"Remove-{_OUT}", {"Identity": guid}, Effect.IDEMPOTENT)
    is_gone = guid not in bench.listed(_OUT, lambda found: guid not in found.guids).guids
    facts = {
        "WhatIf makes nothing": asked.accepted and not asked.rows,
        "it answers with what would be done": bool(asked.document.get("@adminapi.confirmationmessage")),
        "Confirm true removes nothing": kept.accepted and is_there,
        "without Confirm a Remove- is done": gone.accepted and is_gone,
    }
    return held_facts(facts)


def _offering(bench: Workbench) -> str:
    """The offering that refuses a plain New-; empty where it is accepted. Raises UndecidedError."""
    first = bench.first[_IN]
    if first.accepted:
        return ""
    if isinstance(first.error, RestrictedOffering):
        return "developer" if "restricted in your organization" in first.text.lower() else "prohibited"
    raise UndecidedError(f"the first New- was refused for another cause: {first.text}")


def _prohibited(wanted: str) -> Callable[[Workbench], Reading]:
    def read(bench: Workbench) -> Reading:
        found = _offering(bench)
        if found == wanted:
            return by_switch("New-InboundConnector is refused", "offering", found, True)
        if found:
            raise UndecidedError(f"the tenant is of another offering ({found})")
        # So it is in a tenant that only disables OnPremises connectors, too.
        return held("New-InboundConnector is accepted", acted=None)

    return read


_ON_PREMISES = {"ConnectorType": "OnPremises"}
_DISABLED, _DECLINED = "created in a disabled state", "can't enable an inbound connector"


def _created_disabled(bench: Workbench) -> Reading:
    bench.made(_IN, _ON_PREMISES)
    warned = any(_DISABLED in warning for warning in bench.sent[-1].answer.warnings)
    if warned:
        return by_switch("a warning that it is created disabled", "offering", "disabled", True)
    # A service that would disable it need not say so of one that is to be disabled.
    return held("no warning; but it was to be disabled", acted=None)


def _enabling_declined(bench: Workbench) -> Reading:
    guid = str(bench.made(_IN, _ON_PREMISES)["Guid"])
    if not any(_DISABLED in warning for warning in bench.sent[-1].answer.warnings):
        raise UndecidedError("only in a tenant that warns of it (V30) is it tried to switch a connector on")
    answer = bench.set(_IN, guid, {"Enabled": True})
    try:
        is_off = bench.row(_IN, guid)["Enabled"] is False
        warned = any(_DECLINED in warning for warning in answer.warnings)
        if is_off and warned:
            return by_switch("declined with a warning", "offering", "disabled", True)
        return otherwise("it was enabled" if not is_off else "declined without the warning")
    finally:
        bench.set(_IN, guid, {"Enabled": False})


def _dehydrated(bench: Workbench) -> Reading:
    errors = [answer.error for answer in bench.first.values()]
    if all(isinstance(error, NotCustomizable) for error in errors):
        return by_switch("every New- is refused", "dehydrated", True, True)
    if any(answer.accepted for answer in bench.first.values()):
        return by_switch("writes are taken", "dehydrated", False, None)
    raise UndecidedError("every New- was refused for another cause")


def _organization(bench: Workbench) -> Reading:
    answer = bench.call("Get-OrganizationConfig", {})
    missing = [
        name for name in ("Name", "Identity", "Guid", "IsDehydrated") if not answer.rows or name not in answer.rows[0]
    ]
    right = len(answer.rows) == 1 and not missing
    return held_if(right, "one row with them", f"{answer}, {len(answer.rows)} rows, lacking {missing}")


def _in_use(bench: Workbench) -> Reading:
    answer = bench.call(f"Remove-{_OUT}", {"Identity": bench.routed(), "Confirm": False}, Effect.IDEMPOTENT)
    return _by_use(answer)


def _unscoped(bench: Workbench) -> Reading:
    changes: Mapping[str, JsonValue] = {"IsTransportRuleScoped": False, "RecipientDomains": [bench.mark.domain]}
    return _by_use(bench.set(_OUT, bench.routed(), changes))


def _by_use(answer: Answer) -> Reading:
    refused = was_refused(answer)
    said = f"{'refused' if refused else 'accepted'}; the rule was a disabled one"
    return by_switch(said, "connector_in_use", "refuse" if refused else "accept", refused)


def _transport_rule(bench: Workbench) -> Reading:
    guid = bench.routed()
    named = bench.row(_OUT, guid)["Name"]
    route = {_ROUTE: guid}
    facts = {
        "a rule may name the connector by name": True,
        "and by Guid": bench.new_rule(route).accepted,
        "a connector that is not there is refused": was_refused(bench.new_rule({_ROUTE: f"{named} gone"})),
        "65 characters of Name are refused": was_refused(
            bench.new_rule({**route, "Name": bench.name().ljust(65, "x")})
        ),
        "1,025 of Comments are refused": was_refused(bench.new_rule({**route, "Comments": "x" * 1025})),
    }
    return held_facts(facts)


def _rule_changes(bench: Workbench) -> Reading:
    """Without Enable-, and with the domain that nobody can have as a condition throughout: the rule stays harmless.

    What null does to a list is the matter of `list-clearing`.
    """
    bench.routed()
    rule = bench.sent[-1].parameters or {}
    name, domain = str(rule["Name"]), bench.mark.domain
    texts = _set_rule(bench, name, {"Comments": "changed", "SenderDomainIs": [domain]})
    is_changed = bool(bench.rule(name, lambda row: row.get("Comments") == "changed").get("SenderDomainIs"))
    cleared = _set_rule(bench, name, {_ROUTE: None})
    is_cleared = not bench.rule(name, lambda row: not row.get(_ROUTE)).get(_ROUTE)
    unknown = was_refused(_set_rule(bench, name, {"Enabled": False}))
    off = bench.call("Disable-TransportRule", {"Identity": name, "Confirm": False}, Effect.IDEMPOTENT)
    facts = {
        "Set- changes what is given, and gives no rows": texts.accepted and not texts.rows and is_changed,
        "null takes the connector away": cleared.accepted and is_cleared,
        "it has no Enabled": unknown,
        "Disable- is taken (Enable- was left out)": off.accepted,
    }
    return held_facts(facts)


def _set_rule(bench: Workbench, name: str, changes: Mapping[str, JsonValue]) -> Answer:
    return bench.call("Set-TransportRule", {"Identity": name, **changes}, Effect.IDEMPOTENT)


OBJECT_RULES: tuple[Experiment, ...] = (
    Experiment(
        "V28",
        "Remove- and Set- of a connector that was removed",
        "HTTP 404 with ManagementObjectNotFoundException",
        _missing,
        needs=(_OUT,),
    ),
    Experiment(
        "V29",
        "New-, and a rename, to a name that a connector has",
        "HTTP 400 with ADObjectAlreadyExistsException",
        _taken_names,
        needs=(_OUT,),
    ),
    Experiment(
        "V30",
        "New-InboundConnector of type OnPremises, disabled",
        "no warning",
        _created_disabled,
        ("offering",),
        (_IN,),
    ),
    Experiment(
        "V31",
        "where V30 was warned of: Enabled true for that connector",
        "none: only a tenant that warns of V30 decides it",
        _enabling_declined,
        ("offering",),
        (_IN,),
    ),
    Experiment("V32", "New-InboundConnector", "it is accepted", _prohibited("prohibited"), ("offering",)),
    Experiment("V35", "New-InboundConnector", "it is accepted", _prohibited("developer"), ("offering",)),
    Experiment("dehydrated", "New- of both kinds", "one is accepted", _dehydrated, ("dehydrated",)),
    Experiment(
        "V33",
        "a connector in test mode; a plain Get-, and one with IncludeTestModeConnectors",
        "the first warns and leaves it out, the second shows it among the others",
        _test_mode,
        ("include_test_mode",),
        (_OUT,),
    ),
    Experiment(
        "V34",
        "Remove- of a connector that a (disabled) transport rule names",
        "refused (HTTP 4xx)",
        _in_use,
        ("connector_in_use",),
        (_OUT,),
    ),
    Experiment(
        "V34-scope",
        "IsTransportRuleScoped false for a connector that a (disabled) transport rule names",
        "refused (HTTP 4xx)",
        _unscoped,
        ("connector_in_use",),
        (_OUT,),
    ),
    Experiment(
        "transport-rule",
        "disabled transport rules: by Guid, by name, to a missing connector, with too long a Name and Comments",
        "the first two are accepted, the others refused",
        _transport_rule,
        needs=(_OUT,),
    ),
    Experiment(
        "transport-rule-changes",
        "Set-TransportRule of Comments, a condition, no connector, Enabled; Disable-TransportRule",
        "all are taken but Enabled, which is refused",
        _rule_changes,
        needs=(_OUT,),
    ),
    Experiment(
        "unknown-identity",
        "Get- with an Identity that there is not",
        "an error that it is not found",
        _unknown_identity,
        ("unknown_identity",),
        (_OUT,),
    ),
    Experiment(
        "identity-wildcard",
        "Get- with a `*` in Identity: one that fits, one that does not",
        "the connectors whose names fit; no rows",
        _wildcard,
        needs=(_OUT,),
    ),
    Experiment(
        "rule-scoped-filter",
        "Get-OutboundConnector without IsTransportRuleScoped, with true, with false",
        "a scoped connector is shown, shown, not shown",
        _rule_scope,
        needs=(_OUT,),
    ),
    Experiment(
        "confirm",
        "WhatIf of a New-, Confirm true of a Remove-, a Remove- without",
        "the first two do nothing, the last is done",
        _confirm,
        needs=(_OUT,),
    ),
    Experiment("organization-config", "Get-OrganizationConfig", "one row with the four properties", _organization),
)
