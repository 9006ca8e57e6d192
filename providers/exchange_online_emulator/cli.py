"""The command `exchange-online-emulator`; `python -m …` and `regulated-partners emulator` are the same."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import logging
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange_online_emulator.connection import ConnectionFile

_NOT_RUNNING, _USAGE = 1, 2

#: What a shell shows of a program that SIGPIPE has ended.
_NOBODY_READS = 141

#: What the extra `emulator` installs, by import name.
_EXTRA = ("jinja2", "jwt", "starlette", "trustme", "uvicorn")


def main(arguments: Sequence[str] | None = None, program: str = "exchange-online-emulator") -> int:
    """Run a subcommand.

    Args:
        arguments: those of the command line unless given.
        program: what its own help calls it.

    Returns:
        The exit code: 0 done, 1 not running (status), 2 usage or could not run; 141 where nobody reads its output.
    """
    try:
        code = _run(_parser(program).parse_args(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would write the rest when it ends, and end in a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    return code


def _run(options: argparse.Namespace) -> int:
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(
            f"The emulator needs {', '.join(missing)}: install it by `pip install 'regulated-partners[emulator]'`."
        )
    if options.command == "rules":
        from exchange_online_emulator import rules_table

        print(rules_table.markdown() if options.markdown else rules_table.plain())  # noqa: T201
        return 0
    from exchange_online_emulator.control_token import ControlTokenError
    from exchange_online_emulator.process import EmulatorStartError

    try:
        return _serve(options) if options.command == "serve" else _background(options)
    except (EmulatorStartError, ControlTokenError) as error:
        return _refuse(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        return _refuse(
            f"The emulator cannot keep its state in {options.state}: {reason}. "
            "Name a file in another folder with --state."
        )


def default_state() -> Path:
    """The state file: in .emulator/ of the Pulumi project around this directory, where stacks look; else the user's."""
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / "Pulumi.yaml").is_file():
            return directory / ".emulator" / "state.db"
    try:
        states = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    except RuntimeError:
        # A user without a home, as containers have them.
        states = Path(tempfile.gettempdir()) / f"user-{os.getuid()}"
    return states / "exchange-online-emulator" / "state.db"


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description="Exchange Online on your machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until stopped")
    start = commands.add_parser("start", help="start in the background if none answers yet; prints the URL")
    for command in (serve, start):
        command.add_argument(
            "--latency", type=float, default=0, metavar="MS", help="added to each answer, milliseconds"
        )
        command.add_argument(
            "--max-concurrent",
            type=int,
            metavar="N",
            help="calls that the tenant may have on their way (the switch max_concurrent)",
        )
        command.add_argument("--seed", type=Path, metavar="FILE", help="JSON file of connectors to put in")
        command.add_argument(
            "--tenants",
            type=_count,
            default=1,
            metavar="N",
            help="how many tenants there are at this address; connection-2.json and so on say how to sign in to them",
        )
        _add_names(command)
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="loopback's, by default %(default)s")
    serve.add_argument(
        "--beyond-loopback",
        action="store_true",
        help="allow another --host, for a container; the control API then demands the token in the variable "
        "EXCHANGE_ONLINE_EMULATOR_CONTROL_TOKEN, or in the file that …_TOKEN_FILE names",
    )
    serve.add_argument("--port", type=int, default=0, help="0: any free one (default)")
    rest = [
        commands.add_parser("env", help="print the variables by which other programs use it, for a shell's eval"),
        commands.add_parser("stop", help="stop the one in the background"),
        commands.add_parser("status", help="print where it answers; exit 1 when it does not"),
        commands.add_parser("reset", help="forget the tenant's objects, keep its identity"),
    ]
    for command in (serve, start, *rest):
        command.add_argument("--state", type=Path, default=default_state(), metavar="FILE", help="default %(default)s")
        command.add_argument("--connection", type=Path, metavar="FILE", help="default connection.json beside the state")
    rules = commands.add_parser("rules", help="list the rules with tag and source")
    rules.add_argument("--markdown", action="store_true", help="as a Markdown document")
    return parser


def _add_names(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--as-service",
        action="store_true",
        help="answer to outlook.office365.com, outlook.office.com and login.microsoftonline.com, too",
    )
    command.add_argument(
        "--proxy",
        type=int,
        metavar="PORT",
        help="also a proxy (for HTTPS_PROXY) that leads those names here and nothing else anywhere; 0: any free port; "
        "implies --as-service",
    )
    command.add_argument("--name", action="append", default=[], metavar="HOST", help="a further name; may be repeated")


def _names(options: argparse.Namespace) -> tuple[str, ...]:
    from exchange_online_emulator.names import SERVICE_NAMES

    service = SERVICE_NAMES if options.as_service or options.proxy is not None else ()
    return (*service, *options.name)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _serve(options: argparse.Namespace) -> int:
    from exchange_online_emulator.listening import Listening
    from exchange_online_emulator.serving import serve

    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.INFO, stream=sys.stderr)
    where, seconds = (options.state, options.connection), options.latency / 1000
    with contextlib.suppress(KeyboardInterrupt):
        switches = {} if options.max_concurrent is None else {"max_concurrent": options.max_concurrent}
        listening = Listening(options.host, options.port, _names(options), options.proxy, options.beyond_loopback)
        serve(
            *where, listening=listening, latency=seconds, seed=options.seed, switches=switches, tenants=options.tenants
        )
    return 0


def _background(options: argparse.Namespace) -> int:
    from exchange_online_emulator import process

    state, path = options.state, options.connection
    match options.command:
        case "start":
            further = {"names": _names(options), "proxy": options.proxy, "tenants": options.tenants}
            found = process.start(state, path, options.latency, options.seed, options.max_concurrent, **further)
            answer = "\n".join([found.url, *_how(found, options)])
        case "stop":
            answer = "stopped" if process.stop(state, path) else "not running"
        case "reset":
            process.reset(state, path)
            answer = "reset"
        case _:
            connection = process.running(state, path)
            if connection is None:
                if options.command == "env":
                    # On stdout it would be run by the shell that asked.
                    hint = "The emulator does not run: start it by `exchange-online-emulator start --proxy 0`."
                    print(hint, file=sys.stderr)  # noqa: T201
                else:
                    print("not running")  # noqa: T201
                return _NOT_RUNNING
            where = process.connection_path(state, path)
            if options.command == "env":
                variables = {**connection.environment(), "EXCHANGE_ONLINE_EMULATOR": str(where)}
                answer = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
            else:
                known = f"Stacks on the cloud `local` find it by EXCHANGE_ONLINE_EMULATOR={where}"
                answer = "\n".join([f"{connection.url} (pid {connection.pid})", known, *_how(connection, options)])
    print(answer)  # noqa: T201
    return 0


def _how(connection: ConnectionFile, options: argparse.Namespace) -> list[str]:
    """What to know of an emulator that answers by the service's names."""
    if not connection.names:
        return []
    lines = [f"answers to {', '.join(connection.names)}, too", f"CA certificate: {connection.ca_bundle}"]
    if connection.proxy:
        state = "" if options.state == default_state() else f" --state {shlex.quote(str(options.state))}"
        lines += [f"proxy: {connection.proxy}", f'for a program: eval "$(exchange-online-emulator env{state})"']
    return lines


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return _USAGE
