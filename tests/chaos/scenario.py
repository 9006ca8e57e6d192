"""What a history is: what is declared, what is changed, by whom, and what goes wrong meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.declarations import Declaration, Partner
from tests.chaos.trouble import NO_TROUBLE, Trouble


class Operation(StrEnum):
    """What is run."""

    UP = "up"
    REFRESH = "refresh"
    DESTROY = "destroy --target"
    TARGET_REPLACE = "up --target-replace"
    REPLACE = "up --replace"
    TAINT = "state taint, up"
    DESTROY_ALL = "destroy"
    SECOND_STACK = "a second stack's up"
    RENAME_STACK = "stack rename, up"


class Portal(StrEnum):
    """What an administrator does to a connector of the stack in the admin centre."""

    COMMENT = "another comment"
    SWITCH = "switched off or on"
    WEAKER = "no TLS demanded"
    RENAME = "renamed"
    NO_MARK = "the mark taken out of the comment"
    REMOVE = "removed"


@dataclass(frozen=True)
class PortalChange:
    """One of them, on the connector of a key."""

    what: Portal
    key: str

    def __str__(self) -> str:
        return f"in the portal {self.key}: {self.what}"


@dataclass(frozen=True)
class ByHand:
    """A connector that somebody makes in the admin centre, with the name of one that is declared next.

    Attributes:
        key: of the declared one.
        alike: whether it is as declared.
    """

    key: str
    alike: bool


@dataclass(frozen=True)
class SecondStack:
    """A second stack with the declarations of the first.

    Attributes:
        adopts: whether its partners say `adoptExisting`.
        own: a partner that only it has.
        former: whether it has the name that the first one had before it was renamed.
        destroyed: whether `destroy` follows.
    """

    adopts: bool = False
    own: Partner | None = None
    former: bool = False
    destroyed: bool = False


@dataclass(frozen=True)
class Step:
    """One change and one run.

    Attributes:
        words: the change, for a person.
        declaration: what is declared from now on.
        targets: keys of connectors, for operations that take some.
        portal: what is done in the portal before.
        by_hand: connectors that appear before.
        settled: whether everything before must be finished: what follows is only said of a finished stack.
        refused: whether the run must fail, and change nothing of what it is about.
        keeps: keys of connectors that are no longer declared and must stay all the same.
        adopts: keys of connectors that are taken over with consent.
        many: whether it creates or deletes so many that our command skips checkpoints.
    """

    words: str
    declaration: Declaration
    trouble: Trouble = NO_TROUBLE
    operation: Operation = Operation.UP
    targets: tuple[str, ...] = ()
    portal: tuple[PortalChange, ...] = ()
    by_hand: tuple[ByHand, ...] = ()
    settled: bool = False
    refused: bool = False
    keeps: frozenset[str] = frozenset()
    adopts: frozenset[str] = frozenset()
    second: SecondStack | None = None
    many: bool = False

    def __str__(self) -> str:
        done = "; ".join([*map(str, self.portal), self.words])
        targets = f" of {', '.join(self.targets)}" if self.targets else ""
        return f"{done}: {self.operation}{targets} ({self.trouble})"


@dataclass(frozen=True)
class Scenario:
    """A history.

    Attributes:
        seed: what it is made from.
        checkpoints: whether the engine writes its state after every step, or once at the end.
        page_size: of listings.
        strangers: how many connectors of others the tenant has.
        steps: the first declares the stack.
        final: what is declared in the end.
        command: whether `up` and `destroy` are our own, which decide about checkpoints themselves.
    """

    seed: int
    checkpoints: bool
    page_size: int
    strangers: int
    steps: tuple[Step, ...]
    final: Declaration
    command: bool = False
