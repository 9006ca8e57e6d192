"""Canaries: secret values that are looked for in everything that a run prints and leaves behind."""

from __future__ import annotations

import base64
import binascii
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.engine import Project
from tests.support.engine_run import Run

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


class Canaries:
    """What must not be seen: each canary, whatever its case, also in base64.

    Args:
        project: whose runs they are.
        secrets: the canaries; something that nothing else holds.
    """

    def __init__(self, project: Project, *secrets: str) -> None:
        self._project = project
        self._secrets = tuple(secret.lower() for secret in secrets)

    def seen(self, run: Run) -> Run:
        """Asserts that a run showed none, nor the engine's own log of it."""
        self._in_none({"the output": run.output, "the event log": run.event_log})
        return run

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `regulated-partners`, and asserts that it showed none."""
        done = subprocess.run(
            [sys.executable, "-m", "regulated_partners", *arguments],
            cwd=self._project.directory,
            env=self._project.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        self._in_none({"stdout": done.stdout, "stderr": done.stderr})
        return done

    def pulumi(self, *arguments: str) -> str:
        """What a command of the CLI prints, which shows none."""
        done = self._project.pulumi(*arguments)
        assert done.returncode == 0, done.stderr
        self._in_none({"stdout": done.stdout, "stderr": done.stderr})
        return done.stdout

    def left(self, *folders: Path) -> None:
        """Asserts that no file below the folders holds one; the project's state is looked through in any case."""
        files = [file for folder in (self._project.state, *folders) for file in folder.rglob("*") if file.is_file()]
        assert any(file.name == "dev.json" for file in files), "the state was not looked at"
        assert any("history" in file.parts for file in files), "the history was not looked at"
        self._in_none({str(file): file.read_bytes().decode(errors="replace") for file in files})

    def _in_none(self, texts: dict[str, str]) -> None:
        for where, text in texts.items():
            shown = "\n".join((text, *_decoded(text))).lower()
            for secret in self._secrets:
                assert secret not in shown, f"{secret} is in {where}:\n{_around(shown, secret)}"


def set_secrets(project: Project, values: Iterable[tuple[str, str]]) -> None:
    """`pulumi config set --secret --path` for each place in the settings of regulated partners."""
    pairs = [part for path, value in values for part in ("--secret", f"regulated-partners:{path}={value}")]
    done = project.pulumi("config", "set-all", "--path", *pairs)
    assert done.returncode == 0, done.stderr


def _decoded(text: str) -> Iterator[str]:
    for found in _BASE64.findall(text):
        for alternative in (None, b"-_"):
            try:
                yield base64.b64decode(found + "==", alternative).decode(errors="replace")
            except (binascii.Error, ValueError):
                continue


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 300) : at + 300]
