"""Programs beside the CLI that the official archive has and the CLI's Go module has not ready: built once for a user.

- `yaml`: the language host of Pulumi YAML, from its own module, which is built against an older SDK.
- `generator`: makes the SDK of a package in Python, TypeScript or Go, by the libraries of the CLI's module; the Python
  language host of this project asks it. The hosts of the other languages have no module to build them from.

    <cache>/regulated-partners/pulumi/tools/<name>-<digest>/<name>

The digest is of what a program is built from. Needs nothing but Python's standard library, and Go.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.engine.install.cache import Layout, complete, locked, staged
from regulated_partners.engine.install.go_build import go
from regulated_partners.engine.install.pinned import HERE


@dataclass(frozen=True)
class GoTool:
    """One program.

    Attributes:
        name: of the executable.
        module: the directory of the go.mod that pins it.
        package: what is built, as go names it.
        what: for the person who waits.
        bundled: whether the official archive has it, under this name.
    """

    name: str
    module: Path
    package: str
    what: str
    bundled: bool = False

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with anything that it is built from."""
        own = sorted((self.module / self.package).glob("*.go")) if self.package.startswith(".") else []
        digest = hashlib.sha256(self.package.encode())
        for path in (self.module / "go.mod", self.module / "go.sum", *own):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:12]


YAML = GoTool(
    "pulumi-language-yaml",
    HERE / "yaml",
    "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    "the language host of Pulumi YAML",
    bundled=True,
)
GENERATOR = GoTool("pulumi-generate", HERE, "./generate", "the generator of SDKs")
TOOLS = {"yaml": YAML, "generator": GENERATOR}


def has_tool(cli: Path, tool: GoTool, layout: Layout) -> bool:
    """Whether a CLI needs no build of a program: the official ones have YAML's host, and make SDKs themselves."""
    ours = cli.is_relative_to(layout.root) and cli != layout.release
    return not ours and (not tool.bundled or (cli / tool.name).is_file())


def tool_directory(tool: GoTool, root: Path) -> Path:
    """The directory of a program, which is built first if need be: about a minute of work.

    Args:
        root: the cache of CLIs.

    Raises:
        InstallError: where the cache cannot be written.
        RouteError: where it cannot be built.
    """
    final = root / "tools" / f"{tool.name}-{tool.digest}"
    if complete(final, (tool.name,)):
        return final
    with locked(root):
        if not complete(final, (tool.name,)):
            with staged(final) as directory:
                go(
                    [
                        *("build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"),
                        *("-tags", "osusergo,grpcnotrace", "-ldflags", "-s -w"),
                        *("-o", os.fspath(directory / tool.name), tool.package),
                    ],
                    tool.module,
                    f"Building {tool.what} from its Go module: a few minutes the first time, on two cores.",
                )
    return final
