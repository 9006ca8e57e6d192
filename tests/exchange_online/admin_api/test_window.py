"""The window of calls to one tenant: how wide it is, who goes next, and what ends what waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_online.admin_api import Cancelled, Failure, Throttled
from exchange_online.admin_api.window import Place, Turn, Window, side_by_side
from exchange_online.connectors import SECRET_PROPERTIES, Direction, keeping_secret, redacted

#: Nothing here takes longer, unless it hangs.
_HANGS_AFTER = 20.0


def throttle(turn: Turn) -> None:
    """A try that the service throttles."""
    with pytest.raises(Throttled), turn.place():
        raise Throttled(Failure(turn.where, "the service asks for fewer requests"))


def answer(window: Window, places: list[Place]) -> None:
    """The service answers them."""
    for place in places:
        place.answered = True
        window.leave(place, throttled=False)


def fill(window: Window) -> list[Place]:
    """As many calls on their way as there may be."""
    return [window.enter(window.turn(f"call {number}")) for number in range(window.width)]


def soon(condition: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    ends = time.monotonic() + _HANGS_AFTER
    while not condition():
        assert time.monotonic() < ends, "it does not happen"
        time.sleep(0.001)


def test_it_begins_at_four_and_grows_by_one_after_each_round() -> None:
    """Failing, a large change would go as slowly as a careful client's, or run into the tenant's limit at once."""
    window, widths = Window(), []
    for _ in range(9):
        widths.append(window.width)
        answer(window, fill(window))
    assert widths == [4, 5, 6, 7, 8, 9, 10, 10, 10]


def test_a_window_that_was_never_full_proves_nothing() -> None:
    """Failing, a run that reads one thing after the other would begin its writes with ten at once."""
    window = Window()
    for _ in range(40):
        answer(window, fill(window)[:1]) if window.width == 1 else answer(window, [window.enter(window.turn("one"))])
    assert window.width == 4


@pytest.mark.parametrize(("bound", "first"), [(1, 1), (3, 3), (6, 4)])
def test_it_never_passes_its_bound(bound: int, first: int) -> None:
    """Failing, an administrator who asks for one call after the other would not get it."""
    window = Window()
    window.limit(bound)
    window.limit(bound + 3)
    assert window.width == first
    for _ in range(10):
        answer(window, fill(window))
    assert window.width == bound


def test_a_burst_halves_it_once() -> None:
    """Failing, four answers that say the same would bring the run down to one call at a time."""
    window = Window()
    burst = fill(window)
    for place in burst:
        window.leave(place, throttled=True)
    assert window.width == 2
    for place in fill(window):
        window.leave(place, throttled=True)
    assert window.width == 1
    throttle(window.turn("the last"))
    assert window.width == 1


def test_what_was_sent_before_it_shrank_does_not_widen_it() -> None:
    """Failing, the answers of a crowd would widen the window again that its last call has narrowed."""
    window = Window()
    crowd = fill(window)
    window.leave(crowd.pop(), throttled=True)
    answer(window, crowd)
    assert window.width == 2
    answer(window, fill(window))
    assert window.width == 3


def test_first_come_first_served() -> None:
    """Failing, a connector could wait to the end of a run although it was asked for first."""
    window, order = Window(bound=1), []

    def call(turn: Turn) -> None:
        with turn.place():
            order.append(turn.number)

    (held,) = fill(window)
    turns = [window.turn(f"call {number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for count, turn in enumerate(reversed(turns), 1):
            pool.submit(call, turn)
            soon(lambda count=count: window.waiting == count)  # type: ignore[misc]
        window.leave(held, throttled=False)
    assert order == [turn.number for turn in turns]


def test_a_write_waits_for_its_object_and_holds_up_nobody_else() -> None:
    """Failing, two writes on one connector would meet, or one slow connector would stop all others."""
    window = Window()
    first = window.enter(window.turn("rename", frozenset({"guid-1", "old name", "new name"})))
    with ThreadPoolExecutor(2) as pool:
        waits = pool.submit(window.enter, window.turn("create", frozenset({"new name"})))
        soon(lambda: window.waiting == 1)
        # It wants what the one that waits wants too, so it comes after that.
        behind = pool.submit(window.enter, window.turn("set", frozenset({"new name", "guid-2"})))
        soon(lambda: window.waiting == 2)
        other = window.enter(window.turn("another", frozenset({"guid-3"})))
        read = window.enter(window.turn("a read"))
        assert not waits.done()
        window.leave(first, throttled=False)
        second = waits.result(_HANGS_AFTER)
        assert not behind.done()
        window.leave(second, throttled=False)
        window.leave(behind.result(_HANGS_AFTER), throttled=False)
    for place in (other, read):
        window.leave(place, throttled=False)


def test_a_failed_call_leaves_its_place_and_its_object() -> None:
    """Failing, one broken connection would stop the run for ever."""
    window = Window(bound=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), window.turn("call", frozenset({"guid"})).place():
            raise ZeroDivisionError
    assert window.width == 1
    assert window.waiting == 0


def test_the_whole_tenant_waits_after_a_throttling() -> None:
    """Failing, other calls would go on knocking while the service asks for patience, and prolong it."""
    window, began, may_end = Window(), threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        assert seconds == 7
        began.set()
        assert may_end.wait(_HANGS_AFTER)

    throttled = window.turn("throttled")
    throttle(throttled)
    with ThreadPoolExecutor(2) as pool:
        resting = pool.submit(throttled.rest, 7, sleep)
        assert began.wait(_HANGS_AFTER)
        other = pool.submit(window.enter, window.turn("other"))
        soon(lambda: window.waiting == 1)
        assert not other.done()
        may_end.set()
        resting.result(_HANGS_AFTER)
        window.leave(other.result(_HANGS_AFTER), throttled=False)


def test_other_failures_hold_up_only_their_own_call() -> None:
    """Failing, one 503 would stop the whole run for its wait."""
    window = Window()
    turn = window.turn("unlucky")
    with turn.place():
        pass
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        window.leave(window.enter(window.turn("meanwhile")), throttled=False)

    turn.rest(2, sleep)
    assert slept == [2]


def test_who_was_throttled_three_times_in_company_goes_alone() -> None:
    """Failing, a call could be the one too many again and again, and a run never end."""
    window = Window()
    unlucky = window.turn("unlucky", frozenset({"guid"}))
    for _ in range(3):
        if window.width == 1:
            answer(window, fill(window))
        company = window.enter(window.turn("company"))
        throttle(unlucky)
        window.leave(company, throttled=False)
    assert unlucky.alone
    with ThreadPoolExecutor(2) as pool:
        on_way = window.enter(window.turn("on its way"))
        alone = pool.submit(window.enter, unlucky)
        soon(lambda: window.waiting == 1)
        later = pool.submit(window.enter, window.turn("later"))
        soon(lambda: window.waiting == 2)
        window.leave(on_way, throttled=False)
        place = alone.result(_HANGS_AFTER)
        assert not place.in_company
        assert not later.done()
        window.leave(place, throttled=False)
        window.leave(later.result(_HANGS_AFTER), throttled=False)


def test_a_closed_window_refuses_what_waits_and_what_comes_and_finishes_what_is_on_its_way() -> None:
    """Failing, a cancelled run would go on writing, or hang until somebody kills it."""
    window = Window(bound=1)
    (on_way,) = fill(window)
    with ThreadPoolExecutor(3) as pool:
        waiting = [
            pool.submit(window.enter, window.turn(f"New-InboundConnector '{name}'", frozenset(name))) for name in "abc"
        ]
        soon(lambda: window.waiting == 3)
        window.close()
        for each, name in zip(waiting, "abc", strict=True):
            with pytest.raises(
                Cancelled, match=rf"'{name}': the run was cancelled before this was sent\. Run it again"
            ):
                each.result(_HANGS_AFTER)
    with pytest.raises(Cancelled):
        window.enter(window.turn("late", frozenset("d")))
    answer(window, [on_way])
    # What was written is read back.
    answer(window, [window.enter(window.turn("Get-InboundConnector"))])
    window.close()


def test_a_call_that_was_sent_before_is_not_called_unsent() -> None:
    """Failing, the message would say that nothing was sent, where only the next try was not."""
    window = Window()
    turn = window.turn("Set-InboundConnector", frozenset("a"))
    with turn.place():
        pass
    window.close()
    with pytest.raises(Cancelled, match="cancelled before this was sent again"), turn.place():
        raise AssertionError


class _Crowded:
    """A service that serves so many calls at a time, and looks who comes.

    Attributes:
        most: how many came together at the most.
        met: writes on one object that met.
    """

    def __init__(self, limit: int, window: Window) -> None:
        self._limit, self._window = limit, window
        self._lock = threading.Lock()
        self._here: list[frozenset[str]] = []
        self.most = 0
        self.met: list[frozenset[str]] = []

    def serve(self, turn: Turn) -> None:
        with turn.place() as place:
            with self._lock:
                self.met += [turn.objects & other for other in self._here if turn.objects & other]
                refused = len(self._here) >= self._limit
                self._here.append(turn.objects)
                self.most = max(self.most, len(self._here))
            try:
                if refused:
                    raise Throttled(Failure(turn.where, "too many"))
                time.sleep(0.0005)
                place.answered = True
            finally:
                with self._lock:
                    self._here.remove(turn.objects)

    def until_served(self, turn: Turn) -> int:
        """How often it was throttled, alone."""
        alone = 0
        while True:
            try:
                self.serve(turn)
            except Throttled:
                alone += not turn.in_company
            else:
                return alone


@settings(max_examples=30, deadline=None)
@given(
    writes=st.lists(st.frozensets(st.sampled_from("abcdef"), max_size=3), min_size=1, max_size=30),
    limit=st.integers(1, 12),
    bound=st.integers(1, 10),
    callers=st.integers(1, 12),
)
def test_any_calls_to_any_service(writes: list[frozenset[str]], limit: int, bound: int, callers: int) -> None:
    """Failing, some mix of calls would hang, meet on one object, pass the bound, or fail of its own crowd."""
    window = Window(bound=bound)
    service = _Crowded(limit, window)
    with ThreadPoolExecutor(callers) as pool:
        done = [pool.submit(service.until_served, window.turn("call", objects)) for objects in writes]
        # A service that serves one at a time never throttles one that is alone: no try is ever used up.
        assert sum(each.result(_HANGS_AFTER) for each in done) == 0
    assert service.most <= min(bound, callers)
    assert service.met == []
    assert 1 <= window.width <= bound
    assert window.waiting == 0


def test_questions_side_by_side_are_answered_in_their_order() -> None:
    """Failing means that a run waits for one reading after another, or takes the one's answer for the other's."""
    together = threading.Barrier(3, timeout=10)

    def ask(answer: str) -> str:
        together.wait()
        return answer

    assert side_by_side(partial(ask, "a"), partial(ask, "b"), partial(ask, "c")) == ("a", "b", "c")
    assert side_by_side(lambda: "alone") == ("alone",)


def test_of_questions_side_by_side_the_first_that_failed_is_told() -> None:
    """Failing means that what nobody could read counts as read, or a run ends while one is still being asked."""
    ended: list[str] = []

    def refuse(text: str, after: float) -> str:
        time.sleep(after)
        ended.append(text)
        raise ValueError(text)

    with pytest.raises(ValueError, match="one"):
        side_by_side(lambda: "fine", partial(refuse, "one", 0.05), partial(refuse, "two", 0))
    with pytest.raises(ValueError, match="own"):
        side_by_side(partial(refuse, "own", 0), partial(refuse, "slow", 0.05))
    assert sorted(ended) == ["one", "own", "slow", "two"]


def test_what_is_secret_stays_so_side_by_side() -> None:
    """Failing means that a sentence about a secret name shows it, because another thread asked."""
    secret = {"name": "Fabrikam Bank", SECRET_PROPERTIES: ["name"]}
    with keeping_secret(Direction.INBOUND, secret):
        assert "Fabrikam Bank" not in side_by_side(lambda: "", lambda: redacted("the name is Fabrikam Bank"))[1]
