"""What all tests share: how many examples hypothesis makes, and that a pipeline sees the same ones every time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("dev", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--live`: the tests of tests/live on a real tenant; see tests/live/test_behaviour.py."""
    parser.addoption("--live", action="store_true", help="run tests/live on a real tenant instead of the emulator")
