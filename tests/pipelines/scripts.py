"""The scripts in the pipelines, as a runner would run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.engine import ROOT

PIPELINES = ROOT / "pipelines"


def github(file: str, job: str, stack: str) -> list[str]:
    """The scripts of a GitHub job, in order, with its variables set, for a stack."""
    described = _yaml(PIPELINES / "github" / file)["jobs"][job]
    variables = {name: _filled(value, stack) for name, value in described["env"].items()}
    exports = "".join(f"export {name}='{value}'\n" for name, value in variables.items() if value is not None)
    return [exports + step["run"] for step in described["steps"] if "run" in step]


def gitlab(job: str, stack: str) -> list[str]:
    """The scripts of a GitLab job, for a stack; those of the job that it extends where it has none."""
    jobs = _yaml(PIPELINES / "gitlab" / ".gitlab-ci.yml")
    described = jobs[job]
    script = described.get("script") or jobs[described["extends"]]["script"]
    return [f"export STACK={stack}\n{line}" for line in script]


def azure(file: str, stack: str) -> list[str]:
    """What an Azure template has make do, for a stack."""
    found = re.findall(r"^ *targets: (.*)$", (PIPELINES / "azure-devops" / file).read_text(encoding="utf-8"), re.M)
    values = {"parameters.stack": stack, "parameters.arguments": "--publish"}
    return ["make " + re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], targets) for targets in found]


def _filled(value: str, stack: str) -> str | None:
    """A value with the stack put in; None where it is a variable of the repository, which a test has none of."""
    text = re.sub(r"\$\{\{ (?:matrix|inputs)\.stack \}\}", stack, value)
    return None if "${{" in text else text


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
