"""Previews several stacks at once, a bounded number at a time, and shows how far they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from regulated_partners.review.stack_review import Previewed
from regulated_partners.text import printable


def run_all(names: Sequence[str], preview: Callable[[str], Previewed], parallel: int) -> tuple[Previewed, ...]:
    """Runs `preview` for each name. Returns the results in the order of the names.

    On a terminal a line per stack moves; in a log each stack has a line when it begins, and one when it has ended.

    Args:
        parallel: how many run at a time; each is one Pulumi CLI with its processes.
    """
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (SpinnerColumn(finished_text=" "), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    results: dict[str, Previewed] = {}
    with (
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(max_workers=max(1, min(parallel, len(names)))) as pool,
    ):
        tasks = {name: progress.add_task(f"{printable(name)}: waiting", total=1, start=False) for name in names}

        def one(name: str) -> tuple[Previewed, float]:
            began = time.monotonic()
            progress.start_task(tasks[name])
            progress.update(tasks[name], description=f"{printable(name)}: previewing")
            if not console.is_terminal:
                console.print(f"{printable(name)}: previewing ...")
            return preview(name), time.monotonic() - began

        pending: dict[Future[tuple[Previewed, float]], str] = {pool.submit(one, name): name for name in names}
        for future in as_completed(pending):
            name = pending[future]
            results[name], seconds = future.result()
            progress.update(tasks[name], completed=1, description=f"{printable(name)}: {results[name].result}")
            if not console.is_terminal:
                done = f"{len(results)} of {len(names)}"
                console.print(f"{printable(name)}: {results[name].result} ({seconds:.0f} s, {done})")
    return tuple(results[name] for name in names)
