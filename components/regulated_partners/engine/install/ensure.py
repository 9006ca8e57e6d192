"""Gets the pinned Pulumi CLI: `python -m regulated_partners.engine.install [--link .venv/bin]`.

Three ways, in this order: a new enough one on PATH; the official release archive; a build from the Go module. The
last line on stdout is the directory that holds the CLI. Needs nothing but Python's standard library.

`--tool yaml` and `--tool generator` get a program beside it (`go_tools`).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from regulated_partners.engine.install.cache import Layout, complete, link, locked, say, staged, unlink
from regulated_partners.engine.install.go_build import BUILT, assemble, build_from_source, host_digest
from regulated_partners.engine.install.go_tools import TOOLS, has_tool, tool_directory
from regulated_partners.engine.install.pinned import find_on_path, pinned_version
from regulated_partners.engine.install.release import fetch_release
from regulated_partners.errors import InstallError, RouteError

ROUTES = ("path", "release", "build")


def pulumi_directory(path: str) -> Path:
    """The directory of the pinned CLI or a newer one, for the current user: `ensure` in all ways, first on `path`."""
    return ensure(Layout.for_user(pinned_version()), ROUTES, path=path)


def ensure(layout: Layout, routes: Sequence[str], *, path: str, linked_into: Path | None = None) -> Path:
    """The directory of a usable CLI, installed first if need be.

    Args:
        layout: where CLIs are kept.
        routes: which ways to try, of `ROUTES`, in that order.
        path: the PATH of the first way.
        linked_into: where `link` will put it, not to be taken for a CLI on PATH.

    Raises:
        InstallError: with one line for each way that was tried when none works.
    """
    ignored = (layout.root, *([linked_into] if linked_into is not None else []))
    ways: dict[str, Callable[[], Path]] = {
        "path": lambda: find_on_path(layout.version, path, ignore=ignored),
        "release": lambda: _installed(layout, routes) or _from_release(layout),
        "build": lambda: _installed(layout, routes) or _from_source(layout),
    }
    failures: list[str] = []
    for route in routes:
        try:
            return ways[route]()
        except RouteError as error:
            failures.append(str(error))
            if route == "release":
                say(f"Not by {error}")
    raise InstallError(
        f"The Pulumi CLI {layout.version} or newer is needed, and no way to get it worked:\n"
        + "".join(f"  - {failure}\n" for failure in failures)
        + "One of them is enough: repair it and run the same command again, or install Pulumi as "
        "https://www.pulumi.com/docs/install/ says."
    )


def _installed(layout: Layout, routes: Sequence[str]) -> Path | None:
    if "release" in routes and complete(layout.release):
        return layout.release
    if "build" in routes and complete(layout.build, BUILT):
        return _from_source(layout)
    return None


def _from_release(layout: Layout) -> Path:
    with locked(layout.root):
        if not complete(layout.release):
            with staged(layout.release) as directory:
                fetch_release(layout.version, directory)
    return layout.release


def _from_source(layout: Layout) -> Path:
    final = layout.host(host_digest())
    if complete(final):
        return final
    with locked(layout.root):
        if not complete(layout.build, BUILT):
            with staged(layout.build) as directory:
                build_from_source(layout.version, directory)
        if not complete(final):
            with staged(final) as directory:
                assemble(layout.build, directory)
    return final


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m regulated_partners.engine.install", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--link", type=Path, metavar="DIR", help="link the executables into this directory")
    parser.add_argument("--tool", action="append", choices=TOOLS, help="get this program instead (repeatable)")
    parser.add_argument("--route", action="append", choices=ROUTES, help="try only this way (repeatable)")
    parsed = parser.parse_args(arguments)
    path = os.environ.get("PATH", os.defpath)
    try:
        layout = Layout.for_user(pinned_version())
        if parsed.tool:
            of_cli = ensure(layout, parsed.route or ROUTES, path=path, linked_into=parsed.link)
            for tool in map(TOOLS.__getitem__, parsed.tool):
                directory = of_cli if has_tool(of_cli, tool, layout) else tool_directory(tool, layout.root)
                if parsed.link is not None and directory.is_relative_to(layout.root):
                    link(directory, parsed.link, (tool.name,), optional=True)
                print(directory)
            return 0
        directory = ensure(layout, parsed.route or ROUTES, path=path, linked_into=parsed.link)
        if parsed.link is not None:
            if directory.is_relative_to(layout.root):
                link(directory, parsed.link)
            else:
                unlink(layout.root, parsed.link)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    print(directory)
    return 0
