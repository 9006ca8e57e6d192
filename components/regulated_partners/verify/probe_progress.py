"""How far a probe is, on stderr: bars on a terminal, one line for each stage in a log."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from regulated_partners.probing.collect import Stage


class ProbeProgress:
    """What `collect` tells about its steps. A context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=self._console) if self._console.is_terminal else None
        self._tasks: dict[Stage, TaskID] = {}

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """So many of a stage are done."""
        if self._bars is None:
            if done == 0 and total:
                self._console.print(f"Probing {stage.value}: {total} ...")
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(f"Probing {stage.value}", total=total)
        self._bars.update(self._tasks[stage], completed=done)

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()
