"""What is started: a program, a policy pack or plugin, the installation of dependencies.

Source: the script itself, sdk/python/cmd/pulumi-language-python-exec in the Go module github.com/pulumi/pulumi/sdk/v3.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from regulated_partners.engine.language_host.children import Children
from regulated_partners.engine.language_host.interpreter import (
    Interpreter,
    InterpreterError,
    RuntimeOptions,
    plugin_interpreter,
    program_interpreter,
)

#: A program gets the stack's configuration in one variable, also by the official host. Source: execve(2), E2BIG.
_TOO_LONG = (
    "the stack's configuration is too long. Linux hands a program at most 128 KB of it, as JSON. Keep what is long in "
    "a file that the program reads; partners of Regulated Partners, in the file that the setting partnersFile names."
)

#: Exit code of a program whose error the user has already been shown (Source: pulumi-language-python-exec).
EXIT_AFTER_MESSAGE = 32


def run_program(
    request: language_pb2.RunRequest, *, executor: Path, engine: str, tracing: str, children: Children
) -> language_pb2.RunResponse:
    """Runs the program of a request to its end, its output going to this process's own; arguments as the service's.

    Returns:
        An empty response for success, `bail` when the program has reported its error, else `error`.
    """
    if request.attach_debugger:
        return language_pb2.RunResponse(
            error="This project's own Python language host cannot attach a debugger: install the official Pulumi CLI "
            "for `--attach-debugger`."
        )
    try:
        interpreter = program_interpreter(RuntimeOptions.of(request.info))
        environment = interpreter.environment(os.environ)
        # Short, because there is a most; and ASCII, because a program reads its environment by its locale.
        environment["PULUMI_CONFIG"] = json.dumps(dict(request.config), separators=(",", ":"))
        environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        command = [interpreter.executable, "-u", str(executor), *_arguments(request, engine, tracing)]
        child = children.start(command, cwd=request.pwd, env=environment)
    except InterpreterError as error:
        return language_pb2.RunResponse(error=str(error))
    except OSError as error:
        why = _TOO_LONG if error.errno == errno.E2BIG else f"{error}."
        return language_pb2.RunResponse(error=f"The program could not be started: {why}")
    return _outcome(children.wait(child))


def _arguments(request: language_pb2.RunRequest, engine: str, tracing: str) -> list[str]:
    named = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "tracing": tracing,
        "organization": request.organization,
    }
    flags = [part for name, value in named.items() if value for part in (f"--{name}", value)]
    return [*flags, request.info.entry_point or request.program or ".", *request.args]


def _outcome(exit_code: int) -> language_pb2.RunResponse:
    if exit_code == 0:
        return language_pb2.RunResponse()
    if exit_code == EXIT_AFTER_MESSAGE:
        return language_pb2.RunResponse(bail=True)
    if exit_code < 0:
        return language_pb2.RunResponse(error=f"program was ended by signal {-exit_code}")
    return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {exit_code}")


def start_plugin(request: language_pb2.RunPluginRequest, children: Children) -> subprocess.Popen[bytes]:
    """Starts what a request asks for, with pipes for its output.

    `kind: analyzer` is a policy pack, run by `python -m pulumi.policy ENGINE PACK_DIRECTORY`; any other kind is a
    directory with a `__main__.py`, or an installed package run by `python -m pulumi.run.plugin`.
    The environment of the request replaces this process's own.

    Raises:
        InterpreterError: when there is no Python or nothing to run.
        OSError: when the process cannot be started.
    """
    interpreter = plugin_interpreter(RuntimeOptions.of(request.info))
    environment = interpreter.environment(dict(entry.split("=", 1) for entry in request.env if "=" in entry))
    return children.start(plugin_command(request, interpreter), cwd=request.pwd, env=environment, piped=True)


def plugin_command(request: language_pb2.RunPluginRequest, interpreter: Interpreter) -> list[str]:
    """The command of a request, as a list of arguments. Raises InterpreterError when there is nothing to run."""
    directory = Path(request.info.program_directory or request.program)
    python = [interpreter.executable, "-u"]
    if request.kind == "analyzer":
        return [*python, "-m", "pulumi.policy", *request.args, str(directory)]
    if (directory / "__main__.py").is_file():
        return [*python, str(directory), *request.args]
    if (directory / "pyproject.toml").is_file():
        return [*python, "-m", "pulumi.run.plugin", _distribution(directory), *request.args]
    raise InterpreterError(
        f"The plugin in {directory} cannot be run: it has neither a __main__.py nor a pyproject.toml."
    )


def _distribution(directory: Path) -> str:
    project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    name = project.get("name") if isinstance(project, dict) else None
    if not isinstance(name, str):
        raise InterpreterError(f"The plugin in {directory} cannot be run: its pyproject.toml names no project.")
    return name


def install_commands(options: RuntimeOptions, directory: Path) -> list[list[str]]:
    """What has to run, in order: create the virtual environment when it is missing, then pip with the directory's
    requirements.txt when it has one. An empty list when nothing has to be done."""
    commands = []
    python = sys.executable
    if options.virtualenv is not None:
        python = str(options.virtualenv / "bin" / "python")
        if not Path(python).is_file():
            commands.append([sys.executable, "-m", "venv", str(options.virtualenv)])
    requirements = directory / "requirements.txt"
    if requirements.is_file():
        commands.append([python, "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)])
    return commands
