"""`python -m tools.stack up|preview|drift|destroy|env --stack NAME [-- further arguments of the Pulumi CLI]`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from .errors import Refusal
from .operations import EXIT_CHANGES_FOUND, Operation, commands
from .project import StackFile, read_stack_file
from .surroundings import stack_variables

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code of the Pulumi CLI, 2 when the operation is refused."""
    parser = argparse.ArgumentParser(prog="python -m tools.stack", description=__doc__)
    parser.add_argument("operation", choices=[*Operation, "env"])
    parser.add_argument("--stack", required=True)
    parser.add_argument("--root", type=Path, default=ROOT, help="directory of the Pulumi project")
    own, extra = _split(sys.argv[1:] if arguments is None else arguments)
    parsed = parser.parse_args(own)
    try:
        stack = read_stack_file(parsed.root, parsed.stack)
        variables = stack_variables(stack, parsed.root, os.environ)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    if parsed.operation == "env":
        _print_exports(variables)
        return 0
    run = partial(_call, root=parsed.root, environment={**os.environ, **variables})
    return _operate(Operation(parsed.operation), stack, extra, run)


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" not in arguments:
        return arguments, []
    divider = list(arguments).index("--")
    return arguments[:divider], arguments[divider + 1 :]


def _print_exports(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


def _operate(operation: Operation, stack: StackFile, extra: Sequence[str], run: Callable[[Sequence[str]], int]) -> int:
    # Ctrl-C belongs to the Pulumi CLI, which then finishes what is in flight; this process waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    if stack.local:
        started = run([sys.executable, "-m", "emulator", "start", "--state", ".emulator/state.db"])
        if started != 0:
            print("The emulator did not start: see above.", file=sys.stderr)
            return started
    select, command = commands(operation, stack, extra)
    selected = run(select)
    if selected != 0:
        hint = "" if "--create" in select else f" If it was never applied, run `make up STACK={stack.stack}` first."
        print(f"The stack {stack.stack} could not be selected: see above.{hint}", file=sys.stderr)
        return selected
    exit_code = run(command)
    if operation is Operation.DRIFT and exit_code == EXIT_CHANGES_FOUND:
        print(
            f"Drift: the service differs from stack {stack.stack} as shown above. `make up STACK={stack.stack}` puts "
            "it back; to keep it, change the declaration.",
            file=sys.stderr,
        )
    return exit_code


def _call(command: Sequence[str], *, root: Path, environment: Mapping[str, str]) -> int:
    try:
        code = subprocess.run(command, cwd=root, env=dict(environment), check=False).returncode
    except FileNotFoundError:
        print(f"{command[0]} is not installed: run `make cli`.", file=sys.stderr)
        return 2
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
