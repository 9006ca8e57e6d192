"""Runs of the experiments on the emulator, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from exchange_online.admin_api import EMULATOR_VARIABLE, AdminApi, RetryPolicy, Settings, Shared, connection
from exchange_online_emulator import EmulatorProcess
from regulated_partners.conformance.catalogue import EXPERIMENTS
from regulated_partners.conformance.client_behaviour import OWN_CLIENT
from regulated_partners.conformance.experiment import Experiment, Outcome
from regulated_partners.conformance.report import Report
from regulated_partners.conformance.run import Run, take_stock
from regulated_partners.progress import Progress

#: Those that are about the emulator's rules.
OF_RULES = tuple(experiment for experiment in EXPERIMENTS if experiment not in OWN_CLIENT)


class _Unsaid(Progress):
    """Says nothing, and so has nothing that a test would have to end."""

    def step(self, doing: str) -> None:
        """Nobody waits for it."""


@contextmanager
def client(emulator: EmulatorProcess) -> Iterator[AdminApi]:
    """A client of the emulator that signs in anew and waits for nothing."""
    to = connection(Settings("local"), {EMULATOR_VARIABLE: str(emulator.connection_path)})
    with AdminApi(to, retry=RetryPolicy(sleep=_at_once), shared=Shared(), calls=1) as api:
        yield api


def run_of(api: AdminApi, experiments: Sequence[Experiment] = OF_RULES) -> Run:
    """A run that is about to begin."""
    moment = datetime(2026, 11, 26, tzinfo=UTC)
    return Run(api, "local", moment, take_stock(api), _at_once, _Unsaid(), experiments)


def reported(emulator: EmulatorProcess, experiments: Sequence[Experiment] = OF_RULES) -> Report:
    """The report of a run that came to its end."""
    with client(emulator) as api:
        run = run_of(api, experiments)
        run.go()
        return run.report()


def outcomes(report: Report, outcome: Outcome) -> set[str]:
    """The rules with an outcome."""
    return {result.rule for result in report.results if result.outcome is outcome}


def _at_once(_: float) -> None:
    return None
