"""Some histories of the campaign (`make chaos` plays more)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator import EmulatorProcess
from tests.chaos.__main__ import Campaign
from tests.chaos.author import scenario
from tests.chaos.bulk import bulk_scenario
from tests.chaos.play import play
from tests.chaos.scenario import Operation
from tests.support.processes import kill_working_in

#: So many as CI has time for, beside all else; each takes fifteen seconds of the processor.
SEEDS = range(1, 4)
#: Of those with many connectors in each run: one that loses the state of a destruction.
BULK_SEEDS = (21,)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty one, in which no process works afterwards."""
    yield tmp_path / "copy"
    kill_working_in(tmp_path)


@pytest.mark.engine
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_next_up_ends_with_the_same_connectors(
    seed: int, folder: Path, mortal_service: EmulatorProcess
) -> None:
    """A failure means that faults or kills lose, double, orphan or replace a connector, or need more than one `up`."""
    outcome = play(scenario(seed), folder, mortal_service)

    assert outcome.right, Campaign().told(outcome)
    assert outcome.clean_runs == 1, Campaign().told(outcome)


@pytest.mark.engine
@pytest.mark.parametrize("seed", BULK_SEEDS)
def test_a_run_without_checkpoints_may_be_killed(seed: int, folder: Path, mortal_service: EmulatorProcess) -> None:
    """A failure means that our command skips checkpoints where a killed run loses connectors, or does not skip them."""
    outcome = play(bulk_scenario(seed), folder, mortal_service)

    assert outcome.right, Campaign(bulk=True).told(outcome)
    assert outcome.clean_runs == 1, Campaign(bulk=True).told(outcome)
    assert outcome.bulk, Campaign(bulk=True).told(outcome, whole=True)


def test_a_seed_is_a_history() -> None:
    """A failure means that what a campaign finds cannot be played again."""
    assert [scenario(seed) for seed in SEEDS] == [scenario(seed) for seed in SEEDS]
    assert [bulk_scenario(seed) for seed in SEEDS] == [bulk_scenario(seed) for seed in SEEDS]
    assert len({scenario(seed).steps for seed in SEEDS}) == len(SEEDS)


def test_the_histories_hold_what_can_happen() -> None:
    """A failure means that the campaign has lost a kind of trouble, and proves less than it says."""
    steps = [step for seed in range(1, 301) for step in scenario(seed).steps]
    kills = [step.trouble.kill for step in steps if step.trouble.kill]
    faults = [fault for step in steps for fault in step.trouble.faults]

    victims = {"engine", "run", "provider", "service", "ctrl-c"}
    bulk = [step for seed in range(1, 101) for step in bulk_scenario(seed).steps]
    assert {step.operation for step in (*steps, *bulk)} == set(Operation)
    assert {step.trouble.kill.victim for step in bulk if step.trouble.kill} == {*victims, "command"}
    assert {kill.victim for kill in kills} == victims
    assert {kill.cmdlet for kill in kills} >= {None, "New-*", "Set-*", "Remove-*", "Get-*"}
    assert {"after the write" in fault.kind for fault in faults} == {True, False}
    assert {fault.action.kind for fault in faults} >= {
        "reset",
        "read_lag",
        "garbage",
        "refusal",
        "expired_token",
        "status",
    }
    assert any(len(item.aliases) > 1 for step in steps for item in step.declaration.items)
    assert any(step.refused for step in steps)
    assert any(step.portal for step in steps)
    assert {scenario(seed).checkpoints for seed in SEEDS} == {True, False}
