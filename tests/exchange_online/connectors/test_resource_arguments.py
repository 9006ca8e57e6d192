"""The arguments of the two resources against the settings."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import COMPUTED, OPTION_KEYS, Direction, Flag, Texts, parameters

RESOURCES: dict[Direction, type[Any]] = {
    Direction.INBOUND: InboundConnector,
    Direction.OUTBOUND: OutboundConnector,
}


def arguments(direction: Direction) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(RESOURCES[direction].__init__)
    return {name: each for name, each in signature.parameters.items() if name not in ("self", "resource_name", "opts")}


@pytest.mark.parametrize("direction", Direction)
def test_every_setting_is_an_argument_and_every_argument_a_setting(direction: Direction) -> None:
    """A failure means a parameter that a program cannot set, or an argument that is silently dropped."""
    known = {parameter.attribute for parameter in parameters(direction)} | set(OPTION_KEYS.values())
    if direction is Direction.OUTBOUND:
        known.discard("allow_tenant_wide_restriction")
    assert set(arguments(direction)) == known


@pytest.mark.parametrize("direction", Direction)
def test_arguments_are_by_keyword_and_only_the_necessary_are_needed(direction: Direction) -> None:
    """A failure means that a new parameter shifts the meaning of existing programs, or breaks them."""
    found = arguments(direction)
    assert all(argument.kind is inspect.Parameter.KEYWORD_ONLY for argument in found.values())
    needed = {name for name, argument in found.items() if argument.default is inspect.Parameter.empty}
    assert needed == {parameter.attribute for parameter in parameters(direction) if parameter.required}
    assert all(argument.default is None for name, argument in found.items() if name not in needed)


@pytest.mark.parametrize("direction", Direction)
def test_argument_types_fit_the_kinds(direction: Direction) -> None:
    """A failure means that a type checker accepts what `check` refuses, or complains about what it accepts."""
    for parameter in parameters(direction):
        annotation = str(arguments(direction)[parameter.attribute].annotation)
        assert ("Sequence" in annotation) == isinstance(parameter.kind, Texts), parameter.name
        assert ("bool" in annotation) == isinstance(parameter.kind, Flag), parameter.name


@pytest.mark.parametrize("direction", Direction)
def test_every_setting_is_readable_on_the_resource(direction: Direction) -> None:
    """A failure means that a program cannot use an output of the connector with a type."""
    readable = {name for base in RESOURCES[direction].__mro__ for name in inspect.get_annotations(base)}
    for parameter in parameters(direction):
        assert parameter.attribute in readable, parameter.name


@pytest.mark.parametrize("direction", Direction)
def test_every_argument_is_documented(direction: Direction) -> None:
    """A failure means that an editor shows an argument without a word about it."""
    text = inspect.getdoc(RESOURCES[direction]) or ""
    for name in arguments(direction):
        assert f"{name}: " in text, name


@pytest.mark.parametrize("direction", Direction)
def test_computed_outputs_are_no_arguments(direction: Direction) -> None:
    """A failure means that a declaration and the service could both claim one property, which is drift for ever."""
    assert {parameter.key for parameter in parameters(direction)}.isdisjoint(COMPUTED)
