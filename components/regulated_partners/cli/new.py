"""The subcommand `new`: a project of one's own, which needs neither make nor a clone of this one."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.engine.virtualenv import ensure_virtualenv
from regulated_partners.errors import CannotRunError

PACKAGE = "regulated-partners"
_COMMAND = f".venv/bin/{PACKAGE}"
_SET_UP = "python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt"

_IGNORED = """\
# What set-up and runs make here; none of it belongs to the project.
/.venv
/.state/
/.emulator/
/.review/
/report.html
__pycache__/
"""
_REQUIREMENTS = """\
# What the program, the policies and the emulator need. `pip freeze` or `uv pip compile` pins the rest too.
{package}[emulator]=={version}
"""
_README = """\
# {name}

Forced TLS with regulated partners in Exchange Online, one pair of connectors for each partner of `stacks/`.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt    # on a new machine
    .venv/bin/regulated-partners up                                       # the stack dev, on the emulator
    .venv/bin/regulated-partners review --stack staging                   # what a change would do to mail
    .venv/bin/regulated-partners drift --stack staging                    # what somebody changed in the tenant

Plain Pulumi works as well: `pulumi install`, `pulumi up`. A real tenant: see `stacks/Pulumi.staging.yaml`.{pipelines}
"""


class Forge(StrEnum):
    """What runs pipelines."""

    GITHUB = "github"
    GITLAB = "gitlab"
    AZURE_DEVOPS = "azure-devops"
    KUBERNETES = "kubernetes"


#: Where each looks for its pipelines.
_PLACES: Mapping[Forge, str] = {
    Forge.GITHUB: ".github/workflows",
    Forge.GITLAB: ".",
    Forge.AZURE_DEVOPS: "pipelines/azure-devops",
    Forge.KUBERNETES: "pipelines/kubernetes",
}


def new(
    directory: Annotated[Path, typer.Argument(help="Where: an empty directory, or one that is not there yet.")],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The project's name; the directory's unless given.")
    ] = None,
    pipelines: Annotated[
        list[Forge] | None, typer.Option(help="Pipelines to put into it; may be given several times.")
    ] = None,
) -> None:
    """Make a project: a program of three lines, stacks, policies, and the pipelines you ask for.

    `regulated-partners up` in it runs the example partners of its stack dev on the emulator.

    Exit codes: 0 fine; 2 usage, or could not run.
    """
    root = directory.expanduser().resolve()
    project = _project_name(root, name)
    template = _template()
    try:
        _refuse_to_overwrite(root)
        _make(root, project, template, tuple(dict.fromkeys(pipelines or ())))
    except OSError as error:
        raise CannotRunError(f"{root} could not be made: {error.strerror or error}.") from None
    sys.stdout.write(
        f"{root} is the project {project}. Next, in it: `{PACKAGE} up` runs its example partners on the emulator; then "
        "write your own into stacks/.\n"
    )


def _project_name(root: Path, name: str | None) -> str:
    """Source: Pulumi's rule for names of projects, tokens.ValidateProjectName."""
    chosen = name if name is not None else re.sub(r"[^A-Za-z0-9_.-]+", "-", root.name).strip("-")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", chosen):
        raise CannotRunError(
            f"{chosen!r} is no name for a Pulumi project: give one with --name, of at most 100 letters, digits, "
            "hyphens, underscores and dots."
        )
    return chosen


def _template() -> Path:
    """The files that a project is made of: in the installed package, or the working copy that runs here."""
    candidates = (Path(__file__).parents[1] / "template", Path(__file__).parents[3])
    for candidate in candidates:
        if (candidate / "Pulumi.yaml").is_file():
            return candidate
    raise CannotRunError(f"The installation of {PACKAGE} lacks {candidates[0]}: install it again.")


