"""The version of the plugin, and of the package that it is part of."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

_DISTRIBUTION = "regulated-partners"


def version() -> str:
    """That of the installed package; in a clone that nothing installs, what its pyproject.toml says."""
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        project = Path(__file__).resolve().parents[3] / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
