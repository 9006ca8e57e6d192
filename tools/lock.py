"""requirements.lock, all versions of pyproject.toml with hashes: `python -m tools.lock` makes it anew with a uv that it
installs for the purpose, `python -m tools.lock --check [DIRECTORY]` says without a network what is wrong with it.

It holds the dependencies, the extras `emulator` and `pdf`, and the group `dev`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header"),
    *("pyproject.toml", "--extra", "emulator", "--extra", "pdf", "--group", "dev", "-o", "requirements.lock"),
)
#: How the lock says that pyproject.toml itself names a package: as uv writes it, with the group where one does.
_DIRECT = re.compile(r"\S+ \(pyproject\.toml(:\w+)?\)")


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """One entry of the lock.

    Attributes:
        version: the exact one.
        hashes: how many it has.
        via: the packages it is there for.
        direct: whether it is there because pyproject.toml names it.
    """

    version: Version
    hashes: int
    via: frozenset[str]
    direct: bool


def read_lock(text: str) -> dict[str, LockedPackage]:
    """The entries of a lock file by canonical name, as `uv pip compile` writes them.

    Raises:
        ValueError: naming the line that is neither an entry, a hash nor a comment.
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
            via=frozenset(comment for comment in comments if comment and not _DIRECT.fullmatch(comment)),
            direct=any(_DIRECT.fullmatch(comment) for comment in comments),
        )
    return entries


def read_requirements(text: str) -> list[Requirement]:
    """What a pyproject.toml asks for: its dependencies, and those of its extras and groups.

    Raises:
        ValueError: for an entry that is no requirement, or a file that is no TOML.
    """
    document = tomllib.loads(text)
    project = document.get("project", {})
    lists = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *document.get("dependency-groups", {}).values(),
    ]
    try:
        return [Requirement(entry) for entries in lists for entry in entries]
    except InvalidRequirement as error:
        raise ValueError(f"pyproject.toml: a requirement is none: {' '.join(str(error).split())}.") from None


def complaints(requirements: Iterable[Requirement], lock_text: str) -> list[str]:
    """Everything that is wrong with a lock, one sentence each; empty when it is sound."""
    hosts = re.findall(r"https?://[^\s/]+", lock_text)
    if hosts:
        return [f"it names a host, `{host}`" for host in sorted(set(hosts))]
    lock = read_lock(lock_text)
    found: list[str] = []
    asked = {canonicalize_name(requirement.name) for requirement in requirements}
    for requirement in requirements:
        name = canonicalize_name(requirement.name)
        if name not in lock:
            found.append(f"{requirement} of pyproject.toml is not in it")
        elif not requirement.specifier.contains(lock[name].version, prereleases=True):
            found.append(f"it has {name} {lock[name].version}, and pyproject.toml says {requirement}")
        elif not lock[name].direct:
            found.append(f"{name} has come to pyproject.toml since it was made")
    for locked, package in lock.items():
        if package.hashes == 0:
            found.append(f"{locked} has no hash")
        if package.direct and locked not in asked:
            found.append(f"{locked} is no longer in pyproject.toml")
        found.extend(
            f"{locked} is there for {parent}, which is not in it"
            for parent in sorted(package.via)
            if canonicalize_name(parent) not in lock
        )
    return found


def check(root: Path) -> int:
    """Says on stderr what is wrong with the lock of a working copy. Returns 0 for a sound one, else 1."""
    try:
        requirements = read_requirements((root / "pyproject.toml").read_text(encoding="utf-8"))
        found = complaints(requirements, (root / "requirements.lock").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for complaint in found:
        print(f"requirements.lock: {complaint}: run `make lock`.", file=sys.stderr)
    return 1 if found else 0


def make(arguments: Sequence[str]) -> int:
    """Makes the lock anew; arguments go to uv (such as `--upgrade`). Returns the exit code of what failed, or 0."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        binaries = Path(directory) / "bin"
        pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
        for command in (pip, [str(binaries / "uv"), *COMPILE, *arguments]):
            code = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode
            if code != 0:
                print("requirements.lock was not made: see the message above.", file=sys.stderr)
                return code
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command. Returns its exit code."""
    if arguments and arguments[0] == "--check":
        return check(Path(arguments[1]) if len(arguments) > 1 else ROOT)
    return make(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
