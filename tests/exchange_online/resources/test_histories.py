"""Whatever happened before, one run without faults ends as declared, and the next one does nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from exchange_online_emulator import Control, EmulatorProcess
from tests.exchange_online.resources.histories import Histories
from tests.exchange_online.resources.runs import Start

pytestmark = pytest.mark.provider

#: `LONG_HISTORIES=200` runs that many new histories instead of the few fixed ones of a pipeline.
_LONG = int(os.environ.get("LONG_HISTORIES", "0"))

_SETTINGS = settings(
    max_examples=_LONG or 6,
    stateful_step_count=30 if _LONG else 8,
    # Making a failing history shorter takes minutes: a pipeline only reports it.
    phases=(Phase.generate, Phase.shrink) if _LONG else (Phase.generate,),
    derandomize=not _LONG,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@pytest.mark.timeout(24 * 3600 if _LONG else 600)
def test_every_history_converges(tenant: Control, start: Start, tmp_path: Path) -> None:
    """Failing, some order of declarations, outside changes, faults and crashes loses or doubles a connector."""
    with EmulatorProcess(tmp_path) as elsewhere:

        class HistoriesHere(Histories):
            def __init__(self) -> None:
                super().__init__(tenant, start, elsewhere.control, Start(elsewhere.connection_path))

        run_state_machine_as_test(HistoriesHere, settings=_SETTINGS)
