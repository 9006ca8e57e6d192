"""One way in for every value: nothing is judged again by the next one who needs it, and nothing loads Pulumi early."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import regulated_partners
from exchange_online.connectors import check

ROOT = Path(__file__).parents[3]


class Mocks(pulumi.runtime.Mocks):
    """Resources that are there at once."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(args.token)


def test_each_half_is_judged_once_in_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: a partner goes in by several doors again, and two of them may disagree about its connectors."""
    stack = yaml.safe_load((ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8"))
    config = {name: value if isinstance(value, str) else json.dumps(value) for name, value in stack["config"].items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))
    judged: Counter[str] = Counter()

    def counting(direction: Any, declared: dict[str, Any], *rest: Any) -> Any:
        judged[declared["name"]] += 1
        return check(direction, declared, *rest)

    monkeypatch.setattr("regulated_partners.partners.pair.check", counting)
    pulumi.runtime.set_mocks(Mocks(), project="regulated-partners", stack="dev", preview=False)

    regulated_partners.run()

    names = [partner["name"] for partner in stack["config"]["regulated-partners:partners"]]
    assert len(names) == 4
    assert judged == {f"{name} - {word}": 1 for name in names for word in ("inbound", "outbound")}


@pytest.mark.parametrize("module", ["regulated_partners.partners", "regulated_partners.partners.schema"])
def test_reading_a_stack_loads_no_pulumi(module: str) -> None:
    """Failing: a command that only reads a stack file takes a second longer to start, and needs Pulumi."""
    shown = f"import {module}, sys; print(sorted({{'pulumi', 'grpc', 'requests', 'msal'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_public_names_are_there() -> None:
    """Failing: what the documentation imports cannot be imported."""
    for name in regulated_partners.__all__:
        assert getattr(regulated_partners, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Regulated'"):
        regulated_partners.Regulated  # noqa: B018
