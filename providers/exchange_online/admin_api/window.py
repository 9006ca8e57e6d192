"""How many calls of this process are on their way to one tenant: a window that follows how the service answers.

The limit of the service is not published; it is known only by its answer, 429 or "You have reached the maximum number
of concurrent requests per tenant". So the window is found as TCP finds its own (RFC 5681, congestion avoidance):

- it begins at 4, or at the bound where that is lower, and never passes the bound (10 at the most);
- a round is as many answers as the window is wide, of calls that were sent since it last shrank and while it was full;
  after a round it is one wider. Any answer below HTTP 500 counts that is no throttling: the call was served;
- an answer that throttles halves it, once for all the calls that were on their way together: those sent before it
  shrank say nothing new;
- no two writes on one object are on their way together, whatever the window.

Who comes first goes first, also when it comes again after having been throttled. What waits for an object holds up
nobody who does not want it.
"""

from __future__ import annotations

import bisect
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar, overload

from exchange_online.admin_api.errors import Cancelled, Failure, Throttled
from exchange_online.names import MOST_CALLS

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")
_First = TypeVar("_First")
_Second = TypeVar("_Second")

#: Calls at a time to begin with. Source: none is published; assumed, as the highest is, and corrected by the answers.
FIRST = 4

#: A call that was throttled so often in company goes alone: then its answer is about nobody else.
_OFTEN = 3


@dataclass(eq=False)
class Turn:
    """One call at the window, from its first try to its last; its number is its place in the queue.

    Attributes:
        where: for the text of an error.
        objects: what it writes, by names and Guids in one case; empty for a read.
        alone: whether nothing else may be on its way with it.
        in_company: whether others were on their way with the last try.
        throttled: whether the last try was throttled.
    """

    window: Window
    number: int
    where: str
    objects: frozenset[str]
    alone: bool = False
    in_company: bool = False
    throttled: bool = False
    _throttled_in_company: int = 0
    _tries: int = 0
    #: How many lonely calls had been throttled when it came.
    _before: int = 0

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place on the way for one try, which ends with the block. Waits for it.

        A `Throttled` that leaves the block narrows the window.

        Raises:
            Cancelled: for a write where the window was closed. Nothing was sent.
        """
        place = self.window.enter(self)
        try:
            self._tries += 1
            self.throttled = False
            yield place
        except Throttled:
            self.throttled = True
            raise
        finally:
            self.in_company = place.in_company
            if self.throttled and place.in_company:
                self._throttled_in_company += 1
                self.alone = self._throttled_in_company >= _OFTEN
            self.window.leave(place, throttled=self.throttled)

    def rest(self, seconds: float, sleep: Callable[[float], None]) -> None:
        """Waits before the next try, without a place. After a throttling all of the tenant's calls wait with it."""
        if self.throttled:
            self.window.pause(seconds, sleep)
        else:
            sleep(seconds)

    def is_shut_out(self, tries: int) -> bool:
        """Whether the service has throttled so many calls in a row since this one came, each alone on its way.

        They waited longer and longer, and this one with them: it need not do the same all over again.
        """
        return self.window.throttled_since(self._before) >= tries

    def refusal(self) -> Cancelled:
        """Why it is not sent."""
        again = " again" if self._tries else ""
        return Cancelled(Failure(where=self.where, what=f"the run was cancelled before this was sent{again}"))


@dataclass(eq=False)
class Place:
    """One call on its way.

    Attributes:
        answered: whether the service has served it, with whatever answer; its sender says so.
        in_company: whether others were on their way with it.
        full: whether the window was full meanwhile.
        narrowings: how often the window had shrunk when it was sent.
    """

    turn: Turn
    narrowings: int
    answered: bool = False
    in_company: bool = False
    full: bool = False


