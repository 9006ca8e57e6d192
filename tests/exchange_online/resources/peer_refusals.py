"""What peers saw refused, and the spellings that they took for drift."""

from __future__ import annotations

from typing import Any

from exchange_online.connectors import Direction
from tests.exchange_online.resources.peer_words import RAW, declare

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND
_BASE_IN: dict[str, Any] = {"name": "Case", "senderDomains": ["contoso.com"]}
_BASE_OUT: dict[str, Any] = {"name": "Case", "recipientDomains": ["contoso.com"]}


def _refusal(name: str, direction: Direction, finding: str) -> tuple[Direction, dict[str, Any], str]:
    base = _BASE_IN if direction is _IN else _BASE_OUT
    given = declare(direction, RAW[name]["desired"]).properties
    return direction, base | {key: value for key, value in given.items() if key != "name" or value != "Case"}, finding


#: Declarations that check refuses, and the property that the finding is about.
REFUSED: dict[str, tuple[Direction, dict[str, Any], str]] = {
    "m365dsc-out-bad-validation-recipient": _refusal(
        "m365dsc-out-bad-validation-recipient", _OUT, "validationRecipients"
    ),
    "docs-refuse-0": _refusal("docs-refuse-0", _IN, "senderDomains"),
    "docs-refuse-2": _refusal("docs-refuse-2", _IN, "senderIpAddresses"),
    "docs-refuse-3": _refusal("docs-refuse-3", _OUT, "smartHosts"),
    "docs-refuse-6": _refusal("docs-refuse-6", _OUT, "allAcceptedDomains"),
    "docs-refuse-7": _refusal("docs-refuse-7", _OUT, "senderRewritingEnabled"),
    "docs-refuse-8": _refusal("docs-refuse-8", _OUT, "name"),
    "docs-refuse-9": _refusal("docs-refuse-9", _IN, "name"),
    # An empty text is no domain: never `smtp:;1`.
    "norm-sd-empty": (_IN, {"name": "Case", "senderDomains": [""]}, "senderDomains"),
}

#: Spellings of sender domains that mean what the tenant holds.
NORMALISED: dict[str, list[str]] = {
    name: RAW[name]["desired"]
    for name in ("norm-sd-bare", "norm-sd-full", "norm-sd-star", "norm-sd-order", "norm-sd-case")
}
