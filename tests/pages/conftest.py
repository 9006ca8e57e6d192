"""A browser for the tests of this folder, and the folder that its pictures go to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.browser import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all of them: it is closed before other tests run, which may want this thread's event loop."""
    with Browser.started(Path(__file__).parents[2] / ".pages") as found:
        yield found
