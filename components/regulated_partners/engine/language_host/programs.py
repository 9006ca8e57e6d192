"""Runs a Pulumi program: the command line and environment of `pulumi-language-python-exec`, and what its exit means.

Source: the script itself, sdk/python/cmd/pulumi-language-python-exec in the Go module github.com/pulumi/pulumi/sdk/v3.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from .children import Children
from .options import InterpreterError, RuntimeOptions, program_interpreter

#: Exit code of a program whose error the user has already been shown (Source: pulumi-language-python-exec).
EXIT_AFTER_MESSAGE = 32


def run_program(
    request: language_pb2.RunRequest, *, executor: Path, engine: str, tracing: str, children: Children
) -> language_pb2.RunResponse:
    """Runs the program of a request to its end, its output going to this process's own.

    executor: path of `pulumi-language-python-exec`. engine: host:port. tracing: an endpoint, empty for none.
    Returns an empty response for success, `bail` when the program has reported its error, else `error`.
    """
    if request.attach_debugger:
        return language_pb2.RunResponse(
            error="This project's own Python language host cannot attach a debugger: install the official Pulumi CLI "
            "for `--attach-debugger`."
        )
    try:
        interpreter = program_interpreter(RuntimeOptions.of(request.info))
        environment = interpreter.environment(os.environ)
        environment["PULUMI_CONFIG"] = json.dumps(dict(request.config))
        environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        command = [interpreter.executable, "-u", str(executor), *_arguments(request, engine, tracing)]
        child = children.start(command, cwd=request.pwd, env=environment)
    except InterpreterError as error:
        return language_pb2.RunResponse(error=str(error))
    except OSError as error:
        return language_pb2.RunResponse(error=f"The program could not be started: {error}.")
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
