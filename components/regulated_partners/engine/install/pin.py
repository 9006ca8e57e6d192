"""The pinned version of the Pulumi CLI, read from go.mod."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.engine.install.errors import InstallError

GO_MODULE = "github.com/pulumi/pulumi/pkg/v3"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, order=True)
class Version:
    """A released version of Pulumi, such as 3.259.0."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Reads `v3.259.0` or `3.259.0`; None for anything else, pre-releases and development builds included."""
        found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
        return cls(*map(int, found.groups())) if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def pinned_version(go_mod: Path = HERE / "go.mod") -> Version:
    """The version that go.mod requires of `GO_MODULE`.

    Raises InstallError when go.mod names none.
    """
    found = re.search(rf"^\s*{re.escape(GO_MODULE)} (v\S+)", go_mod.read_text(encoding="utf-8"), re.MULTILINE)
    version = Version.parse(found[1]) if found else None
    if version is None:
        raise InstallError(f"{go_mod} does not require a released version of {GO_MODULE}: restore it from git.")
    return version
