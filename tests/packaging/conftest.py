"""The wheel and the environment that has it, once for all tests of a worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.installed import Environment, build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working copy."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    home = folder / "pulumi-home"
    environment = Environment(folder / "env", {"PULUMI_HOME": str(home), "EXCHANGE_ONLINE_TIME_SCALE": "0.01"})
    environment.make(wheel)
    return environment
