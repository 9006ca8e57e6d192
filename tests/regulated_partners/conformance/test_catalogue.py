"""What is tried, compared with the emulator, which need not be installed where it is tried."""

from __future__ import annotations

from exchange_online.connectors import Direction
from exchange_online_emulator.cmdlets.parameters import row_properties
from exchange_online_emulator.models import Kind, Switches
from exchange_online_emulator.rules_table import registered_rules
from regulated_partners.conformance.catalogue import EXPERIMENTS, NOT_TRIED
from regulated_partners.conformance.client_behaviour import OWN_CLIENT
from regulated_partners.conformance.experiment import SWITCHES, UNSEEN_SWITCHES
from regulated_partners.conformance.stored_forms import ROW_PROPERTIES
from tests.regulated_partners.conformance.runs import OF_RULES


def test_every_rule_is_tried_or_has_a_reason_not_to_be() -> None:
    """Failing means that a rule of the emulator stays assumed for ever, or that one is tried which is gone."""
    tried = [experiment.rule for experiment in OF_RULES]
    assert len(set(tried)) == len(tried)
    assert not set(tried) & NOT_TRIED.keys()
    assert {*tried, *NOT_TRIED} == {rule.id for rule in registered_rules()}
    assert all(experiment.rule.startswith("client-") for experiment in OWN_CLIENT)


def test_every_switch_is_spoken_for_or_has_a_reason_not_to_be() -> None:
    """Failing means that a new switch of the emulator has no experiment that would tell which way it should stand."""
    defaults = Switches()
    assert {name: getattr(defaults, name) for name in Switches.model_fields} == SWITCHES
    spoken = {switch for experiment in EXPERIMENTS for switch in experiment.switches}
    assert spoken | UNSEEN_SWITCHES.keys() == SWITCHES.keys()
    assert not spoken & UNSEEN_SWITCHES.keys()


def test_rules_of_a_switch_speak_for_one() -> None:
    """Failing means that a rule which acts by a switch is tried, and nobody learns which value fits."""
    by_switch = {rule.id for rule in registered_rules() if rule.applies in ("strict", "switch")}
    silent = {experiment.rule for experiment in EXPERIMENTS if not experiment.switches}
    assert not by_switch & silent


def test_the_properties_of_rows_are_those_of_the_emulator() -> None:
    """Failing means that a property which the emulator shows is not looked for in a tenant."""
    newest = {"MtaStsMode", "SmtpDaneMode"}
    for direction, kind in ((Direction.INBOUND, Kind.INBOUND), (Direction.OUTBOUND, Kind.OUTBOUND)):
        assert ROW_PROPERTIES[direction] == set(row_properties(kind)) - newest
