"""How a peer's case is put into our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange_online.connectors import Direction
from exchange_online.connectors.names import camel_case
from tests.support.mini_stack import Declaration
from tests.support.recorded import recorded

Call = tuple[str, Mapping[str, Any]]

#: The peers' cases by id.
RAW: dict[str, dict[str, Any]] = {case["id"]: case for case in recorded("peer_cases")["cases"]}

#: ConnectorSource is not declarable: Microsoft asks not to set it. Identity is the peer's word for the name.
_LEFT_OUT = {"Identity", "ConnectorSource"}
_FILLED = {
    "<param>": "mail.partner.example",
    "<host>": "mail.partner.example",
    "<ip>": "198.51.100.7",
    "<many /24>": "198.51.100.0/24",
    "<domain>": "partner.example",
}


@dataclass(frozen=True)
class Case:
    """One replay.

    Attributes:
        id: of the data.
        declaration: what the program declares; None where it declares nothing (any more).
        actual: a connector that is there before, as parameters; the declaration adopts it.
        managed: what the program declared in the run before.
        calls: cmdlets and parameters without Identity, in order.
        why: where the calls are not the peer's.
    """

    id: str
    direction: Direction
    declaration: Declaration | None
    calls: tuple[Call, ...]
    actual: dict[str, Any] | None = None
    managed: Declaration | None = None
    why: str = ""


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return _FILLED.get(value, value) if isinstance(value, str) else value


def declare(direction: Direction, given: Mapping[str, Any], **more: Any) -> Declaration:
    """The peer's parameters as a declaration; placeholders are filled in."""
    named = {"UseMxRecord": "UseMXRecord"}
    properties = {
        camel_case(named.get(key, key)): _filled(value) for key, value in given.items() if key not in _LEFT_OUT
    }
    return Declaration(direction, {"name": given.get("Identity", "Case")} | properties | more)


def new_call(direction: Direction, **parameters: Any) -> Call:
    """A `New-` with what it always carries, and these parameters."""
    always: dict[str, Any] = {"Name": "Case", "ConnectorType": "Partner", "Enabled": True}
    if direction is Direction.INBOUND:
        always |= {
            "RequireTls": True,
            "RestrictDomainsToCertificate": False,
            "RestrictDomainsToIPAddresses": False,
        }
    else:
        always |= {"UseMXRecord": True}
    return f"New-{direction}", always | parameters


def peers_row(given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that the emulator can be seeded with."""
    return {"Name": given["Identity"]} | {key: value for key, value in given.items() if key != "Identity"}
