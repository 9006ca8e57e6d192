"""Makes the records that a report rests on: runs this tool's commands that only read, and keeps what they write."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from regulated_partners.engine.child import run_captured
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.evidence.records import HISTORY
from regulated_partners.partners import StackFile
from regulated_partners.progress import Progress
from regulated_partners.run_record import heading
from regulated_partners.text import printable

#: Commands that only read, whose JSON is kept.
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "inventory": ("inventory", "--json"),
    "drift": ("drift", "--json"),
    "verify-partner": ("verify", "partner", "--all", "--json"),
}
#: Updates of the history that are kept, and characters of what stands in one.
_MOST_UPDATES, _LONGEST = 100, 500


def collect(
    stack: StackFile, folder: Path, who: str, now: datetime.datetime, progress: Progress
) -> Iterator[tuple[Path | None, str]]:
    """Runs each command on a stack.

    Args:
        folder: takes the files; made where it is not there.

    Yields:
        The file, or None where there is none, and why; the reason is empty where all went well.

    Raises:
        CannotRunError: where the folder cannot be written.
    """
    short = stack.name.replace("/", "-")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(f"{folder} cannot be made: {error.strerror}. Name another folder.") from None
    for name, command in _COMMANDS.items():
        progress.step(f"{printable(stack.name)}: {' '.join(command)}")
        path = folder / f"{short}-{name}.json"
        yield _kept(path, _run(command, stack), " ".join(command[:-1]))
    progress.step(f"{printable(stack.name)}: reading the engine's history")
    path = folder / f"{short}-history.json"
    try:
        updates = PulumiCli(stack, os.environ).history()
    except CannotRunError as error:
        path.unlink(missing_ok=True)
        yield None, f"The history of the stack {stack.name} could not be read: {error}"
        return
    kept = [_update(update) for update in updates[:_MOST_UPDATES]]
    document = {**heading(HISTORY, stack.name, who, now), "updates": [one for one in kept if one is not None]}
    yield _kept(path, (json.dumps(document, indent=2) + "\n", ""), "the history")


def _run(command: Sequence[str], stack: StackFile) -> tuple[str, str]:
    """What a command wrote to stdout, and the last thing that it said beside it."""
    arguments = [sys.executable, "-m", "regulated_partners", *command, "--stack", stack.name, "--cwd", str(stack.root)]
    done = run_captured(arguments, Path.cwd(), os.environ)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return done.stdout, said[-1] if said else f"exit code {done.returncode}"


def _kept(path: Path, written: tuple[str, str], what: str) -> tuple[Path | None, str]:
    """Findings and what could not be reached are written as JSON, too; a failed run has none."""
    text, said = written
    if not text.lstrip().startswith("{"):
        # What an earlier run left there must not pass for this one's.
        path.unlink(missing_ok=True)
        return None, f"`{what}` gave no record: {said}"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"{path} cannot be written: {error.strerror}. Name another folder.") from None
    return path, ""


def _update(update: Mapping[str, Any]) -> dict[str, object] | None:
    """What the report needs of an update; settings, which stand there too, are left out.

    Source: `pulumi stack history --json`, 3.259, measured: `git.head`, `git.dirty`, `git.author`, `updatePlan`.
    """
    environment = update.get("environment")
    said: Mapping[str, Any] = environment if isinstance(environment, dict) else {}
    started = update.get("startTime")
    version = update.get("version")
    if not isinstance(started, str) or not isinstance(version, int):
        return None
    return {
        "version": version,
        "kind": str(update.get("kind", ""))[:_LONGEST],
        "result": str(update.get("result", ""))[:_LONGEST],
        "startTime": started,
        "message": str(update.get("message", ""))[:_LONGEST],
        "commit": str(said.get("git.head", ""))[:_LONGEST],
        "dirty": said.get("git.dirty") == "true",
        "author": str(said.get("git.author", ""))[:_LONGEST],
        "planned": said.get("updatePlan") == "true",
    }
