"""What the plugin's folder installs at whoever takes it from git: providers/plugin/requirements.txt.

The engine's language host installs it into an environment of the plugin's own. Each version is at least the one that
the tests here ran with, and not yet the next major one.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "providers" / "plugin" / "requirements.txt"

#: Of the project's dependencies those that the plugin's process imports.
NEEDED = ("certifi", "cryptography", "idna", "msal", "pulumi", "pydantic", "pyyaml", "requests", "tenacity", "urllib3")
#: Numbered by the year, so that a next one breaks nothing.
_BY_YEAR = {"certifi"}

_HEAD = "# Made by `make generate` from requirements.lock: change tools/plugin_requirements.py.\n"


def text() -> str:
    """The file's content."""
    return _HEAD + "".join(f"{name}>={_range(name)}\n" for name in NEEDED)


def declared() -> set[str]:
    """The names of the project's dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[^\w.-]", item, maxsplit=1)[0] for item in project["dependencies"]}


def _range(name: str) -> str:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==(\d+)\.(\d+)", lock, re.MULTILINE)
    if found is None:
        raise ValueError(f"requirements.lock has no {name}")
    major, minor = found.groups()
    return f"{major}.{minor}" if name in _BY_YEAR else f"{major}.{minor},<{int(major) + 1}"
