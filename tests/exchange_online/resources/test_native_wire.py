"""How the plugin reads and writes properties: nothing is lost, nothing unknown is a text, no secret leaks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from exchange_online.connectors import SECRET_PROPERTIES, Direction, redacted
from exchange_online.resources.native import wire

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

_keys = st.text(min_size=1, max_size=12).filter(lambda key: not key.startswith("__") and key != _SIGNATURE)
_leaves = (
    st.none()
    | st.booleans()
    | st.text(max_size=20)
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.floats(allow_nan=False, allow_infinity=True).filter(lambda number: not number.is_integer())
)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4), max_leaves=12
)
_properties = st.dictionaries(_keys, _values, max_size=5)


def _secret(value: object) -> Any:
    return rpc.wrap_rpc_secret(value)


def _output(value: object, *, is_known: bool = True, is_secret: bool = False) -> Any:
    known = {"value": value} if is_known else {}
    return {_SIGNATURE: _OUTPUT, **known, "secret": is_secret, "dependencies": ["urn:pulumi:dev::p::t::n"]}


@given(_properties)
def test_what_is_sent_comes_back_as_it_was(properties: dict[str, Any]) -> None:
    """Failing, the state would hold another value than the tenant, and every preview show a change."""
    found = wire.received(wire.sent(properties))
    assert found.properties == properties
    assert found.secret == frozenset()


@given(_properties, st.data())
def test_secrets_are_marked_and_known_again(properties: dict[str, Any], data: st.DataObject) -> None:
    """Failing, a secret would stand in the state in clear, or be written into the tenant as a mapping."""
    secret = data.draw(st.sets(st.sampled_from(sorted(properties)))) if properties else set()
    struct = wire.sent(properties, secret)
    assert {key for key in properties if _SIGNATURE in struct.fields[key].struct_value.fields} == secret
    found = wire.received(struct)
    assert (found.properties, set(found.secret)) == (properties, secret)


@given(_values, st.lists(st.sampled_from(["list", "mapping", "secret", "output", "secret output"]), max_size=5))
def test_a_secret_at_any_depth_makes_its_property_secret(value: Any, around: list[str]) -> None:
    """Failing, one secret item of a list would be shown with the others."""
    wrapped, plain = _secret(value), value
    for kind in around:
        wrapped, plain = {
            "list": ([wrapped], [plain]),
            "mapping": ({"a": wrapped}, {"a": plain}),
            "secret": (_secret(wrapped), plain),
            "output": (_output(wrapped), plain),
            "secret output": (_output(wrapped, is_secret=True), plain),
        }[kind]
    found = wire.received(wire.sent({"p": wrapped, "other": 1}))
    assert found.properties == {"p": plain, "other": 1}
    assert found.secret == {"p"}


@given(
    st.sampled_from(sorted(wire._UNKNOWN)),
    st.lists(st.sampled_from(["list", "mapping", "secret", "output"]), max_size=5),
)
def test_what_is_unknown_is_so_at_any_depth(marker: str, around: list[str]) -> None:
    """Failing, a preview would refuse, or write, the engine's marker as if it were a value."""
    value: Any = marker
    for kind in around:
        value = {"list": ["a", value], "mapping": {"a": value}, "secret": _secret(value), "output": _output(value)}[
            kind
        ]
    found = wire.received(wire.sent({"p": value}))
    assert wire.is_unknown(found.properties["p"])


def test_an_output_without_a_value_is_unknown() -> None:
    """Failing, an output that is not there yet would read as nothing, and a preview show its removal."""
    found = wire.received(wire.sent({"a": [_output(None, is_known=False)], "b": _output(None)}))
    assert wire.is_unknown(found.properties["a"])
    assert found.properties["b"] is None


def test_what_the_dynamic_face_adds_is_left_out() -> None:
    """Failing, a stack that has moved to the plugin would be refused for a property nobody wrote."""
    assert wire.received(wire.sent({"__provider": "gASV", "name": "In"})).properties == {"name": "In"}


def test_the_marks_say_what_is_secret_and_a_program_cannot() -> None:
    """Failing, a program could have a value called secret that is none, or keep a secret one out of what is hidden."""
    struct = wire.sent({"comment": "canary-wire", SECRET_PROPERTIES: ["name"]}, {"comment"})
    found = wire.declared(Direction.INBOUND, struct)
    assert found == {"comment": "canary-wire", SECRET_PROPERTIES: ["comment"]}
    assert redacted("it said 'canary-wire'") == "it said '[secret]'"
    assert SECRET_PROPERTIES not in wire.declared(Direction.INBOUND, wire.sent({"comment": "open"}))
