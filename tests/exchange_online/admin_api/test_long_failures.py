"""What failed after long tries counts for a while, and no longer."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from exchange_online.admin_api import AdminApiError, Cancelled, Failure, Unavailable
from exchange_online.admin_api.waiting import LongFailure


@dataclass
class _Asked:
    """A question that takes some seconds, and what becomes of it."""

    now: float = 100.0
    asked: int = 0
    failure: LongFailure = field(init=False)

    def __post_init__(self) -> None:
        self.failure = LongFailure(clock=lambda: self.now)

    def ask(self, seconds: float, error: AdminApiError | None) -> None:
        with self.failure.shared():
            self.asked += 1
            self.now += seconds
            if error is not None:
                raise error


_AWAY = Unavailable(Failure(where="Signing in", what="the service is away"))


def test_who_asks_soon_after_a_long_failure_is_told_the_same() -> None:
    """Failing, sixty connectors wait a minute each for a service that is away."""
    question = _Asked()
    with pytest.raises(Unavailable):
        question.ask(LongFailure.LONG, _AWAY)
    for _ in range(3):
        question.now += LongFailure.COUNTS / 4
        with pytest.raises(Unavailable, match="the service is away") as told:
            question.ask(0, None)
        # One that several threads raise would gather the tracebacks of all.
        assert told.value is not _AWAY
    assert question.asked == 1


def test_afterwards_it_is_asked_again() -> None:
    """Failing, a process that lives long never notices that the service is back."""
    question = _Asked()
    with pytest.raises(Unavailable):
        question.ask(LongFailure.LONG, _AWAY)
    question.now += LongFailure.COUNTS
    question.ask(0, None)
    question.ask(0, None)
    assert question.asked == 3


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        pytest.param(LongFailure.LONG - 0.1, _AWAY, id="quick"),
        pytest.param(LongFailure.LONG, Cancelled(Failure(where="Waiting", what="cancelled")), id="cancelled"),
    ],
)
def test_what_is_no_long_failure_counts_for_nobody_else(seconds: float, error: AdminApiError) -> None:
    """Failing, what somebody has just put right is refused for another minute, or a cancelled run is an outage."""
    question = _Asked()
    with pytest.raises(type(error)):
        question.ask(seconds, error)
    question.ask(0, None)
    assert question.asked == 2
