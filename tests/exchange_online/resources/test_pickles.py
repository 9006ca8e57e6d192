"""The providers as the state of every stack holds them: a reference that must go on to mean the same."""

from __future__ import annotations

import base64
import pickletools
import subprocess
import sys

import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

from exchange_online.resources.dynamic import InboundConnectorProvider, OutboundConnectorProvider
from tests.support.provider_process import ROOT

#: Byte for byte what stacks hold today. Never change them: `refresh` and `destroy` load what the state holds.
GOLDEN: dict[type[ResourceProvider], str] = {
    InboundConnectorProvider: (
        "gASVRQAAAAAAAACMIWV4Y2hhbmdlX29ubGluZS5yZXNvdXJjZXMuZHluYW1pY5SMGEluYm91bmRDb25uZWN0b3JQcm92aWRlcpSTlCmBlC4="
    ),
    OutboundConnectorProvider: (
        "gASVRgAAAAAAAACMIWV4Y2hhbmdlX29ubGluZS5yZXNvdXJjZXMuZHluYW1pY5SMGU91dGJvdW5kQ29ubmVjdG9yUHJvdmlkZXKUk5QpgZQu"
    ),
}

BOTH = pytest.mark.parametrize("provider", GOLDEN, ids=lambda provider: provider.__name__)


@BOTH
def test_a_provider_pickles_to_the_known_reference(provider: type[ResourceProvider]) -> None:
    """Failing, every connector of every stack would show an update, and old state could not be loaded."""
    assert serialize_provider(provider()) == GOLDEN[provider]


@BOTH
def test_the_reference_loads_in_a_clean_process(provider: type[ResourceProvider]) -> None:
    """Failing, a stack of an older version could be neither refreshed nor destroyed."""
    code = (
        "import base64, pickle, sys;"
        f"p = pickle.loads(base64.b64decode('{GOLDEN[provider]}'));"
        "print(type(p).__name__, vars(p), p.direction.word)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    word = "inbound" if provider is InboundConnectorProvider else "outbound"
    assert done.stdout.strip() == f"{provider.__name__} {{}} {word}"


@BOTH
def test_the_pickle_holds_no_code(provider: type[ResourceProvider]) -> None:
    """Failing, an edit of the provider, or another minor version of Python, would change the state of every stack."""
    golden = base64.b64decode(GOLDEN[provider])
    named = {opcode.name for opcode, _, _ in pickletools.genops(golden)}
    assert named <= {"PROTO", "FRAME", "SHORT_BINUNICODE", "MEMOIZE", "STACK_GLOBAL", "EMPTY_TUPLE", "NEWOBJ", "STOP"}


@BOTH
def test_a_provider_is_not_marked_secret(provider: type[ResourceProvider]) -> None:
    """Failing, the state would hold each provider encrypted, which is slow and hides nothing."""
    assert provider.serialize_as_secret_always is False
