"""What is tried, what an answer may mean, and for which switch of the emulator it speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from exchange_online.connectors import Direction

if TYPE_CHECKING:
    from regulated_partners.conformance.workbench import Workbench

SwitchValue: TypeAlias = bool | int | float | str | tuple[str, ...]

#: The switches of the emulator with their defaults. It is an extra that need not be installed where this runs; a test
#: compares the two.
SWITCHES: Mapping[str, SwitchValue] = {
    "strict": False,
    "offering": "unrestricted",
    "dehydrated": False,
    "unknown_identity": "not_found",
    "include_test_mode": "also",
    "list_clearing": "any",
    "connector_in_use": "refuse",
    "sender_rewriting": "refuse",
    "unsupported_parameters": (),
    "stored_form_variants": False,
    "validation_succeeds": True,
    "result_size": "cuts",
    "error_details": "by_header",
    "compression": True,
    "rate_limit_headers": False,
    "token_lifetime_seconds": 3599,
    "page_token_lifetime_seconds": 1800,
    "max_concurrent": 0,
    "max_page_size": 1000,
}

#: Switches of which nothing shows in what is sent here, and why.
UNSEEN_SWITCHES: Mapping[str, str] = {
    "validation_succeeds": "Validate-OutboundConnector sends mail, and what it finds is a matter of the server there",
    "max_concurrent": "one call is sent after another: a limit is only found by having a tenant throttled that others "
    "use",
}


class Outcome(StrEnum):
    """What became of a rule."""

    HELD = "held"
    """The service answered as the emulator does by default."""
    OTHERWISE = "otherwise"
    """It answered in another way."""
    UNDECIDED = "undecided"
    """It was tried, and the answers tell nothing."""
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Reading:
    """What the answers to an experiment mean.

    Attributes:
        said: what was seen, as one sentence without its full stop.
        acted: whether the rule's own sentence was seen to be true: what its tag rests on. None where it was not put to
            the test, as that on a service offering in a tenant of another. An emulator that is not strict and a service
            that accepts agree, and a rule "is refused" has not acted.
        fits: the switches that the answers speak for, and with which value the emulator answers so. Empty where no
            switch is concerned, or no value of it does.
    """

    outcome: Outcome
    said: str
    acted: bool | None = None
    fits: Mapping[str, SwitchValue] = field(default_factory=dict)


def held(said: str, acted: bool | None = True, **fits: SwitchValue) -> Reading:
    """As the emulator by default."""
    return Reading(Outcome.HELD, said, acted, fits)


def otherwise(said: str, acted: bool | None = False, **fits: SwitchValue) -> Reading:
    """Not as the emulator by default."""
    return Reading(Outcome.OTHERWISE, said, acted, fits)


def by_switch(said: str, switch: str, value: SwitchValue, acted: bool | None) -> Reading:
    """Held where the value that fits is the switch's default, otherwise where it is another."""
    outcome = Outcome.HELD if SWITCHES[switch] == value else Outcome.OTHERWISE
    return Reading(outcome, said, acted, {switch: value})


def held_if(true: bool, said: str, but: str) -> Reading:
    """Held, or otherwise with no switch that would fit."""
    return held(said) if true else otherwise(but)


def held_facts(facts: Mapping[str, bool]) -> Reading:
    """Held where each fact is true, with no switch that would fit otherwise."""
    failing = [what for what, true in facts.items() if not true]
    return held_if(not failing, "; ".join(facts), f"not so: {'; '.join(failing)}")


class UndecidedError(Exception):
    """The answers do not tell; the text says why, as one sentence without its full stop."""


@dataclass(frozen=True)
class Experiment:
    """One rule put to the test.

    An answer that is neither of the two meanings, a service that fails, or a tenant that refuses every write of the
    kind leaves the rule undecided.

    Attributes:
        rule: its id, or one of `OWN_CLIENT`.
        sends: what is sent.
        holds: which answers mean that the service does as the emulator by default; any others mean that it does not.
        read: sends it, and says what the answers mean. Raises UndecidedError.
        switches: those that the answers can speak for.
        needs: directions of which a connector of one's own has to be there.
        is_forbidden: whether a 403 is what it looks for.
    """

    rule: str
    sends: str
    holds: str
    read: Callable[[Workbench], Reading]
    switches: tuple[str, ...] = ()
    needs: tuple[Direction, ...] = ()
    is_forbidden: bool = False
