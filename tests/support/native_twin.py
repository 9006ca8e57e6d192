"""What the engine would have written of the same stack, were it declared by the plugin instead of the Python classes.

The two differ in types and so in URNs, in the provider, and in what a dynamic resource carries to be loaded again
(`__provider`). Which properties a connector has, its id, and what a partner registers are the same. Source: states and
previews of both, on the engine 3.259; tests/engine/test_native_judged.py compares them there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchange_online.connectors import Direction
from exchange_online.names import PACKAGE, Face
from regulated_partners.names import COMPONENT_TOKENS

_CARRIED = "__provider"
_DYNAMIC_PROVIDER = re.compile(r"pulumi:providers:pulumi-python::default(?![\w-])")
_NATIVE_PROVIDER = f"pulumi:providers:{PACKAGE}::default_0_1_0"

_TOKENS = {
    **{direction.token(Face.DYNAMIC): direction.token(Face.NATIVE) for direction in Direction},
    COMPONENT_TOKENS[Face.DYNAMIC]: COMPONENT_TOKENS[Face.NATIVE],
}


def native_twin(document: Any) -> Any:
    """A preview, a refresh, a saved plan or a state of a dynamic stack, as that of its native twin."""
    if isinstance(document, Mapping):
        kept = {key: value for key, value in document.items() if key != _CARRIED}
        return {native_text(key): native_twin(value) for key, value in kept.items()}
    if isinstance(document, list):
        return [native_twin(item) for item in document if item != _CARRIED]
    return native_text(document) if isinstance(document, str) else document


def native_text(text: str) -> str:
    """A text, a URN for one, with the native tokens in place of the dynamic ones."""
    for dynamic, native in _TOKENS.items():
        text = text.replace(dynamic, native)
    text = _DYNAMIC_PROVIDER.sub(_NATIVE_PROVIDER, text)
    return text.replace("pulumi:providers:pulumi-python", f"pulumi:providers:{PACKAGE}")
