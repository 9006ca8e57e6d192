"""The commands that install a program's dependencies, for `pulumi install` and `pulumi package get-schema`."""

from __future__ import annotations

import sys
from pathlib import Path

from .options import RuntimeOptions


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
