"""The command line of a policy pack or plugin written in Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from .children import Children
from .options import Interpreter, InterpreterError, RuntimeOptions, plugin_interpreter


def start_plugin(request: language_pb2.RunPluginRequest, children: Children) -> subprocess.Popen[bytes]:
    """Starts what a request asks for, with pipes for its output.

    `kind: analyzer` is a policy pack, run by `python -m pulumi.policy ENGINE PACK_DIRECTORY`; any other kind is a
    directory with a `__main__.py`, or an installed package run by `python -m pulumi.run.plugin`.
    The environment of the request replaces this process's own.

    Raises InterpreterError when there is no Python or nothing to run, OSError when the process cannot be started.
    """
    interpreter = plugin_interpreter(RuntimeOptions.of(request.info))
    environment = interpreter.environment(dict(entry.split("=", 1) for entry in request.env if "=" in entry))
    return children.start(
        plugin_command(request, interpreter),
        cwd=request.pwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


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
    import tomllib

    project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    name = project.get("name") if isinstance(project, dict) else None
    if not isinstance(name, str):
        raise InterpreterError(f"The plugin in {directory} cannot be run: its pyproject.toml names no project.")
    return name
