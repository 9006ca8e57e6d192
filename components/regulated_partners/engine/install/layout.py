"""Where the CLI is kept: a cache folder shared by all working copies of a user.

    <cache>/regulated-partners/pulumi/<version>/release/        the official archive's files for Python programs
    <cache>/regulated-partners/pulumi/<version>/build/          the CLI built from its Go module
    <cache>/regulated-partners/pulumi/<version>/host-<digest>/  the build with this project's language host beside it

The digest is of the language host's files, so working copies with different ones do not disturb each other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.engine.install.pin import Version

#: What has to lie in one directory for Python programs to run.
EXECUTABLES = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)


@dataclass(frozen=True)
class Layout:
    """The folders for one version of the CLI, under `root`."""

    root: Path
    version: Version

    @classmethod
    def for_user(cls, version: Version) -> Layout:
        """Below `$XDG_CACHE_HOME`, or ~/.cache when that is unset or relative, as the XDG specification says."""
        configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
        base = configured if configured.is_absolute() else Path.home() / ".cache"
        return cls(base / "regulated-partners" / "pulumi", version)

    @property
    def home(self) -> Path:
        """The folder of this version."""
        return self.root / str(self.version)

    @property
    def release(self) -> Path:
        """Of the official release archive."""
        return self.home / "release"

    @property
    def build(self) -> Path:
        """Of the CLI built from source."""
        return self.home / "build"

    def host(self, digest: str) -> Path:
        """Of the build together with the language host whose files have this digest."""
        return self.home / f"host-{digest}"


def complete(directory: Path, names: tuple[str, ...] = EXECUTABLES) -> bool:
    """True when every name is an executable file in the directory."""
    return all((directory / name).is_file() and os.access(directory / name, os.X_OK) for name in names)
