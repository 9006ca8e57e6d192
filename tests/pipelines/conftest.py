"""A working copy for each test, and a service that hosts pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.forge import Forge
from tests.pipelines.working_copy import WorkingCopy


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[WorkingCopy]:
    """A working copy that nobody has used; its emulator ends with the test."""
    copy = WorkingCopy(tmp_path)
    yield copy
    copy.stop()


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """GitHub, GitLab and Azure DevOps in one, as far as comments and issues go, over real HTTPS on loopback."""
    with Forge(tmp_path) as running:
        yield running
