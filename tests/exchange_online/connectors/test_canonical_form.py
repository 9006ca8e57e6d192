"""The canonical form, over generated settings: one value has one spelling, and reading it again changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    Flag,
    Member,
    Parameter,
    changes,
    check,
    inputs,
    observed,
    parameters,
)
from tests.exchange_online.connectors.strategies import any_settings, json_values, respelled, rows, settings_of

EVERY_PARAMETER = [parameter for direction in Direction for parameter in parameters(direction)]


def wire(of: ConnectorSettings) -> dict[str, Any]:
    """A row that shows these settings, through JSON as the wire does."""
    row = {parameter.name: parameter.encode(of.value(parameter)) for parameter in parameters(of.direction)}
    shown: dict[str, Any] = json.loads(json.dumps(row))
    return shown


@given(any_settings)
def test_wire_to_canonical_to_wire_is_stable(generated: ConnectorSettings) -> None:
    """A failure means drift that nobody caused: what is read is not what was written."""
    again = observed(generated.direction, wire(generated))
    assert again == generated
    assert wire(again) == wire(generated)


@given(any_settings)
def test_what_is_read_can_be_declared_unchanged(generated: ConnectorSettings) -> None:
    """A failure means that an adopted connector, or a refreshed one, shows a difference at the next preview."""
    read = inputs(generated)
    checked = check(generated.direction, read)
    assert checked.inputs() == read
    assert changes(generated, checked.settings) == ()


@given(st.data(), any_settings)
def test_two_spellings_of_one_value_are_no_change(data: st.DataObject, generated: ConnectorSettings) -> None:
    """A failure means that a preview shows a change where the service sees none, again at every deployment."""
    written = {
        parameter.key: data.draw(respelled(parameter, generated.value(parameter)), parameter.key)
        for parameter in parameters(generated.direction)
    }
    checked = check(generated.direction, written)
    assert [str(change) for change in changes(generated, checked.settings)] == []
    assert checked.inputs() == inputs(generated)


@given(st.data(), any_settings)
def test_two_spellings_on_the_wire_are_no_drift(data: st.DataObject, generated: ConnectorSettings) -> None:
    """A failure means drift for ever, because the service writes a value in its own way."""
    row = {
        parameter.name: data.draw(respelled(parameter, generated.value(parameter)), parameter.name)
        for parameter in parameters(generated.direction)
    }
    assert observed(generated.direction, row) == generated


@given(st.sampled_from(Direction).flatmap(lambda direction: st.tuples(settings_of(direction), settings_of(direction))))
def test_changes_name_exactly_what_differs(pair: tuple[ConnectorSettings, ConnectorSettings]) -> None:
    """A failure means that a real difference is not shown, and never applied."""
    before, after = pair
    found = {change.parameter.attribute for change in changes(before, after)}
    assert found == {
        parameter.attribute
        for parameter in parameters(after.direction)
        if before.value(parameter) != after.value(parameter)
    }
    assert bool(found) == (before != after)


@given(st.data(), any_settings)
def test_one_difference_is_one_change(data: st.DataObject, generated: ConnectorSettings) -> None:
    """A failure means that a change of one property hides, or drags others with it."""
    changed = data.draw(st.sampled_from(parameters(generated.direction)))
    other = data.draw(
        settings_of(generated.direction).filter(lambda other: other.value(changed) != generated.value(changed))
    )
    field: dict[str, Any] = {changed.attribute: other.value(changed)}
    (change,) = changes(generated, replace(generated, **field))
    assert (change.parameter, change.before, change.after) == (changed, generated.value(changed), other.value(changed))
    assert str(change).startswith(f"{changed.key}: ")


@settings(max_examples=1500)
@given(st.sampled_from(EVERY_PARAMETER), json_values)
def test_a_kind_reads_anything_and_its_own_result(parameter: Parameter, value: object) -> None:
    """A failure means a traceback for an odd value, or a canonical value that is not one."""
    read, problems = parameter.kind.read(value)
    again, _ = parameter.kind.read(list(read) if isinstance(read, tuple) else read)
    assert again == read
    assert all(problem.reason and problem.remedy and problem.source for problem in problems)


@given(st.sampled_from(Direction), st.dictionaries(st.text(max_size=8), json_values, max_size=3), st.data())
def test_check_never_raises(direction: Direction, strange: dict[str, object], data: st.DataObject) -> None:
    """A failure means a traceback in place of the sentences that say what is wrong."""
    keys = st.sampled_from([parameter.key for parameter in parameters(direction)])
    declared = {**strange, **data.draw(st.dictionaries(keys, json_values, max_size=6))}
    checked = check(direction, declared)
    assert all(str(finding).strip() for finding in checked.findings)
    assert all(finding.top_property in declared or finding.rule.startswith("V") for finding in checked.findings)


@given(st.sampled_from(Direction).flatmap(lambda direction: st.tuples(st.just(direction), rows(direction))), st.data())
def test_unknown_keys_of_a_row_are_ignored(case: tuple[Direction, dict[str, Any]], data: st.DataObject) -> None:
    """A failure means that a property which Microsoft adds tomorrow stops every deployment."""
    direction, row = case
    names = {parameter.name for parameter in parameters(direction)}
    unknown = st.text(max_size=12).filter(lambda text: text not in names)
    sidecars = {f"{name}@odata.type": "#Collection(String)" for name in row}
    more = data.draw(st.dictionaries(unknown, json_values, max_size=4))
    assert observed(direction, {**more, **sidecars, **row}) == observed(direction, row)


MEMBERS = [
    (direction, parameter)
    for direction in Direction
    for parameter in parameters(direction)
    if isinstance(parameter.kind, Member)
]


@pytest.mark.parametrize(("direction", "parameter"), MEMBERS)
def test_an_unknown_member_of_an_enum_survives(direction: Direction, parameter: Parameter) -> None:
    """A failure means that a value newer than this code is shown, and sent back, as something else."""
    read = observed(direction, {parameter.name: "Postquantum"})
    assert read.value(parameter) == "Postquantum"
    assert wire(read)[parameter.name] == "Postquantum"
    assert inputs(read)[parameter.key] == "Postquantum"


@pytest.mark.parametrize("direction", Direction)
def test_nothing_declared_is_every_default(direction: Direction) -> None:
    """A failure means that an empty row or declaration does not mean what the documents say."""
    empty = observed(direction, {})
    assert check(direction, {}).settings == empty
    flags = {parameter.key for parameter in parameters(direction) if isinstance(parameter.kind, Flag)}
    assert set(inputs(empty)) == {*flags, "connectorType"}
