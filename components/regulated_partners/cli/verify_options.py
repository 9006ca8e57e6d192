"""Options that several `verify` subcommands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from exchange_online.connectors import Direction


class DirectionName(StrEnum):
    """A direction as the command line spells it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"

    @property
    def direction(self) -> Direction:
        return Direction[self.name]


def optional_direction(name: DirectionName | None) -> Direction | None:
    """The direction, None where none is given."""
    return None if name is None else name.direction


ForPartner = Annotated[
    str | None, typer.Option("--for", metavar="NAME", help="The declared partner whose connectors must be satisfied.")
]
OptionalStackName = Annotated[
    str | None,
    typer.Option(
        "--stack", "-s", envvar="PULUMI_STACK", help="The stack that declares the partner of --for.", metavar="NAME"
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="What was seen before; changes since are reported, news entered."),
]
UpdateBaseline = Annotated[bool, typer.Option("--update-baseline", help="With --baseline: accept what has changed.")]
RootsFile = Annotated[
    Path | None,
    typer.Option("--roots", metavar="FILE", help="Trusted root certificates, PEM, instead of certifi's."),
]
