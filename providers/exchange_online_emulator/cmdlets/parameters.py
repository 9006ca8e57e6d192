"""The parameters of each cmdlet: a typed table read from data/connector_parameters.json."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

from exchange_online_emulator.models import SettingValue

_DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a cmdlet: `type` as on the cmdlet's page, `members` the names of its enumeration."""

    name: str
    type: str
    required: bool = False
    multi: bool = False
    members: tuple[str, ...] = ()
    nullable: bool = False
    default: SettingValue = None


@dataclass(frozen=True)
class CmdletSpec:
    """A cmdlet: its documented name and its parameters by lower-case name."""

    name: str
    parameters: dict[str, Parameter] = field(default_factory=dict)

    @property
    def verb(self) -> str:
        """`Get`, `New`, `Set`, `Remove` or `Validate`."""
        return self.name.partition("-")[0]

    @property
    def noun(self) -> str:
        """`InboundConnector`, ..."""
        return self.name.partition("-")[2]

    @property
    def writes(self) -> bool:
        """Whether the cmdlet needs a role that may write."""
        return self.verb != "Get"


@functools.cache
def cmdlet_specs() -> dict[str, CmdletSpec]:
    """Every cmdlet the emulator answers, by lower-case name.

    Source: the cmdlets' pages in office-docs-powershell (connector-semantics section 3).
    """
    table = json.loads((_DATA / "connector_parameters.json").read_text(encoding="utf-8"))
    return {name.lower(): CmdletSpec(name, _parameters(rows)) for name, rows in table.items()}


def find_cmdlet(name: str) -> CmdletSpec | None:
    """The cmdlet of that name in any case, None when there is none. Source: CIPP sends `New-Inboundconnector`."""
    return cmdlet_specs().get(name.lower())


@functools.cache
def row_properties(direction: str) -> tuple[str, ...]:
    """The properties of a connector row in the order of the service; `direction` is `inbound` or `outbound`.

    Source: observed live by G2O (data/connector_get_shapes.json).
    """
    shapes: dict[str, list[str]] = json.loads((_DATA / "connector_get_shapes.json").read_text(encoding="utf-8"))
    return tuple(shapes[direction])


def _parameters(rows: dict[str, dict[str, object]]) -> dict[str, Parameter]:
    parameters = {}
    for name, row in rows.items():
        members, default = row.get("members", []), row.get("default")
        parameters[name.lower()] = Parameter(
            name,
            str(row["type"]),
            bool(row.get("required")),
            bool(row.get("multi")),
            tuple(members) if isinstance(members, list) else (),
            bool(row.get("nullable")),
            tuple(default) if isinstance(default, list) else default if isinstance(default, str | bool) else None,
        )
    return parameters
