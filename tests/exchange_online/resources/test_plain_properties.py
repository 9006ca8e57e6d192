"""What is plain is taken apart and put together as the SDK does it, and what is not is left to the SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from enum import StrEnum
from typing import Any

import pulumi
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from exchange_online.resources import sdk


class _Choice(StrEnum):
    """What only behaves like a text."""

    PARTNER = "Partner"


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    [rpc.UNKNOWN, rpc._special_sig_key, rpc._special_secret_sig, _Choice.PARTNER]
)
_SCALARS = st.none() | st.booleans() | _TEXTS | st.integers(-5, 5) | st.floats(-1, 1)
_SECRETS = st.builds(rpc.wrap_rpc_secret, _TEXTS)
_VALUES = st.recursive(
    _SCALARS | _SECRETS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
_KEYS = st.sampled_from(["name", "__provider", "senderDomains", "ä", rpc._special_sig_key])
#: Most properties are plain: else hardly any of these would be.
_PLAIN = st.booleans() | _TEXTS | st.lists(_TEXTS, max_size=3)
_PROPERTIES = st.dictionaries(_KEYS, _PLAIN, max_size=4) | st.dictionaries(_KEYS, _PLAIN | _VALUES, max_size=4)


def _theirs(properties: dict[str, Any]) -> struct_pb2.Struct:
    assert not hasattr(rpc.serialize_properties, "_hastens")
    return asyncio.run(rpc.serialize_properties(properties, {}))


@given(_PROPERTIES)
def test_put_together_as_the_sdk_does(properties: dict[str, Any]) -> None:
    """Failing, the engine is told something else than the provider has answered: a secret in clear, no list."""
    ours = sdk._put_together(properties)
    plain = {str, bool, type(None)}
    is_plain = all(
        type(value) in plain or (type(value) is list and {type(item) for item in value} <= {str})
        for value in properties.values()
    )
    assert (ours is not None) == is_plain
    if ours is not None:
        assert ours == _theirs(properties)


@given(_PROPERTIES, st.booleans())
def test_taken_apart_as_the_sdk_does(properties: dict[str, Any], keep_unknowns: bool) -> None:
    """Failing, the provider is asked for something else than the program declares, or takes a marker for a value."""
    struct = _theirs(properties)
    ours = sdk._taken_apart(struct)
    assert (ours is not None) == (
        rpc._special_sig_key not in struct.fields and all(map(_is_plain, struct.fields.values()))
    )
    if ours is not None:
        theirs = rpc.deserialize_properties(struct, keep_unknowns)
        assert ours == theirs
        assert [type(value) for value in ours.values()] == [type(value) for value in theirs.values()]


def _is_plain(value: struct_pb2.Value) -> bool:
    items = value.list_value.values if value.HasField("list_value") else [value]
    texts = [item.string_value for item in items if item.HasField("string_value")]
    return value.HasField("bool_value") or (len(texts) == len(items) and rpc.UNKNOWN not in texts)


def test_what_the_engine_may_send_and_no_sdk_does() -> None:
    """Failing, a null reads as a value that somebody has declared."""
    struct = struct_pb2.Struct()
    struct["name"] = None
    struct["senderDomains"] = [None]
    assert sdk._taken_apart(struct) is None


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_this_sdk_is_hastened_and_one_that_differs_is_left_alone() -> None:
    """Failing, each provider takes a sixth longer again; or a later SDK is called as it must not be."""
    code = """
        from pulumi.runtime import rpc
        from exchange_online.resources import sdk
        {change}
        before = rpc.serialize_properties, rpc.deserialize_properties
        told = sdk.hasten_plain_properties(), sdk.hasten_plain_properties()
        after = rpc.serialize_properties, rpc.deserialize_properties
        print(*told, *(one is other for one, other in zip(before, after)))
    """
    assert _run(code.format(change="")) == "True True False False"
    assert _run(code.format(change="rpc.deserialize_properties = lambda struct: {}")) == "False False True True"


def test_a_program_keeps_the_functions_of_the_sdk() -> None:
    """Failing, outputs of other resources go through code that was made for the provider's plain answers."""
    code = """
        from pulumi.runtime import rpc
        before = rpc.serialize_properties
        import exchange_online
        print(rpc.serialize_properties is before)
    """
    assert _run(code) == "True"
    assert pulumi.runtime.rpc is rpc
