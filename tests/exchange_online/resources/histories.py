"""Random histories of a stack: what the administrators do, what the portal does, what the network and service do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from exchange_online_emulator.faults import (
    Action,
    BrokenPageLink,
    ConnectionReset,
    Delay,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    ReadLag,
    Refusal,
    Status,
    Throttled,
)
from tests.exchange_online.resources.declarations import RESOURCES, drifts, properties
from tests.exchange_online.resources.runs import MARK, Start, assert_sentence, declared, held
from tests.support.mini_stack import Declaration, MiniStack, Replacing, Run
from tests.support.provider_process import ProviderProcess

_AFTER = st.booleans()
FAULTS: st.SearchStrategy[Action] = st.one_of(
    st.builds(ConnectionReset, after_write=_AFTER),
    st.builds(Status, status=st.sampled_from([408, 429, 500, 502, 503, 504]), after_write=_AFTER),
    st.builds(Status, status=st.just(429), retry_after=st.sampled_from(["0", "1.5", "86400", "soon"])),
    st.builds(Throttled, status=st.sampled_from([400, 429, 500])),
    st.builds(Garbage, after_write=_AFTER),
    st.builds(ErrorsInAnswer, after_write=_AFTER),
    st.builds(Refusal, after_write=_AFTER),
    st.builds(ExpiredToken, claims=st.booleans()),
    st.builds(BrokenPageLink, how=st.sampled_from(["stale", "error"])),
    st.just(Forbidden()),
)
CMDLETS = st.sampled_from(["*", "New-*", "Set-*", "Remove-*", "Get-*", "*-InboundConnector", "*-OutboundConnector"])
COUNTS = st.sampled_from([1, 1, 2, 7, None])
_SOME_TROUBLE = st.tuples(FAULTS, CMDLETS, st.integers(1, 2), COUNTS)
TROUBLE = st.one_of(st.none(), _SOME_TROUBLE, _SOME_TROUBLE)
#: Of a resource that the program calls otherwise now.
_RENAMED = " renamed"
Trouble = tuple[Action, str, int, int | None] | None


class Histories(RuleBasedStateMachine):
    """A program of up to four connectors and a tenant with connectors of others.

    After `settle` (a run without faults) the tenant holds the declared connectors as declared, each once and with the
    Guid that it has had, and what others have there; one more run sends no write.

    Args:
        tenant: the stack's.
        start: starts a provider process that reaches it.
        elsewhere: another tenant.
        start_elsewhere: starts a provider process that reaches that one.
    """

    def __init__(self, tenant: Control, start: Start, elsewhere: Control, start_elsewhere: Start) -> None:
        super().__init__()
        self._tenant = tenant
        self._start = start
        self._elsewhere = elsewhere
        self._start_elsewhere = start_elsewhere
        self._stack = MiniStack(start)
        self._copy = MiniStack(start, "copy")
        #: The Guid of each resource, from when it was in the state until it is taken out or somebody removes it.
        self._guids: dict[str, str] = {}
        self._program: dict[str, Declaration] = {}
        self._attempted: set[str] = set()
        self._foreign: dict[str, Direction] = {}
        self._lags = False

    @initialize(count=st.integers(0, 3), names=st.sets(st.sampled_from(sorted(RESOURCES)), min_size=2), data=st.data())
    def begin(self, count: int, names: set[str], data: st.DataObject) -> None:
        self._tenant.reset()
        self._elsewhere.reset()
        # Pages of two, so that listings have several.
        self._tenant.switch(max_page_size=2)
        for number in range(count):
            self.somebody_adds(Direction.INBOUND if number % 2 else Direction.OUTBOUND)
        self.declare(names, data, None)

    @rule(names=st.sets(st.sampled_from(sorted(RESOURCES)), min_size=1), data=st.data(), trouble=TROUBLE)
    def declare(self, names: set[str], data: st.DataObject, trouble: Trouble) -> None:
        """Adds resources, or changes them, and runs `up`."""
        for name in sorted(names):
            self._declare(self._called_now(name), data)
        self.up(trouble)

    @precondition(lambda self: self._stack.resources.keys() & self._program.keys())
    @rule(data=st.data(), trouble=TROUBLE, aliased=st.booleans())
    def rename_a_resource(self, data: st.DataObject, trouble: Trouble, aliased: bool) -> None:
        """The program calls a resource otherwise, with an alias or, as happens, without one."""
        known = sorted(self._stack.resources.keys() & self._program.keys())
        old = data.draw(st.sampled_from(known))
        new = old.removesuffix(_RENAMED) if old.endswith(_RENAMED) else f"{old}{_RENAMED}"
        if new in self._stack.resources:
            return
        # Without an alias a connector is known by its name alone, which an earlier change that failed may give up.
        row = next((row for row in self._all_rows() if row["Guid"] == self._stack.resources[old].id), None)
        # And by its mark: without both it is taken over with consent only.
        aliased = aliased or (row is not None and not str(row["Comment"]).endswith(MARK))
        if not aliased and (row is None or row["Name"] != self._program[old].name):
            self._guids.pop(old, None)
        self._program[new] = self._program.pop(old)
        if old in self._guids:
            self._guids[new] = self._guids.pop(old)
        if aliased:
            self._stack.rename(old, new)
        self.up(trouble)

    @precondition(lambda self: self._stack.resources.keys() & self._program.keys())
    @rule(data=st.data(), trouble=TROUBLE, targeted=st.booleans(), delete_first=st.booleans(), change=st.booleans())
    def replace(self, data: st.DataObject, trouble: Trouble, targeted: bool, delete_first: bool, change: bool) -> None:
        """`replace_on_changes`, `--target-replace` and `delete_before_replace`, in all their combinations."""
        known = sorted(self._stack.resources.keys() & self._program.keys())
        name = data.draw(st.sampled_from(known))
        if change:
            self._declare(name, data)
        row = next((row for row in self._all_rows() if row["Guid"] == self._stack.resources[name].id), None)
        # What is replaced on demand is not compared: under another name nobody can know which connector it had.
        if targeted and row is not None:
            self._program[name] = self._program[name].with_(name=row["Name"])
        self._trouble(trouble)
        self._attempted |= set(self._program)
        before = self._all_rows()
        run = self._stack.up(self._program, replacing=Replacing(frozenset({name}), targeted, delete_first))
        self._judge(run)
        if delete_first and set(run.errors) == {name} and trouble is None and not run.updated and not run.created:
            assert self._all_rows() == before

    @precondition(lambda self: self._program)
    @rule(data=st.data())
    def a_copied_stack(self, data: st.DataObject) -> None:
        """Another stack declares the same: it gets what nobody has, and nothing of ours."""
        name = data.draw(st.sampled_from(sorted(self._program)))
        ours = [row for row in self._all_rows() if str(row["Comment"]).endswith(MARK)]
        program = {name: self._program[name].with_(adoptExisting=data.draw(st.booleans()))}
        if any(row["Name"] == self._program[name].name for row in ours):
            run = self._copy.up(program)
            assert run.errors
            self._judge(run)
        self._judge(self._copy.up({}))
        assert [row for row in self._all_rows() if str(row["Comment"]).endswith(MARK)] == ours

    @precondition(lambda self: self._stack.resources)
    @rule(refresh=st.booleans())
    def another_tenant_answers(self, refresh: bool) -> None:
        """The stack is connected to another tenant: nothing is forgotten, and nothing is made there."""
        resources = dict(self._stack.resources)
        known = {name: declared for name, declared in self._program.items() if name in resources}
        other = MiniStackWith(self._stack, self._start_elsewhere)
        run = other.up(known, refresh=refresh)
        self._judge(run)
        assert run.errors
        assert other.resources == resources
        assert self._elsewhere.writes() == []

    def _declare(self, name: str, data: st.DataObject) -> None:
        """The remains of an interrupted create are known by their mark, as long as the name stays."""
        direction = RESOURCES[name.removesuffix(_RENAMED)]
        chosen = data.draw(properties(direction, name.removesuffix(_RENAMED)))
        if self._interrupted(name):
            chosen |= {"name": self._program[name].name}
        self._program[name] = Declaration(direction, chosen)

    @precondition(lambda self: any(not self._interrupted(name) for name in self._program))
    @rule(data=st.data(), trouble=TROUBLE)
    def undeclare(self, data: st.DataObject, trouble: Trouble) -> None:
        """Takes a resource out and runs `up`, which removes its connector."""
        name = data.draw(st.sampled_from([name for name in sorted(self._program) if not self._interrupted(name)]))
        del self._program[name]
        self._guids.pop(name, None)
        self.up(trouble)

    @rule(reads=st.integers(1, 6))
    def changes_show_late(self, reads: int) -> None:
        """The next change shows only after some reads; a new connector after one."""
        self._tenant.fault(ReadLag(reads=reads), "Set-*")
        self._tenant.fault(ReadLag(reads=1), "New-*")
        self._lags = True

    @rule(direction=st.sampled_from(Direction))
    def somebody_adds(self, direction: Direction) -> None:
        """A connector that the program does not declare."""
        name = f"Theirs {len(self._foreign)}"
        domains = "SenderDomains" if direction is Direction.INBOUND else "RecipientDomains"
        self._tenant.invoke(f"New-{direction}", {"Name": name, domains: ["fabrikam.com"]}, connector_source="AdminUI")
        self._foreign[name] = direction

    @precondition(lambda self: self._stack.resources)
    @rule(data=st.data())
    def somebody_changes_ours(self, data: st.DataObject) -> None:
        """Drift, in the portal."""
        name = data.draw(st.sampled_from(sorted(self._stack.resources)))
        resource = self._stack.resources[name]
        # While a rename without an alias has not been applied, name and mark are all that the connector is known by.
        if name not in self._program and resource.id in self._guids.values():
            return
        if self._exists(resource.direction, resource.id):
            change = data.draw(drifts(resource.direction, resource.id))
            self._tenant.invoke(f"Set-{resource.direction}", {"Identity": resource.id, **change})

    @precondition(lambda self: self._stack.resources)
    @rule(data=st.data())
    def somebody_removes_ours(self, data: st.DataObject) -> None:
        """A connector is gone, behind Pulumi's back."""
        resource = self._stack.resources[data.draw(st.sampled_from(sorted(self._stack.resources)))]
        if self._exists(resource.direction, resource.id):
            self._tenant.invoke(f"Remove-{resource.direction}", {"Identity": resource.id, "Confirm": False})
        self._guids = {name: guid for name, guid in self._guids.items() if guid != resource.id}

    @precondition(lambda self: self._stack.resources)
    @rule()
    def refresh(self) -> None:
        """`pulumi refresh`."""
        self._judge(self._stack.refresh())

    @precondition(lambda self: self._program or self._stack.resources)
    @rule(trouble=TROUBLE)
    def up(self, trouble: Trouble) -> None:
        """`pulumi up`, whatever goes wrong; now and then what went wrong before is over."""
        self._trouble(trouble)
        self._attempted |= set(self._program)
        self._judge(self._stack.up(self._program))

    def _trouble(self, trouble: Trouble) -> None:
        if trouble is None:
            self._tenant.clear_faults()
        else:
            action, cmdlet, nth, count = trouble
            self._tenant.fault(action, cmdlet, nth=nth, count=count)

    @rule(cmdlet=st.sampled_from(["New-*", "Set-*", "Remove-*", "Get-*"]))
    def up_and_killed(self, cmdlet: str) -> None:
        """`pulumi up` whose plugin dies while the service does a call."""
        self._attempted |= set(self._program)
        fault = self._tenant.fault(Delay(seconds=0.4), cmdlet)
        killing = _Killing(
            self._start, lambda: any(active.acted for active in self._tenant.faults() if active.id == fault.id)
        )
        MiniStackWith(self._stack, killing).up(self._program)
        killing.end()
        self._tenant.remove_fault(fault.id)

    @rule()
    def settle(self) -> None:
        """The faults end: one run repairs everything, the next one does nothing."""
        foreign = self._rows_of_others()
        self._tenant.clear_faults()
        self._attempted |= set(self._program)
        run = self._stack.up(self._program)
        assert not run.errors, run.errors
        for direction in Direction:
            wanted = [
                declared(declaration) for declaration in self._program.values() if declaration.direction is direction
            ]
            ours = [settings for settings in held(self._tenant, direction) if settings.name not in self._foreign]
            assert ours == sorted(wanted, key=lambda settings: settings.name)
        assert max(Counter(resource.id for resource in self._stack.resources.values()).values(), default=1) == 1
        assert set(self._stack.resources) == set(self._program)
        assert self._stack.replaced == []
        self._note_guids()
        assert self._rows_of_others() == foreign
        self._tenant.clear_calls()
        again = self._stack.up(self._program)
        assert again.changed_nothing, again
        assert self._tenant.writes() == []
        self._lags = False

    def teardown(self) -> None:
        self.settle()

    def _judge(self, run: Run) -> None:
        for text in run.errors.values():
            assert_sentence(text)
        self._note_guids()
        if not self._lags:
            guids = {row["Guid"] for direction in Direction for row in self._tenant.connectors(direction.word)}
            assert guids.isdisjoint(run.gone_ids)

    def _note_guids(self) -> None:
        """No resource that stays in the program ever has another connector, unless somebody removed the first."""
        for name, resource in self._stack.resources.items():
            # The state may still have what somebody removed since the last refresh.
            if name in self._program and self._exists(resource.direction, resource.id):
                assert self._guids.setdefault(name, resource.id) == resource.id

    def _called_now(self, name: str) -> str:
        renamed = f"{name}{_RENAMED}"
        return renamed if renamed in self._program or renamed in self._stack.resources else name

    def _all_rows(self) -> list[dict[str, Any]]:
        return [row for direction in Direction for row in self._tenant.connectors(direction.word)]

    def _interrupted(self, name: str) -> bool:
        """Whether a create was tried and is not in the state: the connector may be there."""
        return name in self._program and name in self._attempted and name not in self._stack.resources

    def _exists(self, direction: Direction, guid: str) -> bool:
        return any(row["Guid"] == guid for row in self._tenant.connectors(direction.word))

    def _rows_of_others(self) -> list[dict[str, Any]]:
        return [row for row in self._all_rows() if row["Name"] in self._foreign]


class _Killing:
    """Starts a provider process and kills it when something has happened."""

    def __init__(self, start: Start, happened: Callable[[], bool]) -> None:
        self._start = start
        self._happened = happened
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self) -> ProviderProcess:
        process = self._start()
        self._thread = threading.Thread(target=self._watch, args=(process,))
        self._thread.start()
        return process

    def _watch(self, process: ProviderProcess) -> None:
        while not self._over.wait(0.03):
            if self._happened():
                process.kill()
                return

    def end(self) -> None:
        """The run is over."""
        self._over.set()
        if self._thread:
            self._thread.join()


class MiniStackWith(MiniStack):
    """The same stack, run by other processes."""

    def __init__(self, stack: MiniStack, start: Callable[[], ProviderProcess]) -> None:
        super().__init__(start, stack.name)
        self.resources = stack.resources
        self.replaced = stack.replaced
