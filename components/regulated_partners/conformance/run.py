"""One run: what is there, what is tried, and everything as it was afterwards."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from exchange_online.admin_api import (
    AccessDenied,
    AdminApi,
    AdminApiError,
    ConnectorCmdlets,
    Effect,
    NotAuthenticated,
    Unavailable,
    Unsupported,
)
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import Sent
from regulated_partners.conformance.catalogue import EXPERIMENTS, NOT_TRIED
from regulated_partners.conformance.experiment import Experiment, Outcome, Reading, UndecidedError
from regulated_partners.conformance.redaction import Redaction, redaction
from regulated_partners.conformance.report import Report, Tried, Untouched, results, switches
from regulated_partners.conformance.workbench import OURS, RULE, Mark, Workbench, remove
from regulated_partners.engine.child import undisturbed
from regulated_partners.errors import CannotRunError
from regulated_partners.progress import Progress

#: Seconds before a look for what may have been made by a call whose answer never came.
_LATE = (2.0, 8.0, 20.0)

#: Why a rule that can be tried was not.
_ENDED, _NOT_ASKED = "the run ended before it", "it was not asked for"

#: How many experiments are one step to who watches.
_TOGETHER = 10

#: How often the tenant is swept for what is left.
_SWEEPS = 3


@dataclass(frozen=True)
class Object:
    """A connector or a transport rule of the tenant.

    Attributes:
        noun: of its cmdlets.
        identity: what it is removed by.
        enabled: whether it may do something to mail.
        settings: all that a row says of it, to compare.
    """

    noun: str
    name: str
    identity: str
    enabled: bool
    settings: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.noun} '{self.name}'"


@dataclass(frozen=True)
class Inventory:
    """What the tenant has; `rules` is None where the application may not read them."""

    connectors: tuple[Object, ...]
    rules: tuple[Object, ...] | None

    @property
    def all(self) -> tuple[Object, ...]:
        """Rules first: a connector that one uses may not be removable."""
        return (*(self.rules or ()), *self.connectors)


def take_stock(api: AdminApi) -> Inventory:
    """Lists connectors and transport rules. Raises AdminApiError."""
    cmdlets = ConnectorCmdlets(api)
    connectors = tuple(
        Object(direction.value, record.name, record.guid, record.settings.enabled, _text(record.row))
        for direction in Direction
        for record in cmdlets.list(direction)
    )
    try:
        rows = api.invoke("Get-TransportRule", {}, effect=Effect.READ).rows
    except (AccessDenied, Unsupported):
        return Inventory(connectors, None)
    rules = (Object(RULE, str(row.get("Name", "")), _identity(row), _is_on(row), _text(row)) for row in rows)
    return Inventory(connectors, tuple(rules))


def _identity(row: Mapping[str, object]) -> str:
    return str(row.get("Guid") or row.get("Identity") or row.get("Name"))


def _is_on(row: Mapping[str, object]) -> bool:
    return str(row.get("State", "")) != "Disabled"


def _text(row: Mapping[str, object]) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def leftovers(stock: Inventory) -> tuple[Object, ...]:
    """What an earlier run was cut off before removing: by its name, and because it is off, as all of ours is."""
    return tuple(item for item in stock.all if OURS.match(item.name) and not item.enabled)


def refuse_leftovers(left: Sequence[Object]) -> None:
    """Raises CannotRunError where there are any."""
    if not left:
        return
    named = ", ".join(str(item) for item in left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
    raise CannotRunError(
        f"The tenant has what an earlier run was cut off before removing: {named}. If no other run is on its way, run "
        "it again with --remove-leftovers."
    )


def remove_objects(api: AdminApi, left: Sequence[Object]) -> None:
    """Removes objects of this command. Raises AdminApiError."""
    for item in left:
        remove(api, item.noun, item.identity)


def chosen(rules: Sequence[str]) -> tuple[Experiment, ...]:
    """The experiments of these rules, all where none is named. Raises CannotRunError for one that nothing tries."""
    known = {experiment.rule: experiment for experiment in EXPERIMENTS}
    for rule in rules:
        if rule not in known:
            why = NOT_TRIED.get(rule)
            said = f"nothing tries it, because {why}" if why else "there is no such rule"
            raise CannotRunError(f"--only {rule}: {said}. docs/emulator-rules.md lists the rules.")
    return tuple(known[rule] for rule in dict.fromkeys(rules)) or EXPERIMENTS


def _why(error: BaseException) -> str:
    if isinstance(error, AdminApiError):
        return str(error)
    is_told = isinstance(error, KeyboardInterrupt | SystemExit)
    return "it was told to end" if is_told else f"a defect of the command ({type(error).__name__})"


def _not_by_chance(experiment: Experiment, reading: Reading, sent: Sequence[Sent]) -> Reading:
    """What is otherwise, unless a service that failed, or a missing right, is why."""
    about = [one for one in sent if one.tells_nothing]
    if reading.outcome is not Outcome.OTHERWISE or not about or experiment.is_forbidden:
        return reading
    said = f"{about[0].cmdlet} was answered with {about[0].answer}, which may be why: {reading.said}"
    return Reading(Outcome.UNDECIDED, said)


@dataclass
class Run:
    """One run on a tenant whose leftovers, if any, have been removed.

    Attributes:
        pause: waits that many seconds.
        ended: why it ended early; empty where it did not.
        is_clean: whether everything that was made has been removed; None before that was looked at.
    """

    api: AdminApi
    cloud: str
    started: datetime
    before: Inventory
    pause: Callable[[float], None]
    progress: Progress
    experiments: Sequence[Experiment] = EXPERIMENTS
    mark: Mark = field(default_factory=Mark)
    tried: list[Tried] = field(default_factory=list)
    ended: str = ""
    is_clean: bool | None = None
    _after: Inventory | None = None

    def go(self) -> None:
        """Runs every experiment, and removes what they made, whatever happens.

        Raises:
            CannotRunError: where something that was made could not be removed.
            AdminApiError: where the service does not answer, or the application may not write.
        """
        bench = Workbench(self.api, self.mark, self.pause)
        with self._cleaning(bench):
            for direction in Direction:
                bench.prepare(direction)
            for number, experiment in enumerate(self.experiments, 1):
                if number % _TOGETHER == 1:
                    last = min(number + _TOGETHER - 1, len(self.experiments))
                    self.progress.step(f"Trying rules {number} to {last} of {len(self.experiments)}")
                self.tried.append(self._one(bench, experiment))

    def _one(self, bench: Workbench, experiment: Experiment) -> Tried:
        bench.sent.clear()
        try:
            for direction in experiment.needs:
                bench.standing(direction)
            reading = experiment.read(bench)
        except UndecidedError as error:
            reading = Reading(Outcome.UNDECIDED, str(error))
        except (NotAuthenticated, Unavailable):
            raise
        except AdminApiError as error:
            reading = Reading(Outcome.UNDECIDED, error.failure.service_words or error.failure.what)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A row of a form that nobody has thought of must not end the run.
            reading = Reading(Outcome.UNDECIDED, f"an answer has another form than any that is known ({error!r})")
        sent = tuple(bench.sent)
        bench.tidy()
        return Tried(experiment, _not_by_chance(experiment, reading, sent), sent)

    @contextlib.contextmanager
    def _cleaning(self, bench: Workbench) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.ended = _why(error)
            raise
        finally:
            # A second Ctrl-C waits: what is left behind would be somebody's to remove by hand.
            with undisturbed():
                self.progress.step("Removing what was made")
                try:
                    self._sweep(bench)
                except AdminApiError as error:
                    raise CannotRunError(
                        f"{error} What was made may still be there, called {self.mark.name} and a number: run it "
                        "again with --remove-leftovers."
                    ) from None

    def _sweep(self, bench: Workbench) -> None:
        """Looks for everything with the mark, and removes it, until nothing shows any more."""
        self.is_clean = False
        left: tuple[Object, ...] = ()
        for seconds in _LATE if bench.is_unsettled else ():
            self.pause(seconds)
            remove_objects(self.api, self._own(take_stock(self.api)))
        for _ in range(_SWEEPS):
            self._after = take_stock(self.api)
            left = self._own(self._after)
            if not left:
                self.is_clean = True
                return
            remove_objects(self.api, left)
        names = ", ".join(map(str, left))
        raise CannotRunError(f"What was made could not be removed: {names}. Remove it in the admin centre.")

    def _own(self, stock: Inventory) -> tuple[Object, ...]:
        domain = self.mark.domain.lower()
        return tuple(
            item
            for item in stock.all
            if item.name.lower().startswith(self.mark.name) or (not item.name and domain in item.settings.lower())
        )

    def report(self, names: Sequence[str] = ()) -> Report:
        """What is known by now.

        Args:
            names: further names of the tenant's, to be taken out.
        """
        every = [(one, _ENDED if one in self.experiments else _NOT_ASKED) for one in EXPERIMENTS]
        found = results(self.tried, every, NOT_TRIED, self.redaction(names))
        complete = len(self.tried) == len(self.experiments) and bool(self.is_clean)
        return Report(
            started=self.started,
            cloud=self.cloud,
            complete=complete,
            ended=self.redaction(names).text(self.ended),
            untouched=self._untouched(),
            results=found,
            switches=switches(found),
        )

    def redaction(self, names: Sequence[str] = ()) -> Redaction:
        """What is taken out of texts: the names of everything that the tenant has."""
        return redaction(self.mark, [*names, *(item.name for item in self.before.all)])

    def _untouched(self) -> Untouched:
        before = {(item.noun, item.identity): item.settings for item in self.before.all}
        after = {(item.noun, item.identity): item.settings for item in self._after.all} if self._after else None
        rules = None if self.before.rules is None else len(self.before.rules)
        return Untouched(
            connectors=len(self.before.connectors),
            transport_rules=rules,
            same=None if after is None else before.keys() == after.keys(),
            changed_meanwhile=sum(after.get(key, text) != text for key, text in before.items()) if after else 0,
        )
