"""How this process waits for the service: how long, and how often again.

A failed call is sent again as Microsoft's own module does it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.errors import AdminApiError, Cancelled, Failure, Misconfigured, OutcomeUnknown, Repeat

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = TypeVar("Result")

_log = logging.getLogger(__name__)

#: Factor from 0 to 1 by which all waits shrink. Counts for the cloud `local` only: a real service is never hurried.
TIME_SCALE = "EXCHANGE_ONLINE_TIME_SCALE"


class Effect(Enum):
    """What sending a call twice does. The value is what a failure must allow before the call is sent again.

    Attributes:
        READ: nothing changes. Repeated after everything that passes; listings are followed to their end.
        IDEMPOTENT: Set and Remove: the second time changes nothing more. A repeated Remove can end in NotFound.
        CREATE: New: repeated only when the service surely did nothing; else OutcomeUnknown.
    """

    READ = Repeat.READ
    IDEMPOTENT = Repeat.IDEMPOTENT
    CREATE = Repeat.ANY

    def may_repeat(self, repeat: Repeat) -> bool:
        """Whether a call of this effect may be sent again after a failure of that kind."""
        needed: Repeat = self.value
        return repeat.value >= needed.value


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a server.

    The service itself gives up on a cmdlet after 900 s and its own module waits 960 s; connector cmdlets take about a
    second, and other clients wait 20 to 100 s (exchange-wire 8.2).

    Attributes:
        connect: for the connection.
        read: for the answer, or between two pieces of it.
    """

    connect: float = 10.0
    read: float = 120.0


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long.

    Source: exchange-wire 8.3 (6 tries, 2 s doubling, `Retry-After` in decimals; the 300 s are one client's practice).

    Attributes:
        tries: calls in all.
        first_wait: seconds before the second; doubles each time.
        longest_wait: the longest wait that the service may ask for, in seconds. When it asks for more the call fails
            and says so: trying earlier than asked prolongs the throttling, and a pipeline that sleeps an hour helps
            nobody.
        sleep: waits that many seconds.
    """

    tries: int = 6
    first_wait: float = 2.0
    longest_wait: float = 300.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, effect: Effect, call: Callable[[], Result], sleep: Callable[[float], None] | None = None) -> Result:
        """The result of `call`, sent again as its effect allows.

        Args:
            sleep: instead of the policy's own, where others wait with the call.

        Raises:
            AdminApiError: the last one; for a create whose outcome is open, OutcomeUnknown.
        """
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        def log(state: RetryCallState) -> None:
            error, seconds = _failed(state), state.next_action.sleep if state.next_action else 0.0
            _log.info("try %d of %d failed, next in %.1f s: %s", state.attempt_number, self.tries, seconds, error)

        retrying = Retrying(
            stop=stop_after_attempt(self.tries),
            retry=retry_if_exception(lambda error: self._again(effect, error)),
            wait=lambda state: self._wait(_failed(state), state.attempt_number),
            sleep=sleep or self.sleep,
            before_sleep=log,
            reraise=True,
        )
        try:
            return retrying(call)
        except AdminApiError as error:
            tries = int(retrying.statistics.get("attempt_number", 1))
            final = self._final(effect, error, tries)
        raise final from None

    def _again(self, effect: Effect, error: BaseException) -> bool:
        if not isinstance(error, AdminApiError) or not effect.may_repeat(error.failure.repeat):
            return False
        return (error.failure.retry_after or 0.0) <= self.longest_wait

    def _wait(self, error: AdminApiError, attempt: int) -> float:
        asked = error.failure.retry_after
        return asked if asked is not None else self.first_wait * 2.0 ** (attempt - 1)

    def _final(self, effect: Effect, error: AdminApiError, tries: int) -> AdminApiError:
        """The error as the caller gets it. It has been retried as far as it may be: nobody above retries it again."""
        failure = replace(error.failure, repeat=Repeat.NEVER)
        if tries > 1:
            failure = replace(failure, what=f"{failure.what} (tried {tries} times)")
        if effect is Effect.CREATE and not failure.outcome_known:
            what = f"{failure.what}; whether the object was created is unknown"
            return OutcomeUnknown(replace(failure, what=what, advice=OutcomeUnknown.usual_advice))
        asked = failure.retry_after or 0.0
        if effect.may_repeat(error.failure.repeat) and asked > self.longest_wait:
            advice = (
                f"It asks to wait {asked:.0f} seconds, longer than a run waits ({self.longest_wait:.0f}): "
                "run it again after that."
            )
            failure = replace(failure, advice=advice)
        return type(error)(failure)


def _failed(state: RetryCallState) -> AdminApiError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, AdminApiError):
        raise TypeError("only an AdminApiError is retried")
    return error


class LongFailure:
    """What all have to wait for, and what took long to fail: whoever asks again soon is told the same at once.

    Each would else try for as long again, one after another: a run of sixty connectors would end an hour after the
    service went away. Not thread-safe: it stands under the lock of what is asked for.

    Args:
        clock: seconds that only grow; tests replace it.
    """

    #: Seconds that a failure took to be one of these, and for which it counts then.
    LONG, COUNTS = 5.0, 60.0

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._error: AdminApiError | None = None
        self._until = 0.0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Around the question. Raises the latest failure without asking where that counts still."""
        begun = self._clock()
        if self._error is not None and begun < self._until:
            raise type(self._error)(self._error.failure)
        try:
            yield
        except Cancelled:
            raise
        except AdminApiError as error:
            if (ended := self._clock()) - begun >= self.LONG:
                self._error, self._until = error, ended + self.COUNTS
            raise
        self._error = None


class Pace:
    """Sleeps for a number of seconds, or for a fraction of it, unless somebody ends it.

    Attributes:
        scale: the factor of all sleeps.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._ended = threading.Event()

    def __call__(self, seconds: float) -> None:
        """Sleeps. Raises Cancelled once it was ended, but where there is nothing to wait for."""
        if seconds and self._ended.wait(seconds * self.scale):
            raise Cancelled(Failure(where="Waiting for the service", what="the run was cancelled"))

    def end(self) -> None:
        """Ends all sleeps, those to come too: for a run that was cancelled, which writes nothing further."""
        self._ended.set()


def pace(cloud: Cloud, environ: Mapping[str, str]) -> Pace:
    """What sleeps for a number of seconds, or in tests on the emulator for a fraction of it.

    Args:
        cloud: the stack's; only `local` heeds the variable `TIME_SCALE`.

    Raises:
        Misconfigured: where the variable is no number from 0 to 1.
    """
    text = environ.get(TIME_SCALE, "").strip()
    if not cloud.is_local or not text:
        return Pace()
    try:
        scale = float(text)
    except ValueError:
        scale = -1.0
    if 0.0 <= scale <= 1.0:
        return Pace(scale)
    what = f"{text!r} is not a number from 0 to 1"
    advice = "Unset it; it only shortens the waits of tests on the emulator."
    raise Misconfigured(Failure(where=f"Reading {TIME_SCALE}", what=what, advice=advice))
