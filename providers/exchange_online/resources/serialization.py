"""A repair of the SDK's serialiser.

`pulumi.dynamic.dynamic.serialize_provider` patches `pickle._Pickler` at every call and never takes the patch back, so
each dynamic resource makes every later pickle of a dict one stack frame deeper, until Python's recursion limit ends
the program after some hundred resources. Source: measured with pulumi 3.272.0; the symptom is pulumi issue 17803.
A canary test says when upstream has repaired it.
"""

from __future__ import annotations

import pickle
from typing import Any

import pulumi.dynamic.dynamic as sdk
from pulumi.dynamic import ResourceProvider

_PATCHED = ("_batch_setitems", "save_dict")


def repair() -> None:
    """Replaces the SDK's function by one that undoes the patch. A second call does nothing."""
    original = sdk.serialize_provider
    if getattr(original, "_restores_pickler", False):
        return

    def serialize_provider(provider: ResourceProvider) -> str:
        pickler: Any = pickle._Pickler
        saved = {name: pickler.__dict__[name] for name in _PATCHED}
        try:
            serialized: str = original(provider)
            return serialized
        finally:
            for name, method in saved.items():
                setattr(pickler, name, method)

    serialize_provider._restores_pickler = True  # type: ignore[attr-defined]
    sdk.serialize_provider = serialize_provider
