"""Histories in which each run creates or deletes many: our own command runs them, and skips checkpoints by itself.

What is cut off then is not one connector but hundreds, at any call of the run, and the state knows of none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from tests.chaos.declarations import Declaration, Partner
from tests.chaos.scenario import Operation, Scenario, Step
from tests.chaos.trouble import Kill, ServiceFault, Trouble, Victim, random_fault

#: So many partners are fifty connectors, from which on checkpoints are skipped.
ENOUGH = 25

#: The first two lose what the run did; all others let the engine write its state.
_VICTIMS: dict[Victim, int] = {"engine": 30, "run": 35, "command": 5, "provider": 10, "service": 10, "ctrl-c": 10}


def bulk_scenario(seed: int) -> Scenario:
    """The history of a seed; the same each time."""
    return _Author(Random(f"bulk {seed}")).write(seed)  # noqa: S311 - repeatable is what is wanted


class _Author:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._now = Declaration()
        self._number = 0
        self._steps: list[Step] = []

    def write(self, seed: int) -> Scenario:
        random = self._random
        before = self._now
        self._add(random.randint(ENOUGH, ENOUGH + 5))
        self._step("many declared", before, kill=random.random() < 0.75)
        second = random.choice((self._list_exchanged, self._list_exchanged, self._rest_removed, self._destroyed))
        second()
        return Scenario(seed, True, random.choice((7, 1000)), random.randint(0, 2), tuple(self._steps), self._now, True)

    def _list_exchanged(self) -> None:
        """Many come; of those that are there some go, some get another name, some other settings."""
        before = self._now
        for partner in self._now.partners:
            what = self._random.choice(("goes", "renamed", "changed", "stays", "stays"))
            if what == "goes":
                self._now = self._now.without(partner.key)
            elif what == "renamed":
                renamed = replace(partner, name=f"Renamed {partner.number}", aliases=(partner.name,))
                self._now = self._now.with_(renamed)
            elif what == "changed":
                changed = replace(partner, comment="SEC-2", enabled=not partner.enabled)
                self._now = self._now.with_(changed)
        self._add(ENOUGH)
        self._step("many others declared", before)

    def _rest_removed(self) -> None:
        before = self._now
        kept = self._random.sample(before.partners, self._random.randint(0, len(before.partners) - ENOUGH))
        self._now = Declaration(tuple(partner for partner in before.partners if partner in kept))
        self._step("many removed", before)

    def _destroyed(self) -> None:
        """Destroyed, and then destroyed again, or applied again."""
        operation = Operation.DESTROY_ALL
        calls = {"Remove-*": 2 * len(self._now.partners)}
        trouble = self._trouble(calls, kill=True)
        # What a run before has left is finished before: no state knows it, so that `destroy` would leave it.
        self._steps.append(Step("destroyed", self._now, trouble, operation, settled=True, many=True))
        if self._random.random() < 0.5:
            self._steps.append(Step("destroyed again", self._now, operation=operation))

    # What changes, and what goes wrong.

    def _add(self, count: int) -> None:
        for _ in range(count):
            self._number += 1
            number = self._number
            partner = Partner(
                number,
                f"Partner {number}",
                (f"p{number}.example",),
                f"mail.p{number}.example",
                self._random.choice((None, "SEC-1")),
                recipients=(f"postmaster@p{number}.example",) if self._random.random() < 0.1 else (),
            )
            self._now = self._now.with_(partner)

    def _step(self, words: str, before: Declaration, *, kill: bool = True) -> None:
        old = {partner.key: partner for partner in before.partners}
        new = {partner.key: partner for partner in self._now.partners}
        calls = {
            "New-*": 2 * len(new.keys() - old.keys()),
            "Remove-*": 2 * len(old.keys() - new.keys()),
            "Set-*": 2 * sum(old[key] != new[key] for key in old.keys() & new.keys()),
        }
        self._steps.append(Step(words, self._now, self._trouble(calls, kill=kill), many=True))

    def _trouble(self, calls: Mapping[str, int], *, kill: bool) -> Trouble:
        """A kill at any of the calls, and at times a fault of the service before or instead."""
        random = self._random
        fault = random.random() < (0.2 if kill else 0.6)
        return Trouble((self._fault(calls),) if fault else (), self._kill(calls) if kill else None)

    def _fault(self, calls: Mapping[str, int]) -> ServiceFault:
        cmdlet, count = self._aim(calls)
        return replace(random_fault(self._random, (cmdlet,)), nth=self._random.randint(1, count))

    def _kill(self, calls: Mapping[str, int]) -> Kill:
        random = self._random
        victim = random.choices(list(_VICTIMS), list(_VICTIMS.values()))[0]
        if random.random() < 0.15:
            return Kill(victim, None, seconds=random.uniform(1.0, 8.0))
        cmdlet, count = self._aim(calls)
        # At times the very last one: all is made, and the state not written.
        return Kill(victim, cmdlet, count if random.random() < 0.15 else random.randint(1, count))

    def _aim(self, calls: Mapping[str, int]) -> tuple[str, int]:
        possible = {cmdlet: count for cmdlet, count in calls.items() if count}
        cmdlet = self._random.choices(list(possible), list(possible.values()))[0]
        return cmdlet, possible[cmdlet]
