"""Tables on stdout: as wide as the terminal, or wide enough for a log."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Columns of a log, where nobody can widen the window.
_LOG_WIDTH = 160


@dataclass(frozen=True)
class Column:
    """A column's head, and whether it takes the room that is left."""

    head: str
    wide: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> str:
    """The table as text. Cells are taken as they are: nothing in them is markup."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column.head, overflow="fold", ratio=1 if column.wide else None)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    terminal = sys.stdout.isatty()
    console = Console(file=io.StringIO(), width=None if terminal else _LOG_WIDTH, force_terminal=terminal)
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