def _refuse_to_overwrite(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise CannotRunError(f"{root} is a file: name a directory that is empty, or not there yet.")
    if root.is_dir() and any(root.iterdir()):
        raise CannotRunError(
            f"{root} is not empty, and nothing in it is written over: name a directory that is empty, or not there yet."
        )


def _make(root: Path, name: str, template: Path, forges: tuple[Forge, ...]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for folder in ("stacks", "policies"):
        shutil.copytree(template / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(template / "__main__.py", root)
    described = (template / "Pulumi.yaml").read_text(encoding="utf-8")
    _write(root / "Pulumi.yaml", re.sub(r"^name: .*$", f"name: {name}", described, count=1, flags=re.MULTILINE))
    for stack in (root / "stacks").glob("Pulumi.*.yaml"):
        text = stack.read_text(encoding="utf-8").replace("`make up`", f"`{PACKAGE} up`")
        _write(stack, text.replace('README, "A real tenant"', f"docs/real-tenant.md of {PACKAGE}"))
    _write(root / ".gitignore", _IGNORED)
    version = importlib.metadata.version(PACKAGE)
    _write(root / "requirements.txt", _REQUIREMENTS.format(package=PACKAGE, version=version))
    placed = "".join(f"\nPipelines for {forge.value}: `{_PLACES[forge]}`." for forge in forges)
    _write(root / "README.md", _README.format(name=name, pipelines=f"\n{placed}" if placed else ""))
    for forge in forges:
        source = template / "pipelines" / forge.value
        for file in filter(Path.is_file, source.rglob("*")):
            place = Path(_PLACES[forge], file.relative_to(source))
            _write(root / place.with_name(place.name.replace("make.yml", "command.yml")), _without_make(file))
    ensure_virtualenv(root)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _without_make(file: Path) -> str:
    """A pipeline of the working copy, where make sets up and runs, for a project that has the command alone."""
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"\bmake (review|up|drift)\b(.*)", lambda found: f"{_COMMAND} {_arguments(found)}", text)
    # GitHub: a step of its own, once in each job.
    step = re.compile(r"(?=^ +- name: .*\n +run: \.venv/)", re.MULTILINE)
    jobs = re.split(r"(?<=    steps:\n)", text)
    text = "".join(step.sub(f"      - name: Set up\n        run: {_SET_UP}\n", job, count=1) for job in jobs)
    # GitLab: before each script.
    text = text.replace("    - unset ENTRA_ID_TOKEN\n", f"    - unset ENTRA_ID_TOKEN\n    - {_SET_UP}\n")
    text = text.replace(
        "[components/regulated_partners/engine/install/go.mod, requirements.lock]", "[requirements.txt]"
    )
    text = text.replace("newer, make and git", "newer, and git")
    # Azure: the template that runs everything.
    text = re.sub(r"\btargets: (review|up|drift)\b(.*)", lambda found: f"command: {_arguments(found)}", text)
    text = re.sub(
        r"^( +)make \$\{\{ parameters\.targets",
        rf"\1{_SET_UP}\n\1{_COMMAND} ${{{{ parameters.command",
        text,
        flags=re.M,
    )
    text = text.replace("make ${{ parameters.targets", f"{PACKAGE} ${{{{ parameters.command")
    text = text.replace("name: targets", "name: command").replace("template: make.yml", "template: command.yml")
    text = text.replace("Runs make,", f"Runs {PACKAGE},")
    return text.replace("docs/environments.md", f"docs/environments.md of {PACKAGE}")


def _arguments(found: re.Match[str]) -> str:
    """The arguments of the command for a target of make and its variables."""
    target, variables = found.groups()
    given = dict(re.findall(r'(\w+)=("[^"]*"|\$\{\{.*?\}\}|\S+)', variables))
    stack, plan = given.get("STACK", '"$STACK"'), given.get("PLAN", '"$PLAN"')
    own = {"review": "--fail-on weakens", "up": f"--plan {plan}"}.get(target)
    return " ".join(filter(None, [target, f"--stack {stack}", own, given.get("ARGS")]))
