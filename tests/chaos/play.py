"""Plays a history on the real engine, and says what is wrong with its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exchange_online_emulator import EmulatorProcess
from regulated_partners.engine.checkpoints import MANY
from tests.chaos.declarations import DIRECTIONS, Declaration, Wanted, differences, mark_of, without_mark
from tests.chaos.scenario import Operation, Portal, PortalChange, Scenario, Step
from tests.chaos.stack import Ended, Stack
from tests.chaos.tenant import Fault, Tenant
from tests.chaos.trouble import NO_TROUBLE, Trouble
from tests.support.engine import STACK

#: Runs without trouble in which everything must be right again.
CLEAN_RUNS = 3

_SECOND = "dev2"

#: How many calls the tenants take at a time; 0: any number.
_CALLS_AT_A_TIME = (0, 3, 0, 1)

#: Exit code of `--expect-no-changes` when there are some.
_CHANGES_FOUND = 7


@dataclass
class Outcome:
    """How a history went.

    Attributes:
        clean_runs: how many it took at the most until all was right; None if it never was.
        kept: Guids that were there before a change and are there in the end.
        finished_first: interrupted creates that were finished before their declaration went or was renamed: what nobody
            declares any more would stay (docs/behaviour.md).
        bulk: runs in which our command skipped checkpoints by itself.
        cancels: locks of killed runs that were released.
        pending: how often the state had creates that a killed engine had begun.
        faults: what is wrong.
        story: what happened, a line each.
    """

    seed: int
    checkpoints: bool
    runs: int = 0
    acted: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    clean_runs: int | None = None
    kept: int = 0
    finished_first: int = 0
    bulk: int = 0
    cancels: int = 0
    pending: int = 0
    seconds: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    story: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.faults and self.clean_runs is not None


def play(told: Scenario, directory: Path, emulator: EmulatorProcess) -> Outcome:
    """Plays a history with an emulator of its own, whose tenant is emptied first.

    Args:
        told: the history.
        directory: an empty folder.
        emulator: a running one.
    """
    begun = time.monotonic()
    player = _Player(told, directory, emulator)
    try:
        player.play()
    except _NotConvergedError:
        pass
    except Exception as error:  # noqa: BLE001 - one broken history must not end the campaign
        player.outcome.faults.append(Fault("campaign", f"{type(error).__name__}: {error}"))
    player.outcome.seconds = time.monotonic() - begun
    return player.outcome


class _NotConvergedError(Exception):
    """The history cannot go on: what is wrong is in the outcome."""


class _Player:
    def __init__(self, told: Scenario, directory: Path, emulator: EmulatorProcess) -> None:
        emulator.control.reset()
        at_a_time = _CALLS_AT_A_TIME[told.seed % len(_CALLS_AT_A_TIME)]
        emulator.control.switch(max_page_size=told.page_size, max_concurrent=at_a_time)
        self._told = told
        self._stack = Stack(directory, emulator, checkpoints=told.checkpoints, command=told.command)
        self._service = emulator
        self._tenant = Tenant(emulator)
        self._declared = Declaration()
        self._second_stacks = 0
        self._stacks: set[str] = set()
        self._may_lack_mark: set[str] = set()
        self._worst = 0
        self._last_failed = True
        self.outcome = Outcome(told.seed, told.checkpoints)

    def play(self) -> None:
        """The steps, then runs without trouble until all is right, then one that must change nothing."""
        self._strangers()
        for step in self._told.steps:
            self._step(step)
        # Where trouble did no harm, the run that must change nothing is the one without trouble.
        if self._last_failed or self._declared != self._told.final or not self._is_finished():
            self._settle(self._told.final)
        self.outcome.clean_runs = max(self._worst, 1)
        self.outcome.kept = len(self._tenant.guids)
        self._nothing_to_do()

    # Steps.

    def _strangers(self) -> None:
        for number in range(self._told.strangers):
            noun, domains = (("Inbound", "SenderDomains"), ("Outbound", "RecipientDomains"))[number % 2]
            settings = {"Name": f"Theirs {number}", domains: [f"theirs{number}.example"], "Comment": "not ours"}
            self._service.control.invoke(f"New-{noun}Connector", settings, connector_source="AdminUI")
        self._tenant.leave_to_others()

    def _step(self, step: Step) -> None:
        self._finish_what_would_be_left(step)
        for change in step.portal:
            self._in_the_portal(change)
        self._by_hand(step)
        before = self._declared
        self._declared = step.declaration
        self._stack.declare_all(step.declaration)
        wanted = {connector.key: connector for connector in step.declaration.wanted()}
        for key in step.adopts:
            self._tenant.take(wanted[key])
        self._may_lack_mark |= step.adopts
        self._tenant.expect(wanted.values(), step.keeps)
        self._say(f"{step}")
        ended = self._operation(step)
        if ended is not None:
            self._after(ended, step)
        if step.refused:
            # What was refused is taken back in the next step.
            self._declared = before

    def _operation(self, step: Step) -> Ended | None:
        """Runs what the step says; None where there is nothing of it to judge."""
        if step.operation is Operation.SECOND_STACK:
            self._second_stack(step)
            return None
        recorded = {found.guid: found.urn for found in self._stack.recorded()}
        urns = [urn for key in step.targets if (urn := recorded.get(self._tenant.guids.get(key, "")))]
        if step.targets and not urns:
            self._say("  nothing of it is in the state")
            return None
        if step.operation is Operation.RENAME_STACK:
            self._must_succeed(self._stack.rename(f"{self._stack.stack}x"))
        if step.operation is Operation.TAINT:
            self._must_succeed(self._stack.plain("state", "taint", urns[0], "--yes", "--stack", self._stack.stack))
        if step.operation is Operation.DESTROY:
            # The outbound half depends on the inbound one, so it goes with it.
            self._tenant.let_go({*step.targets, *(key.replace(" inbound", " outbound") for key in step.targets)})
        if step.operation is Operation.DESTROY_ALL:
            self._tenant.let_go(list(self._tenant.guids))
        commands = {
            Operation.REFRESH: ["refresh"],
            Operation.DESTROY: ["destroy", *(f"--target={urn}" for urn in urns), "--target-dependents"],
            Operation.DESTROY_ALL: ["destroy"],
            Operation.TARGET_REPLACE: ["up", *(f"--target-replace={urn}" for urn in urns)],
            Operation.REPLACE: ["up", *(f"--replace={urn}" for urn in urns)],
        }
        changed = self._changed(step)
        ended = self._run(*commands.get(step.operation, ["up"]), trouble=step.trouble)
        # A kill by the clock may come before our command has said anything.
        if self._told.command and (ended.killed is None or (step.trouble.kill and step.trouble.kill.cmdlet)):
            self._skipped(ended, changed)
        return ended

    def _changed(self, step: Step) -> int:
        """How many connectors the step creates and deletes, as far as the state knows."""
        recorded = {found.guid for found in self._stack.recorded()}
        if step.operation is Operation.DESTROY_ALL:
            return len(recorded)
        kept = {self._tenant.guids.get(connector.key, "") for connector in step.declaration.wanted()} & recorded
        return len(step.declaration.wanted()) + len(recorded) - 2 * len(kept)

    def _skipped(self, ended: Ended, changed: int) -> None:
        skipped = "The state is written once" in ended.output
        self.outcome.bulk += skipped
        if skipped != (changed >= MANY):
            self._wrong("run", f"{changed} connectors change, and checkpoints are {'' if skipped else 'not '}skipped")

    def _after(self, ended: Ended, step: Step) -> None:
        if not step.trouble and not step.refused and ended.exit_code != 0:
            self._wrong("refused", f"without any trouble: {_last_words(ended)}")
        if step.refused and ended.exit_code == 0:
            self._wrong("accepted", f"{step.words}: the run should have been refused")
        self._look()
        if step.operation is Operation.DESTROY_ALL and not step.trouble:
            self._must_be_empty()
        for made in step.by_hand if step.refused else ():
            pair = made.key.removesuffix(" inbound") + " outbound"
            if made.key != pair and pair in self._tenant.guids:
                self._wrong("accepted", f"{made.key} was refused, and {pair} was made all the same")

    def _must_be_empty(self) -> None:
        for key, row in self._tenant.held().items():
            self._wrong("orphaned", f"{key} ('{row['Name']}') is there after destroy")
        for found in self._stack.recorded():
            self._wrong("state", f"{found.name} is in the state after destroy")

    def _finish_what_would_be_left(self, step: Step) -> None:
        """A connector whose create was interrupted stays behind when its declaration goes, so it is finished first."""
        recorded = {found.guid for found in self._stack.recorded()}
        names = {connector.key: connector.name for connector in step.declaration.wanted()}
        kept = step.keeps
        left = [
            wanted.key
            for wanted in self._declared.wanted()
            if self._tenant.guids.get(wanted.key, "") not in recorded
            and (wanted.key in self._tenant.guids)
            and names.get(wanted.key) != wanted.name
            and wanted.key not in kept
        ]
        if left or (step.settled and not self._is_finished()):
            self.outcome.finished_first += len(left)
            self._say(f"finished first: {', '.join(left) or 'everything'}")
            self._settle(self._declared)

    def _is_finished(self) -> bool:
        """Whether the tenant and the state are as declared, the state under the names of today."""
        recorded = {found.guid: (found.name, found.protected) for found in self._stack.recorded()}
        wanted = self._declared.wanted()
        return (
            all(
                recorded.get(self._tenant.guids.get(connector.key, "")) == (connector.resource, connector.protected)
                for connector in wanted
            )
            and not list(self._unlike(self._declared))
            and not self._stack.release(self._stack.stack)
        )

    def _in_the_portal(self, change: PortalChange) -> None:
        """Only on what the state knows: the mark is all by which the next run knows what an interrupted one made."""
        guid = self._tenant.guids.get(change.key)
        direction, row = self._tenant.rows().get(guid or "", ("", {}))
        if guid is None or not row or guid not in {found.guid for found in self._stack.recorded()}:
            return
        noun = f"{direction.capitalize()}Connector"
        if change.what is Portal.REMOVE:
            self._tenant.guids.pop(change.key)
            self._service.control.invoke(f"Remove-{noun}", {"Identity": guid, "Confirm": False})
            return
        if change.what is Portal.NO_MARK:
            self._may_lack_mark.add(change.key)
        weaker: dict[str, object] = {"RestrictDomainsToCertificate": False, "RequireTls": False}
        changed: dict[Portal, dict[str, object]] = {
            Portal.COMMENT: {"Comment": "changed by hand"},
            Portal.SWITCH: {"Enabled": not row["Enabled"]},
            Portal.WEAKER: weaker if direction == "inbound" else {"TlsSettings": None, "TlsDomain": None},
            Portal.RENAME: {"Name": f"By hand {guid[:8]}"},
            Portal.NO_MARK: {"Comment": without_mark(row["Comment"] or "")},
        }
        self._service.control.invoke(f"Set-{noun}", {"Identity": guid, **changed[change.what]})

    def _by_hand(self, step: Step) -> None:
        wanted = {connector.key: connector for connector in step.declaration.wanted()}
        seeds: dict[str, list[dict[str, object]]] = {direction: [] for direction in DIRECTIONS}
        for made in step.by_hand:
            connector = wanted[made.key]
            cells = {**connector.cells, **({} if made.alike else {"Comment": "made by hand"})}
            written = {name: sorted(cell) if isinstance(cell, frozenset) else cell for name, cell in cells.items()}
            seeds[connector.direction].append(
                {name: cell for name, cell in written.items() if cell not in (None, [], "")}
            )
        if step.by_hand:
            self._service.control.seed(inbound=seeds["inbound"], outbound=seeds["outbound"])
            self._tenant.leave_to_others()

    def _second_stack(self, step: Step) -> None:
        """Its `up` is refused or touches only its own; its `destroy` too."""
        second = step.second
        assert second is not None
        self._second_stacks += 1
        # The former name is free once; the first stack has had others since.
        name = STACK if second.former and STACK not in self._stacks else f"{_SECOND}{self._second_stacks}"
        self._stacks.add(name)
        partners = [
            partner.declared() | ({"adoptExisting": True} if second.adopts else {})
            for partner in step.declaration.partners
        ]
        own = [second.own.declared()] if second.own else []
        self._stack.add_stack(name, partners=[*partners, *own])
        before = {guid: row for guid, (_, row) in self._tenant.rows().items()}
        ended = self._run("up", stack=name)
        after = {guid: row for guid, (_, row) in self._tenant.rows().items()}
        if partners and ended.exit_code == 0:
            self._wrong("accepted", "the second stack's up, over the connectors of the first, should have been refused")
        for guid, row in before.items():
            if after.get(guid) != row:
                self._wrong("taken", f"the second stack's up touched '{row['Name']}'")
        allowed = {connector.name for connector in (second.own.connectors() if second.own else ())}
        for guid in after.keys() - before.keys():
            if after[guid]["Name"] not in allowed:
                self._wrong("duplicated", f"the second stack's up made '{after[guid]['Name']}'")
        taken = {found.guid for found in self._stack.recorded(name)} & set(self._tenant.guids.values())
        if taken:
            self._wrong("taken", f"the second stack's state has {len(taken)} connectors of the first")
        if second.destroyed:
            self._run("destroy", stack=name)
            gone = before.keys() - self._tenant.rows().keys()
            if gone:
                self._wrong("taken", f"the second stack's destroy removed {len(gone)} connectors of the first")
        self._tenant.leave_to_others()

    # The end.

    def _settle(self, declaration: Declaration) -> None:
        """What an administrator does when the trouble is over: `up`, until all is right."""
        self._service.control.clear_faults()
        self._declared = declaration
        self._stack.declare_all(declaration)
        self._tenant.expect(declaration.wanted(), ())
        unlike: list[Fault] = []
        for number in range(1, CLEAN_RUNS + 1):
            self.outcome.cancels += self._stack.release(self._stack.stack)
            self._say(f"clean up {number}")
            ended = self._run("up")
            self._look()
            if pending := self._stack.pending():
                # `up` is not hindered, but only this takes a create that a killed engine had begun out of the state.
                self._say(f"  pending: {', '.join(pending)}")
                self.outcome.pending += 1
                self._must_succeed(self._run("refresh", "--clear-pending-creates"))
                self._look()
            unlike = list(self._unlike(declaration))
            if ended.exit_code == 0 and not unlike:
                self._worst = max(self._worst, number)
                return
            if ended.exit_code != 0:
                unlike.append(Fault("refused", f"clean up {number}: {_last_words(ended)}"))
        self.outcome.faults += unlike
        self._say("not converged: " + "; ".join(map(str, unlike)))
        raise _NotConvergedError

    def _unlike(self, declaration: Declaration) -> Iterator[Fault]:
        """What is otherwise than declared, in the tenant and in the state."""
        held = self._tenant.held()
        wanted = {connector.key: connector for connector in declaration.wanted()}
        for key, connector in wanted.items():
            if key not in held:
                yield Fault("lost", f"{key} ('{connector.name}') is not in the tenant")
            else:
                for difference in differences(connector, held[key]):
                    yield Fault("different", f"{key} ('{connector.name}'): {difference}")
                mark = mark_of(held[key])
                if mark != self._stack.mark and not (mark is None and key in self._may_lack_mark):
                    yield Fault("different", f"{key} ('{connector.name}'): its mark is {mark}, not {self._stack.mark}")
        for key, row in held.items():
            if key not in wanted:
                yield Fault("orphaned", f"{key} ('{row['Name']}') is no longer declared; its mark is {mark_of(row)}")
        yield from self._state_unlike(wanted)

    def _state_unlike(self, wanted: dict[str, Wanted]) -> Iterator[Fault]:
        recorded = self._stack.recorded()
        expected = Counter({guid: 1 for key, guid in self._tenant.guids.items() if key in wanted})
        for guid, count in (Counter(found.guid for found in recorded) - expected).items():
            yield Fault("state", f"{guid} stands {count} times too often in the state")
        for guid in expected.keys() - {found.guid for found in recorded}:
            yield Fault("state", f"{guid} is not in the state")
        for found in recorded:
            if found.odd:
                yield Fault("state", f"{found.name} is marked {found.odd} in the state")
        for operation in self._stack.pending():
            yield Fault("state", f"the state has a pending operation: {operation}")

    def _nothing_to_do(self) -> None:
        """One more run changes nothing."""
        self._service.control.clear_faults()
        self._service.control.clear_calls()
        self._say("one more up")
        ended = self._run("up", "--expect-no-changes")
        if ended.exit_code:
            what = "changes" if ended.exit_code == _CHANGES_FOUND else "fails"
            self._wrong("writes", f"one more up {what}: {_last_words(ended)}")
        for call in self._service.control.writes():
            self._wrong("writes", f"one more up sends {call.cmdlet} {call.parameters}")
        self._look()

    # What happened.

    def _run(self, *command: str, trouble: Trouble = NO_TROUBLE, stack: str | None = None) -> Ended:
        begun = time.monotonic()
        ended = self._stack.run(*command, trouble=trouble, stack=stack)
        seconds = time.monotonic() - begun
        self.outcome.runs += 1
        self._last_failed = ended.exit_code != 0
        self.outcome.acted += ended.acted
        if ended.killed:
            self.outcome.kills[ended.killed] += 1
        acted = "".join(f"; {kind} acted {count}" for kind, count in ended.acted.items())
        killed = f"; killed {ended.killed}" if ended.killed else ""
        self._say(f"  {ended.command}: exit {ended.exit_code} after {seconds:.1f} s{acted}{killed}")
        self.outcome.faults += [Fault("run", words) for words in ended.wrong]
        (self._stack.root / f"run-{self.outcome.runs}.txt").write_text(f"{ended.command}\n{ended.output}")
        return ended

    def _look(self) -> None:
        for fault in self._tenant.look():
            self.outcome.faults.append(fault)
            self._say(f"  WRONG {fault}")

    def _wrong(self, kind: str, words: str) -> None:
        self.outcome.faults.append(Fault(kind, words))
        self._say(f"  WRONG {kind}: {words}")

    def _must_succeed(self, ended: Ended) -> None:
        if ended.exit_code:
            self._wrong("refused", f"{ended.command}: {_last_words(ended)}")

    def _say(self, line: str) -> None:
        self.outcome.story.append(line)


def _last_words(ended: Ended) -> str:
    """The errors that a run shows, in one line."""
    errors = [line.strip() for line in ended.output.splitlines() if "error" in line.lower()]
    return f"exit {ended.exit_code}: " + (" / ".join(dict.fromkeys(errors[-4:])) or ended.output.strip()[-300:])
