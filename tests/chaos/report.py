"""What a campaign found, for a person and for a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.chaos.play import CLEAN_RUNS, Outcome

#: What is counted apart, and its words in the table.
_KINDS = {
    "lost": "connectors lost",
    "duplicated": "connectors duplicated",
    "orphaned": "connectors orphaned",
    "taken": "connectors of others, or of another stack, touched",
    "replaced": "connectors replaced (another Guid)",
}
_OTHERWISE = "otherwise wrong"


@dataclass(frozen=True)
class Report:
    """The figures of a campaign.

    Attributes:
        acted: how often each kind of fault of the service acted.
        kills: how often each victim was killed.
        converged: histories by the runs without trouble that they needed.
        not_converged: histories in which all was never right.
        wrong: histories by what is wrong with them.
        kept: Guids that were the same from their first run to the end.
        finished_first: interrupted creates that were finished before their declaration went.
        bulk: runs in which our command skipped checkpoints by itself.
        cancels: locks of killed runs that were released.
        pending: how often creates that a killed engine had begun were taken out of the state.
        seconds: of all histories together.
        faults: the numbers of the histories that are wrong, and what is.
    """

    scenarios: int
    runs: int
    acted: dict[str, int]
    kills: dict[str, int]
    converged: dict[int, int]
    not_converged: int
    wrong: dict[str, int]
    kept: int
    finished_first: int
    bulk: int
    cancels: int
    pending: int
    seconds: float
    faults: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Self:
        """The figures of these histories."""
        acted: Counter[str] = sum((outcome.acted for outcome in outcomes), Counter())
        kills: Counter[str] = sum((outcome.kills for outcome in outcomes), Counter())
        needed = Counter(outcome.clean_runs for outcome in outcomes)
        found = Counter(
            kind
            for outcome in outcomes
            for kind in {fault.kind if fault.kind in _KINDS else _OTHERWISE for fault in outcome.faults}
        )
        return cls(
            scenarios=len(outcomes),
            runs=sum(outcome.runs for outcome in outcomes),
            acted=dict(sorted(acted.items())),
            kills=dict(sorted(kills.items())),
            converged={count: needed[count] for count in range(1, CLEAN_RUNS + 1)},
            not_converged=needed[None],
            wrong={kind: found[kind] for kind in (*_KINDS, _OTHERWISE)},
            kept=sum(outcome.kept for outcome in outcomes),
            finished_first=sum(outcome.finished_first for outcome in outcomes),
            bulk=sum(outcome.bulk for outcome in outcomes),
            cancels=sum(outcome.cancels for outcome in outcomes),
            pending=sum(outcome.pending for outcome in outcomes),
            seconds=round(sum(outcome.seconds for outcome in outcomes), 1),
            faults={
                outcome.seed: [str(fault) for fault in outcome.faults] or ["not converged"]
                for outcome in outcomes
                if not outcome.right
            },
        )

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def table(self) -> str:
        """For a person."""
        rows: list[tuple[str, object]] = [
            ("scenarios", self.scenarios),
            ("runs of the CLI", self.runs),
            ("faults of the service that acted", sum(self.acted.values())),
            *((f"- {kind}", count) for kind, count in self.acted.items()),
            ("kills", sum(self.kills.values())),
            *((f"- {victim}", count) for victim, count in self.kills.items()),
            *((f"converged in {count} clean {_ups(count)}", found) for count, found in self.converged.items()),
            ("not converged", self.not_converged),
            *((f"scenarios with {words}", self.wrong[kind]) for kind, words in _KINDS.items()),
            (f"scenarios {_OTHERWISE}", self.wrong[_OTHERWISE]),
            ("Guids kept", self.kept),
            ("interrupted creates finished before their declaration went", self.finished_first),
            ("runs that skipped checkpoints by themselves", self.bulk),
            ("locks of killed runs released", self.cancels),
            ("pending creates of killed runs cleared", self.pending),
            ("seconds", self.seconds),
        ]
        return "\n".join(["| what | count |", "|---|---|", *(f"| {what} | {count} |" for what, count in rows)])

    def json(self) -> str:
        """For a program."""
        return json.dumps(self.__dict__, indent=1)


def _ups(count: int) -> str:
    return "`up`" if count == 1 else "`up`s"
