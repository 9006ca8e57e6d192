"""Who may wait less than the service asks for: tests on the emulator, and nobody else."""

from __future__ import annotations

import threading
import time

import pytest

from exchange_online.admin_api import CLOUDS, TIME_SCALE, Cancelled, Cloud, Misconfigured, pace

_LOCAL = Cloud("local", "https://127.0.0.1:1", "x/.default", "https://127.0.0.1:1")


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=CLOUDS.keys())
@pytest.mark.parametrize("text", ["0", "0.001", "nonsense"])
def test_a_real_cloud_is_never_hurried(cloud: Cloud, text: str) -> None:
    """Failing, a variable left behind by a test would make a production run hammer a service that asks for patience."""
    assert pace(cloud, {TIME_SCALE: text}).scale == 1


@pytest.mark.parametrize("environ", [{}, {TIME_SCALE: ""}, {TIME_SCALE: "  "}])
def test_the_emulator_is_waited_for_as_usual(environ: dict[str, str]) -> None:
    """Failing, the example stack would behave unlike a real one."""
    assert pace(_LOCAL, environ).scale == 1


def test_tests_wait_a_fraction() -> None:
    """Failing, the tests of the provider process would take hours."""
    started = time.monotonic()
    pace(_LOCAL, {TIME_SCALE: "0.001"})(30)
    assert 0.02 <= time.monotonic() - started < 5


def test_a_cancelled_run_waits_no_longer() -> None:
    """Failing, Ctrl-C would take effect when the service's Retry-After is over, minutes later."""
    sleep = pace(_LOCAL, {})
    threading.Timer(0.05, sleep.end).start()
    started = time.monotonic()
    with pytest.raises(Cancelled, match="Waiting for the service: the run was cancelled"):
        sleep(60)
    with pytest.raises(Cancelled):
        sleep(60)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("text", ["-1", "1.5", "nan", "fast"])
def test_a_senseless_scale_is_refused_in_words(text: str) -> None:
    """Failing, a typing mistake would end in a traceback, or in endless waits."""
    with pytest.raises(Misconfigured, match="is not a number from 0 to 1"):
        pace(_LOCAL, {TIME_SCALE: text})
