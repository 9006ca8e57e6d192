"""Which stack manages a connector: what the states say of its Guid, and its mark of itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors import ConnectorRecord, Mark
from regulated_partners.engine.state import ManagedConnector, States


class Ownership(StrEnum):
    """What states and mark say together; the values are for programs."""

    MANAGED = "managed"
    """It is in the state of a stack, and the mark says the same."""
    UNMARKED = "unmarked"
    """It is in the state of a stack, and has no mark."""
    CONTRADICTED = "contradicted"
    """It is in the state of a stack, and its mark has become that of another one since."""
    SHARED = "shared"
    """It is in the states of several stacks."""
    NOT_IN_STATE = "not-in-state"
    """Its mark is that of a stack whose state does not hold it."""
    OTHER_STACK = "other-stack"
    """Its mark is that of a stack whose state is not known here: of another project, of another backend, unreadable."""
    NONE = "none"
    """It is in no state that is known here, and has no mark."""


@dataclass(frozen=True)
class Owned:
    """A connector, and who has it.

    Attributes:
        connector: of the tenant.
        managed: its resource in the state of the stack that manages it, None where none does.
        ownership: what that and the mark say.
        owner: the stack, for a person; empty where there is none.
        note: what there is to know about it, a clause; empty where there is nothing.
    """

    connector: ConnectorRecord
    managed: ManagedConnector | None
    ownership: Ownership
    owner: str = ""
    note: str = ""


def owned(connector: ConnectorRecord, states: States, *, marks: bool = True) -> Owned:
    """Who has a connector.

    Args:
        marks: whether the stack that is asked about marks its connectors.
    """
    managed, mark = states.connectors.get(connector.guid), connector.mark
    if managed is not None:
        return _in_state(connector, managed, states, marks=marks)
    if mark is None:
        return Owned(connector, None, Ownership.NONE)
    if mark not in states.read:
        note = f"the mark names the stack {mark}, whose state was not read here"
        return Owned(connector, None, Ownership.OTHER_STACK, str(mark), note)
    stack = "this stack" if mark == states.own else f"the stack {mark}"
    note = (
        f"the mark names {stack}, and no resource of its state has it. A run was interrupted, or the resource was "
        f"taken out of the state: the next `pulumi up` {'' if mark == states.own else 'there '}takes it over if it is "
        f"declared, and else the line {mark.line} can go. Or a stack of this name in another backend manages it"
    )
    return Owned(connector, None, Ownership.NOT_IN_STATE, str(mark), note)


def _in_state(connector: ConnectorRecord, managed: ManagedConnector, states: States, *, marks: bool) -> Owned:
    stack, mark, own = managed.stack, connector.mark, states.mark_of(managed)
    if managed.others:
        note = (
            f"the states of the stacks {', '.join((stack, *managed.others))} have it, so each undoes what another "
            "writes: take it out of all but one with `pulumi state delete`"
        )
        return Owned(connector, managed, Ownership.SHARED, stack, note)
    if mark == own:
        return Owned(connector, managed, Ownership.MANAGED, stack)
    if mark is None and own == states.own and not marks:
        return Owned(connector, managed, Ownership.MANAGED, stack)
    if mark is None:
        note = f"there is no mark yet; the next write of the stack {stack} adds it"
        if managed.recorded is not None:
            note = f"somebody took the mark off the comment; the next write of the stack {stack} adds it again"
        return Owned(connector, managed, Ownership.UNMARKED, stack, note)
    if mark == managed.recorded:
        note = (
            f"the mark still names {mark}: the stack {stack} was called so, or the resource was moved from there; the "
            "next `up` corrects it"
        )
        return Owned(connector, managed, Ownership.MANAGED, stack, note)
    note = (
        f"the state of the stack {stack} has it, and the mark names the stack {mark} now, so {stack} will neither "
        f"change nor remove it. If {mark} is to have it, take it out of the state of {stack} with `pulumi state "
        f"delete`; else make {own.line} the last line of its comment again"
    )
    return Owned(connector, managed, Ownership.CONTRADICTED, stack, note)


def released_by(other: Mark, has: Owned) -> str:
    """Why a stack leaves a connector with the mark of another one alone, and how it is released there; a clause."""
    if has.ownership is Ownership.NOT_IN_STATE:
        return (
            f"it has the mark of the stack {other}, though no resource of that stack's state has it. If {other} is not "
            f"to have it, take the line {other.line} off its comment and adopt again"
        )
    return (
        f"the stack {other} manages it, as its mark says. There it is released: `pulumi state move` moves it to this "
        f"stack with its record; or take it out of that stack with `pulumi state delete`, then the line {other.line} "
        "off its comment, and adopt again"
    )
