"""`python -m regulated_partners.cli.stack up|preview|drift|destroy|env --stack NAME [-- …]`.

What follows `--` goes to the Pulumi CLI.

Exit codes: those of the Pulumi CLI; drift: 0 none, 1 drift, 2 could not look. 2 when the operation was not started.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.engine.stack_engine import Engine
from regulated_partners.engine.stack_errors import Refusal
from regulated_partners.engine.stack_operations import (
    EXIT_COULD_NOT_RUN,
    EXIT_DRIFT,
    Operation,
    drift_exit_code,
    plan_arguments,
)

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code: of the Pulumi CLI, or of drift; 2 when the operation is refused."""
    parser = argparse.ArgumentParser(prog="python -m regulated_partners.cli.stack", description=__doc__.splitlines()[0])
    parser.add_argument("operation", choices=[*Operation, "env"])
    parser.add_argument("--stack", required=True)
    parser.add_argument("--root", type=Path, default=ROOT, help="directory of the Pulumi project")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="with up: apply this saved plan and nothing else")
    own, extra = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = parser.parse_args(own)
    if parsed.plan is not None and parsed.operation != Operation.UP:
        parser.error("--plan goes with up only")
    try:
        engine = Engine.of(parsed.root, parsed.stack, os.environ)
        if parsed.operation == "env":
            _print_exports(engine)
            return 0
        return _operate(Operation(parsed.operation), engine, [*plan_arguments(parsed.plan), *extra], parsed.plan)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return EXIT_COULD_NOT_RUN


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" not in arguments:
        return arguments, []
    divider = list(arguments).index("--")
    return arguments[:divider], arguments[divider + 1 :]


def _print_exports(engine: Engine) -> None:
    for name, value in engine.environment.items():
        if os.environ.get(name) != value:
            print(f"export {name}={shlex.quote(value)}")


def _operate(operation: Operation, engine: Engine, extra: Sequence[str], plan: Path | None) -> int:
    # Ctrl-C belongs to the Pulumi CLI, which then finishes what is in flight; this process waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    engine.start_emulator()
    engine.select(operation)
    exit_code = engine.run(operation, extra)
    stack = engine.stack.name
    if operation is Operation.DRIFT:
        exit_code = drift_exit_code(exit_code)
        if exit_code == EXIT_DRIFT:
            print(
                f"Drift: the service differs from stack {stack} as shown above. `make up STACK={stack}` puts it back; "
                "to keep it, change the declaration.",
                file=sys.stderr,
            )
    elif plan is not None and exit_code != 0:
        print(
            f"The plan {plan} was not applied to its end: see above. If it does not fit any longer, because the "
            f"declaration or the tenant has changed since, make and review a new one: `make review STACK={stack}`.",
            file=sys.stderr,
        )
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
