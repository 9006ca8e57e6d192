"""An emulator with a switch turned the other way: the report says exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange_online.connectors import Direction
from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.models import Switches
from regulated_partners.conformance.experiment import SWITCHES, UNSEEN_SWITCHES, Outcome
from regulated_partners.conformance.report import Report
from tests.regulated_partners.conformance.runs import OF_RULES, outcomes, reported

#: Switches of whose default nothing shows: a link that does not expire at once may expire at any time, a tenant with
#: few connectors fills no page, and one that takes a connector may still disable another.
_SILENT = {"page_token_lifetime_seconds", "max_page_size", "offering"}

#: What a tenant that warns of nothing leaves open.
_ALWAYS_OPEN = frozenset({"V31"})


def _needing(*directions: Direction) -> frozenset[str]:
    return frozenset(experiment.rule for experiment in OF_RULES if {*experiment.needs} & {*directions})


@dataclass(frozen=True)
class Turned:
    """A switch with another value.

    Attributes:
        otherwise: the rules that a client sees to be otherwise.
        open: those that cannot be decided then.
    """

    switch: str
    value: Any
    otherwise: frozenset[str]
    open: frozenset[str] = field(default=_ALWAYS_OPEN)


def _turned(switch: str, value: Any, *otherwise: str, open_: frozenset[str] = _ALWAYS_OPEN) -> Turned:
    return Turned(switch, value, frozenset(otherwise), open_)


_NO_INBOUND = _needing(Direction.INBOUND)
_ASSUMED = (
    *("V3-inbound", "V7", "V8", "V9", "V10", "V11", "V18-same-command", "V19", "V21", "V22", "V23", "V24"),
    *("accepted-domain-names", "common-parameters", "switch-texts", "anchor"),
)

TURNED = (
    _turned("strict", True, *_ASSUMED),
    _turned("offering", "disabled", "V30", "V31", open_=frozenset()),
    _turned("offering", "prohibited", "V32", open_=_NO_INBOUND | {"V35"}),
    _turned("offering", "developer", "V35", open_=_NO_INBOUND | {"V32"}),
    _turned("dehydrated", True, "dehydrated", open_=_needing(*Direction) | {"V32", "V35"}),
    _turned("unknown_identity", "all", "unknown-identity"),
    _turned("unknown_identity", "ambiguous", "unknown-identity"),
    _turned("include_test_mode", "only", "V33"),
    _turned("list_clearing", "empty_list", "list-clearing"),
    _turned("list_clearing", "remove", "list-clearing"),
    _turned("connector_in_use", "accept", "V34", "V34-scope"),
    _turned("sender_rewriting", "accept_false", "V16"),
    _turned("unsupported_parameters", ["MtaStsMode", "SmtpDaneMode"], "older-cloud"),
    _turned("stored_form_variants", True, "N8"),
    _turned("result_size", "ignored", "result-size"),
    _turned("error_details", "text", "json-details"),
    _turned("error_details", "json", "json-details"),
    _turned("compression", False, "compression", "nul-body-encoding"),
    _turned("rate_limit_headers", True, "rate-limit-headers"),
    _turned("token_lifetime_seconds", 600, "token-claims"),
    _turned("page_token_lifetime_seconds", 0, "page-tokens"),
    _turned("max_page_size", 2, "paging"),
)


def test_every_switch_that_can_be_seen_is_turned() -> None:
    """Failing means that a switch was added of which nobody knows whether a report would say so."""
    assert {turned.switch for turned in TURNED} | UNSEEN_SWITCHES.keys() == Switches.model_fields.keys()


@pytest.mark.parametrize("turned", TURNED, ids=lambda turned: f"{turned.switch}={turned.value}")
def test_the_report_says_exactly_what_was_turned(emulator: EmulatorProcess, control: Control, turned: Turned) -> None:
    """Failing means that the report of a real tenant would name a wrong rule or switch, or miss the right one."""
    control.switch(**{turned.switch: turned.value})
    report = reported(emulator)
    assert _fits(report, Outcome.OTHERWISE) == {rule: {turned.switch: turned.value} for rule in turned.otherwise}
    assert outcomes(report, Outcome.UNDECIDED) == turned.open
    said = {name: switch.fits for name, switch in report.switches.items() if switch.fits != switch.default}
    unsaid = {name for name, fits in said.items() if fits is None}
    assert said == {turned.switch: turned.value} | dict.fromkeys(unsaid)
    assert unsaid <= UNSEEN_SWITCHES.keys() | _SILENT | _of(turned.open)
    assert control.connectors("inbound") == control.connectors("outbound") == []


def _fits(report: Report, outcome: Outcome) -> dict[str, Mapping[str, object]]:
    return {result.rule: result.fits for result in report.results if result.outcome is outcome}


def _of(rules: frozenset[str]) -> set[str]:
    """The switches that these rules speak for."""
    return {switch for experiment in OF_RULES if experiment.rule in rules for switch in experiment.switches}


def test_what_cannot_be_seen_changes_nothing(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that a switch does show after all, and the reason why it is not looked at is wrong."""
    control.switch(validation_succeeds=False, max_concurrent=1)
    report = reported(emulator)
    assert outcomes(report, Outcome.OTHERWISE) == set()
    assert outcomes(report, Outcome.UNDECIDED) == _ALWAYS_OPEN
    for name, why in UNSEEN_SWITCHES.items():
        assert report.switches[name].unseen == why
        assert report.switches[name].fits is None
        assert report.switches[name].default == SWITCHES[name]
