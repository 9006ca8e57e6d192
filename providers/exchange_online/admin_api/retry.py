"""When a failed call is sent again, and how long to wait before: as Microsoft's own module does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from exchange_online.admin_api.errors import AdminApiError, OutcomeUnknown, Repeat

if TYPE_CHECKING:
    from tenacity import RetryCallState

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Effect(Enum):
    """What sending a call twice does."""

    READ = "read"
    """Nothing changes. Repeated after everything that passes; listings are followed to their end."""
    IDEMPOTENT = "idempotent"
    """Set and Remove: the second time changes nothing more. A repeated Remove can end in NotFound."""
    CREATE = "create"
    """New: repeated only when the service surely did nothing; else OutcomeUnknown."""

    def may_repeat(self, repeat: Repeat) -> bool:
        """Whether a call of this effect may be sent again after a failure of that kind."""
        return repeat.value >= _NEEDED[self].value


_NEEDED = {Effect.READ: Repeat.READ, Effect.IDEMPOTENT: Repeat.IDEMPOTENT, Effect.CREATE: Repeat.ANY}


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long.

    tries: calls in all. first_wait: seconds before the second; doubles each time.
    longest_wait: the longest wait that the service may ask for, in seconds. When it asks for more the call fails and
    says so: trying earlier than asked prolongs the throttling, and a pipeline that sleeps an hour helps nobody.
    sleep: waits that many seconds.
    Source: exchange-wire 8.3 (6 tries, 2 s doubling, `Retry-After` in decimals; the 300 s are one client's practice).
    """

    tries: int = 6
    first_wait: float = 2.0
    longest_wait: float = 300.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, effect: Effect, call: Callable[[], Result]) -> Result:
        """The result of `call`, sent again as its effect allows.

        Raises the last AdminApiError; for a create whose outcome is open, OutcomeUnknown.
        """
        from tenacity import Retrying, retry_if_exception, stop_after_attempt

        def wait(state: RetryCallState) -> float:
            return self._wait(_failed(state), state.attempt_number)

        def log(state: RetryCallState) -> None:
            error, seconds = _failed(state), state.next_action.sleep if state.next_action else 0.0
            _log.info("try %d of %d failed, next in %.1f s: %s", state.attempt_number, self.tries, seconds, error)

        retrying = Retrying(
            stop=stop_after_attempt(self.tries),
            retry=retry_if_exception(lambda error: self._again(effect, error)),
            wait=wait,
            sleep=self.sleep,
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
