"""The pages for other people's programs: their files, and the commands that name this test, as they stand, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"^ *<!-- (?P<kind>file|printed|run by)(?:: (?P<of>[\w./:-]+))? -->\n(?P<indent> *)```\w+\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_OWN = f"{Path(__file__).relative_to(ROOT).as_posix()}::"


@dataclass(frozen=True)
class Page:
    """What a page promises: the files that it shows, its commands, and what these print."""

    files: dict[str, str]
    commands: str
    printed: tuple[str, ...]

    @classmethod
    def read(cls, name: str) -> Page:
        files: dict[str, str] = {}
        commands: list[str] = []
        printed: list[str] = []
        for block in _BLOCK.finditer((ROOT / "docs" / name).read_text(encoding="utf-8")):
            text = re.sub(rf"^{block['indent']}", "", block["text"], flags=re.MULTILINE)
            if block["kind"] == "file":
                files[block["of"]] = text
            elif block["kind"] == "printed":
                printed.append(text)
            elif block["of"].startswith(_OWN):
                commands.append(text)
        return cls(files, "".join(commands), tuple(printed))

    def run(self, folder: Path) -> str:
        """What its commands print in a shell of their own, whose PATH leads to this Python."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        foreign = ("AZURE_", "EXCHANGE_ONLINE_", "HTTP", "http", "NO_PROXY", "no_proxy", "REQUESTS_", "SSL_", "PYTEST_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environment |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}",
            "XDG_STATE_HOME": str(folder / "states"),
        }
        command = ["bash", "-eu", "-c", self.commands]
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
        finally:
            stop = [sys.executable, "-m", "exchange_online_emulator", "stop"]
            subprocess.run(stop, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.parametrize("name", ["emulator.md", "emulator-client.md"])
def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    """Failing means that an outsider who follows the page ends at an error, or sees something else than it shows.

    docs/emulator-client.md is also the proof that MSAL and requests, unchanged and with the service's own hosts,
    create, page and remove connectors through the proxy.
    """
    page = Page.read(name)
    printed = page.run(tmp_path)
    position = 0
    for text in page.printed:
        assert text.strip() in printed[position:], printed
        position = printed.index(text.strip(), position)
    assert printed.endswith("stopped\n") or name == "emulator-client.md"
    assert "exchange-online-emulator start" in page.commands


def test_the_program_of_the_page_knows_no_emulator() -> None:
    """Failing means that the example proves nothing: it was made to fit."""
    program = Page.read("emulator-client.md").files["connectors.py"]
    assert "https://outlook.office365.com/adminapi/beta/" in program
    assert "https://login.microsoftonline.com/" in program
    for word in ("emulator", "127.0.0.1", "localhost", "verify", "proxies", "instance_discovery"):
        assert word not in program.lower()
