"""Checks requirements.lock against requirements.in without a network: `python -m tools.lockfile`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
DIRECT = "-r requirements.in"


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One entry of the lock: its exact version, how many hashes it has, and what it is there for (`via`)."""

    version: Version
    hashes: int
    via: frozenset[str]


def read_lock(text: str) -> dict[str, LockedPackage]:
    """The entries of a lock file by canonical name, as `uv pip compile` and pip-compile write them.

    Raises ValueError naming the line that is neither an entry, a hash nor a comment.
    """
    entries: dict[str, LockedPackage] = {}
    for block in re.split(r"\n(?=[^\s#])", "\n" + text.strip()):
        lines = [line.strip() for line in block.strip().splitlines()]
        if not lines:
            continue
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", lines[0])
        if head is None:
            raise ValueError(f"requirements.lock: `{lines[0]}` is not a pinned package: run `make lock`.")
        comments = [line.lstrip("# ").removeprefix("via").strip() for line in lines if line.startswith("#")]
        entries[canonicalize_name(head[1])] = LockedPackage(
            version=Version(head[2]),
            hashes=sum(line.startswith("--hash=sha256:") for line in lines),
            via=frozenset(filter(None, comments)),
        )
    return entries


def read_requirements(text: str) -> dict[str, Requirement]:
    """The requirements of a requirements.in by canonical name. Raises ValueError for a line that is none."""
    requirements: dict[str, Requirement] = {}
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if content:
            try:
                requirement = Requirement(content)
            except InvalidRequirement as error:
                raise ValueError(f"requirements.in: `{content}` is not a requirement: {error}.") from None
            requirements[canonicalize_name(requirement.name)] = requirement
    return requirements


def complaints(requirements: Mapping[str, Requirement], lock_text: str) -> list[str]:
    """Everything that is wrong with a lock, one sentence each; empty when it is sound."""
    hosts = re.findall(r"https?://[^\s/]+", lock_text)
    if hosts:
        return [f"it names a host, `{host}`" for host in sorted(set(hosts))]
    lock = read_lock(lock_text)
    found: list[str] = []
    for name, requirement in requirements.items():
        if name not in lock:
            found.append(f"{requirement} of requirements.in is not in it")
        elif not requirement.specifier.contains(lock[name].version, prereleases=True):
            found.append(f"it has {name} {lock[name].version}, and requirements.in says {requirement}")
        elif DIRECT not in lock[name].via:
            found.append(f"{name} has come to requirements.in since it was made")
    for name, package in lock.items():
        if package.hashes == 0:
            found.append(f"{name} has no hash")
        if DIRECT in package.via and name not in requirements:
            found.append(f"{name} is no longer in requirements.in")
        found.extend(
            f"{name} is there for {parent}, which is not in it"
            for parent in sorted(package.via - {DIRECT})
            if canonicalize_name(parent) not in lock
        )
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0 for a sound lock, else 1 with the complaints on stderr."""
    root = Path(arguments[0]) if arguments else ROOT
    try:
        requirements = read_requirements((root / "requirements.in").read_text(encoding="utf-8"))
        found = complaints(requirements, (root / "requirements.lock").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for complaint in found:
        print(f"requirements.lock: {complaint}: run `make lock`.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
