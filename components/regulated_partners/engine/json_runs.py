"""Runs of the Pulumi CLI whose JSON a subcommand reads."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exchange_online.admin_api.redaction import clean
from regulated_partners.engine.stack_engine import Engine, Finished
from regulated_partners.engine.stack_operations import Operation
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import StackFile

#: Stacks that are previewed side by side share the emulator.
_STARTING = threading.Lock()


def engine_of(stack: StackFile, environ: Mapping[str, str]) -> Engine:
    """The CLI on a stack; for a local one the emulator is started.

    Raises:
        Refusal: where what the stack needs is not known, or the emulator does not start (regulated_partners.cli.stack).
    """
    # The environment that runs this command is the project's, wherever the project lies.
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), environ.get("PATH", os.defpath)])
    engine = Engine.of(stack.root, stack.name, {**environ, "PATH": path})
    variables = {**engine.environment, "PATH": path, "VIRTUAL_ENV": sys.prefix}
    ready = Engine(engine.stack, engine.root, variables)
    with _STARTING:
        ready.start_emulator(quiet=True)
    return ready


def read_json(engine: Engine, operation: Operation, extra: Sequence[str], *, fine: Sequence[int]) -> dict[str, Any]:
    """What an operation writes with `--json`.

    Args:
        fine: exit codes with which it has done its work; with others its JSON still tells what went wrong.
    Raises:
        CannotRunError: when it wrote no JSON, with what it said instead.
    """
    done = engine.capture(operation, ["--json", *extra])
    document = _object(done.stdout)
    if document is None or (done.exit_code not in fine and not document.get("diagnostics")):
        raise CannotRunError(
            f"`pulumi {operation}` failed on the stack {engine.stack.name} (exit code {done.exit_code}). Pulumi said: "
            f"{_said(done)}"
        )
    return document


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _said(done: Finished) -> str:
    text = clean(done.stderr.strip() or done.stdout.strip())
    return " ".join(text.split()).removeprefix("error: ") or "nothing"