@dataclass(eq=False)
class Window:
    """The window of one tenant. Thread-safe; nothing in it polls.

    Attributes:
        bound: the most calls at a time.
    """

    bound: int = MOST_CALLS
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _waiting: list[Turn] = field(default_factory=list)
    _on_way: set[Place] = field(default_factory=set)
    _pauses: int = 0
    _closed: bool = False
    #: How often it has shrunk; answers of the round.
    _narrowings: int = 0
    _answers: int = 0
    #: How many calls were throttled that were alone on their way, ever, and when one was last served.
    _throttled_alone: int = 0
    _throttled_when_served: int = 0

    def __post_init__(self) -> None:
        self._width = min(FIRST, self.bound)

    @property
    def width(self) -> int:
        """How many calls may be on their way now."""
        with self._changed:
            return self._width

    @property
    def waiting(self) -> int:
        """How many calls wait for a place."""
        with self._changed:
            return len(self._waiting)

    def limit(self, bound: int) -> None:
        """Lowers the bound; a higher one changes nothing."""
        with self._changed:
            self.bound = min(self.bound, bound)
            self._width = min(self._width, self.bound)

    def turn(self, where: str, objects: frozenset[str] = frozenset()) -> Turn:
        """Queues a call.

        Args:
            where: what it does, for the text of an error.
            objects: what it writes, by names and Guids in one case.
        """
        with self._changed:
            return Turn(self, next(self._numbers), where, objects, _before=self._throttled_alone)

    def close(self) -> None:
        """Refuses every write that waits, and every further one. What is on its way is finished, and read back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def enter(self, turn: Turn) -> Place:
        """Waits for the call's turn. Raises Cancelled for a write where the window is closed."""
        with self._changed:
            bisect.insort(self._waiting, turn, key=lambda waiting: waiting.number)
            try:
                self._changed.wait_for(lambda: self._refuses(turn) or self._may_go(turn))
                if self._refuses(turn):
                    raise turn.refusal()
                place = Place(turn, self._narrowings, in_company=bool(self._on_way))
                self._on_way.add(place)
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()
            for other in self._on_way:
                other.in_company = other.in_company or other is not place
                other.full = other.full or len(self._on_way) >= self._width
            return place

    def leave(self, place: Place, *, throttled: bool) -> None:
        """The call is over."""
        with self._changed:
            self._on_way.remove(place)
            if throttled:
                self._throttled_alone += not place.in_company
                if place.narrowings == self._narrowings:
                    self._narrow()
            elif place.answered:
                self._throttled_when_served = self._throttled_alone
                if place.full and place.narrowings == self._narrowings:
                    self._count()
            self._changed.notify_all()

    def pause(self, seconds: float, sleep: Callable[[float], None]) -> None:
        """Sleeps, and lets no call of the tenant start meanwhile."""
        self._pause(1)
        try:
            sleep(seconds)
        finally:
            self._pause(-1)

    def throttled_since(self, before: int) -> int:
        """How many calls in a row were throttled until now, each alone on its way: none of them before `before`."""
        with self._changed:
            return self._throttled_alone - max(before, self._throttled_when_served)

    def _refuses(self, turn: Turn) -> bool:
        return self._closed and bool(turn.objects)

    def _pause(self, step: int) -> None:
        with self._changed:
            self._pauses += step
            self._changed.notify_all()

    def _may_go(self, turn: Turn) -> bool:
        """Whether there is room for it beside those on their way, and all who came before and can go too."""
        room = self._width - len(self._on_way)
        taken = set[str]().union(*(place.turn.objects for place in self._on_way))
        if self._pauses or any(place.turn.alone for place in self._on_way):
            return False
        for other in self._waiting:
            is_free = taken.isdisjoint(other.objects) and not (other.alone and self._on_way)
            if other is turn:
                return is_free and room > 0
            if other.alone:
                return False
            taken |= other.objects
            room -= is_free
        return False

    def _narrow(self) -> None:
        self._width = max(1, self._width // 2)
        self._narrowings += 1
        self._answers = 0
        _log.info("throttled: from now on %d calls at a time", self._width)

    def _count(self) -> None:
        self._answers += 1
        if self._answers >= self._width:
            self._answers = 0
            self._width = min(self.bound, self._width + 1)


@overload
def side_by_side(first: Callable[[], _First], second: Callable[[], _Second], /) -> tuple[_First, _Second]: ...
@overload
def side_by_side(*questions: Callable[[], _Answer]) -> tuple[_Answer, ...]: ...
def side_by_side(*questions: Callable[[], object]) -> tuple[object, ...]:
    """The answers to questions that do not depend on each other, in their order. As many are asked at once.

    The first is asked by the caller's own thread. Where one fails the others are waited for, and the first that failed
    raises. What is secret for the caller is secret for each.
    """
    if len(questions) == 1:
        return (questions[0](),)
    first, *others = questions
    with ThreadPoolExecutor(len(others), thread_name_prefix="beside") as threads:
        asked = [threads.submit(copy_context().run, question) for question in others]
        return (first(), *(answer.result() for answer in asked))
