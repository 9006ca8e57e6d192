"""Records the plans anew: `python -m tests.regulated_partners.review.record [NAME…]`.

Each is what the real Pulumi engine wrote for a pull request against the emulator. Taken out are only what belongs to
the machine: stack traces, source positions, and the provider's environment.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exchange_online_emulator import EmulatorProcess
from tests.regulated_partners.review.scenarios import BASE, SCENARIOS, Scenario
from tests.support.engine import Project

PLANS = Path(__file__).parent / "plans"

_OF_THE_MACHINE = {"stackTrace", "sourcePosition", "propertyDependencies", "duration"}


def main(names: Sequence[str]) -> int:
    """Records the named scenarios, all of them by default."""
    PLANS.mkdir(exist_ok=True)
    chosen = {name: SCENARIOS[name] for name in names or SCENARIOS}
    with EmulatorProcess() as emulator, tempfile.TemporaryDirectory(prefix="plans-") as temporary:
        project = Project(Path(temporary), emulator)
        project.configure(**BASE)
        project.up().succeeded()
        for name, scenario in chosen.items():
            project.configure(**scenario.settings())
            if scenario.behind:
                scenario.behind(emulator.control)
            _record(project, name, scenario)
            if scenario.behind:
                project.configure(**BASE)
                project.up().succeeded()
            sys.stderr.write(f"{name}\n")
    return 0


def _record(project: Project, name: str, scenario: Scenario) -> None:
    plan = project.directory / "plan.json"
    saving = ("--save-plan", str(plan)) if scenario.saved else ()
    answer = project.pulumi("preview", "--json", *scenario.flags, *saving)
    if bool(answer.returncode) is not scenario.fails:
        raise SystemExit(f"{name}: exit code {answer.returncode}\n{answer.stdout}\n{answer.stderr}")
    _write(f"{name}.json", json.loads(answer.stdout))
    if scenario.saved:
        _write(f"{name}.plan.json", json.loads(plan.read_text(encoding="utf-8")))
        _write(f"{name}.state.json", json.loads(project.pulumi("stack", "export").stdout))


def _write(name: str, content: Any) -> None:
    (PLANS / name).write_text(_lines(_scrubbed(content), depth=0) + "\n", encoding="utf-8")


def _lines(value: Any, depth: int) -> str:
    """A step, or a resource, to a line: so a difference shows which one it is in."""
    if isinstance(value, dict) and value and depth < 3:
        inner = ",\n".join(f"{json.dumps(key)}: {_lines(item, depth + 1)}" for key, item in value.items())
        return f"{{\n{inner}\n}}"
    if isinstance(value, list) and value and depth < 3:
        return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _scrubbed(item) for key, item in value.items() if key not in _OF_THE_MACHINE}
    return [_scrubbed(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
