"""The command `python -m exchange_online_emulator`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

DEFAULT_STATE = Path(".emulator/state.sqlite")
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns the exit code: 0 done, 1 not running (status), 2 usage or could not run."""
    options = _parser().parse_args(arguments)
    command = {"serve": _serve, "start": _start, "stop": _stop, "status": _status, "reset": _reset, "rules": _rules}
    return command[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m exchange_online_emulator", description="Exchange Online on your machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until stopped")
    start = commands.add_parser("start", help="start in the background if none answers yet; prints the URL")
    for command in (serve, start):
        command.add_argument(
            "--latency", type=float, default=0, metavar="MS", help="added to each answer, milliseconds"
        )
        command.add_argument("--seed", type=Path, metavar="FILE", help="JSON file of connectors to put in")
    serve.add_argument("--host", default="127.0.0.1", help="loopback only")
    serve.add_argument("--port", type=int, default=0, help="0: any free one (default)")
    rest = [
        commands.add_parser("stop", help="stop the one in the background"),
        commands.add_parser("status", help="print where it answers; exit 1 when it does not"),
        commands.add_parser("reset", help="forget the tenant's objects, keep its identity"),
    ]
    for command in (serve, start, *rest):
        command.add_argument("--state", type=Path, default=DEFAULT_STATE, metavar="FILE", help="default %(default)s")
        command.add_argument("--connection", type=Path, metavar="FILE", help="default connection.json beside the state")
    rules = commands.add_parser("rules", help="list the rules with tag and source")
    rules.add_argument("--markdown", action="store_true", help="as a Markdown document")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from exchange_online_emulator.serving import CannotServeError, ServeOptions, serve

    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        serve(
            ServeOptions(
                options.state, options.host, options.port, options.connection, options.latency / 1000, options.seed
            )
        )
    except CannotServeError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return 0
    return 0


def _start(options: argparse.Namespace) -> int:
    from exchange_online_emulator import process

    try:
        connection = process.start(options.state, options.connection, options.latency, options.seed)
    except process.EmulatorStartError as error:
        return _refuse(str(error))
    print(connection.url)  # noqa: T201
    return 0


def _stop(options: argparse.Namespace) -> int:
    from exchange_online_emulator import process

    stopped = process.stop(options.state, options.connection)
    print("stopped" if stopped else "not running")  # noqa: T201
    return 0


def _status(options: argparse.Namespace) -> int:
    from exchange_online_emulator import process

    connection = process.running(options.state, options.connection)
    print(f"{connection.url} (pid {connection.pid})" if connection else "not running")  # noqa: T201
    return 0 if connection else 1


def _reset(options: argparse.Namespace) -> int:
    from exchange_online_emulator import process

    process.reset(options.state, options.connection)
    print("reset")  # noqa: T201
    return 0


def _rules(options: argparse.Namespace) -> int:
    from exchange_online_emulator import rules_table

    print(rules_table.markdown() if options.markdown else rules_table.plain())  # noqa: T201
    return 0


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return _USAGE
