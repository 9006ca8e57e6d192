"""A pytest plugin (`-p tools.ci.marks`) that writes each test's project marks into the JUnit report."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

MARKS = ("engine", "provider")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Adds a property `mark` to every test that has one of `MARKS`."""
    for item in items:
        item.user_properties.extend(("mark", mark) for mark in MARKS if item.get_closest_marker(mark))
