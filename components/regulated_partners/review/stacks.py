"""Previews stacks, several at a time, reviews each, and says what they do together."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from exchange_online.messages import ALL_MESSAGES
from regulated_partners.effects import EffectKind
from regulated_partners.engine.previews import read_preview, read_violations, without_their_failure
from regulated_partners.engine.pulumi_cli import Operation, PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.holdings import created_by, room
from regulated_partners.markdown import escaped, marker
from regulated_partners.markdown import table as markdown_table
from regulated_partners.other_ways import Look, looked_at
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.review.gates import Gates, refusals
from regulated_partners.review.markdown import MAXIMUM, comment
from regulated_partners.review.rendering import as_json
from regulated_partners.review.report import Review, few
from regulated_partners.review.review import review_of
from regulated_partners.run_record import commit_of, file_digest, heading, now, whoever
from regulated_partners.table import Column, table
from regulated_partners.text import printable

#: The files of a stack: the plan for `up --plan`, the comment of a pull request, the same for programs.
PLAN, COMMENT, REPORT = "plan.json", "review.md", "review.json"

_EVENTS = "events.jsonl"

#: Of why a preview failed so many lines are shown.
_MOST_LINES = 40

_COLUMNS = (Column("stack"), Column("result"), Column("what it does to mail", wide=True))

#: What makes the CLI take `--event-log`, one of its commands for debugging; and all messages, which JSON passes on.
_VARIABLES = {"PULUMI_DEBUG_COMMANDS": "true", ALL_MESSAGES: "true"}


@dataclass(frozen=True)
class Previewed:
    """What came of the preview of one stack.

    Attributes:
        stack: the stack's name.
        review: None where it could not run.
        refused: the sentences of the gates.
        problem: why it could not run; empty where it did.
        ways: other ways that the mail of its partners can take in the tenant.
        holds: lines about how many connectors the tenant holds, where that matters.
    """

    stack: str
    review: Review | None = None
    refused: tuple[str, ...] = ()
    problem: str = ""
    ways: Look = field(default_factory=Look)
    holds: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One or two sentences."""
        return self.review.summary if self.review else self.problem.splitlines()[0]

    @property
    def result(self) -> str:
        """One word or two for a table."""
        if self.review is None:
            return "could not run"
        return "refused" if self.refused else "may be applied"


def preview_stack(
    stack: StackFile, environ: Mapping[str, str], gates: Gates, folder: Path, packs: Sequence[Path]
) -> Previewed:
    """Previews a stack, and writes its three files into `folder`; where it fails only the comment, which says so.

    Args:
        packs: directories of policy packs; a violated mandatory policy refuses as a gate does.
    """
    started = now()
    folder.mkdir(parents=True, exist_ok=True)
    for name in (PLAN, COMMENT, REPORT, _EVENTS):
        (folder / name).unlink(missing_ok=True)
    try:
        pulumi = PulumiCli(stack, {**environ, **_VARIABLES})
        pulumi.start_emulator(quiet=True)
        pulumi.select(Operation.PREVIEW)
        arguments = ["--save-plan", str(folder.resolve() / PLAN), *_judged_by(packs, folder.resolve() / _EVENTS)]
        with looked_at(stack, pulumi, environ) as (ways, variables):
            document = pulumi.with_variables(variables).read_json(Operation.PREVIEW, arguments, fine=(0,))
        violated = read_violations(folder / _EVENTS) if packs else ()
        plan = read_preview(without_their_failure(document) if violated else document, stack.root)
        found = review_of(plan, datetime.datetime.now(datetime.UTC).date())
    except CannotRunError as error:
        (folder / PLAN).unlink(missing_ok=True)
        (folder / COMMENT).write_text(_failure(stack.name, str(error)), encoding="utf-8")
        return Previewed(stack.name, problem=str(error))
    finally:
        (folder / _EVENTS).unlink(missing_ok=True)
    refused = (*refusals(found, gates), *violated, *(f"Mail would be refused: {way}" for way in ways.refusing))
    holds = tuple(room(ways.snapshot, created_by(plan))) if ways.snapshot else ()
    section = "".join([*(f"\n{escaped(line)}\n" for line in holds), ways.markdown()])
    (folder / COMMENT).write_text(comment(found, refused, MAXIMUM - len(section)) + section, encoding="utf-8")
    report = {
        **heading("review", stack.name, whoever(environ), started),
        **json.loads(as_json(found, refused)),
        **ways.as_object(),
        "plan": _kept_plan(folder),
        "commit": commit_of(stack.root).as_object(),
    }
    (folder / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Previewed(stack.name, found, refused, ways=ways, holds=holds)


def _kept_plan(folder: Path) -> dict[str, str] | None:
    """The plan that `up --plan` can apply; None where a policy has refused the preview, which then keeps none."""
    plan = folder / PLAN
    return {"file": PLAN, "sha256": file_digest(plan)} if plan.is_file() else None


def _failure(stack: str, problem: str) -> str:
    """The comment has the marker of every review of the stack, so that it takes the place of the last one."""
    lines = "\n".join(f"> {escaped(line.strip())}" for line in few(problem.splitlines(), _MOST_LINES))
    return (
        f"{marker('review', stack)}\n## What this does to mail: stack {escaped(stack)}\n\n"
        f"**The preview failed, so nobody knows.**\n\n{lines}\n"
    )


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


def summary_table(previews: Sequence[Previewed]) -> str:
    """For a terminal or a log; below it why what is refused is refused."""
    rows = [(printable(previewed.stack), previewed.result, printable(previewed.summary)) for previewed in previews]
    reasons = "".join(
        f"{printable(previewed.stack)}: {printable(reason)}\n" for previewed, reason in _reasons(previews)
    )
    return table(_COLUMNS, rows) + (f"\n{reasons}" if reasons else "")


def summary_markdown(previews: Sequence[Previewed]) -> str:
    """For the summary page of a pipeline."""
    rows = ((previewed.stack, previewed.result, previewed.summary) for previewed in previews)
    lines = ["## What this does to mail", "", *markdown_table(("stack", "result", "what it does to mail"), rows)]
    reasons = [f"- {escaped(previewed.stack)}: {escaped(reason)}" for previewed, reason in _reasons(previews)]
    return "\n".join([*lines, *([""] if reasons else []), *reasons]) + "\n"


def summary_json(previews: Sequence[Previewed]) -> str:
    """For programs. The names are part of the command's contract; new ones may be added."""
    return json.dumps({"stacks": [_object(previewed) for previewed in previews]}, indent=2, ensure_ascii=False) + "\n"


def _object(previewed: Previewed) -> dict[str, object]:
    counts = {kind.name.lower(): previewed.review.count(kind) for kind in EffectKind} if previewed.review else {}
    return {
        "stack": previewed.stack,
        "result": previewed.result,
        "summary": previewed.summary,
        "refusals": list(previewed.refused),
        "problem": previewed.problem or None,
        "counts": counts,
    }


def _reasons(previews: Sequence[Previewed]) -> list[tuple[Previewed, str]]:
    return [
        (previewed, reason)
        for previewed in previews
        for reason in (*few(previewed.refused), *few(_further(previewed.problem), _MOST_LINES))
    ]


def _further(problem: str) -> list[str]:
    return [line.strip() for line in problem.splitlines()[1:]]


def _judged_by(packs: Sequence[Path], log: Path) -> list[str]:
    """The arguments of `pulumi preview` that have packs judge it, and write what they say into `log`."""
    given = [argument for pack in packs for argument in ("--policy-pack", str(pack.resolve()))]
    return [*given, "--event-log", str(log)] if packs else []
