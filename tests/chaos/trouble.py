"""What goes wrong during a run: the service fails, or something is killed. Chosen at random, the same for a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

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

Victim = Literal["engine", "run", "command", "provider", "service", "ctrl-c"]

_CMDLETS = ("New-*", "Set-*", "Remove-*", "Get-*", "*-InboundConnector", "*-OutboundConnector", "*")
_WHICH = (1, 1, 1, 1, 1, 2, 2, 3)
_COUNTS = (1, 1, 1, 2, 7, None)

#: How many faults and kills of a hundred aim at what the run will likely call.
_AIMED = 0.9

#: How long a call waits for the kill that comes in its middle.
_HELD = Delay(seconds=30)


@dataclass(frozen=True)
class ServiceFault:
    """The service fails: from the nth call of such a cmdlet on, for `count` calls (None: to the end of the run)."""

    action: Action
    cmdlet: str
    nth: int = 1
    count: int | None = 1

    @property
    def kind(self) -> str:
        """Its name in the report."""
        return kind_of(self.action)

    def __str__(self) -> str:
        times = {1: "once", None: "always"}.get(self.count, f"{self.count} times")
        return f"{self.kind} on {self.cmdlet} from call {self.nth}, {times}"


@dataclass(frozen=True)
class Kill:
    """Something is killed.

    Attributes:
        victim: the engine alone, the whole run, our command that has started the engine, the provider, the service
            (which comes back), or Ctrl-C in a terminal.
        cmdlet: in the middle of such a call, the service having done it; else after `seconds`.
        nth: which call.
    """

    victim: Victim
    cmdlet: str | None
    nth: int = 1
    seconds: float = 0

    def __str__(self) -> str:
        when = f"in the middle of {self.cmdlet} {self.nth}" if self.cmdlet else f"after {self.seconds:.2f} s"
        return f"{self.victim} killed {when}" if self.victim != "ctrl-c" else f"Ctrl-C {when}"


@dataclass(frozen=True)
class Trouble:
    """What goes wrong during one run.

    Attributes:
        stays: the faults of reads that lag are not over when the run is.
    """

    faults: tuple[ServiceFault, ...] = ()
    kill: Kill | None = None
    stays: bool = False

    def __bool__(self) -> bool:
        return bool(self.faults or self.kill)

    def __str__(self) -> str:
        said = [str(fault) for fault in self.faults]
        return "; ".join([*said, str(self.kill)] if self.kill else said) or "no trouble"


NO_TROUBLE = Trouble()


def held(kill: Kill) -> ServiceFault | None:
    """What holds the call in whose middle the kill comes."""
    return ServiceFault(_HELD, kill.cmdlet, kill.nth) if kill.cmdlet else None


def kind_of(action: Action) -> str:
    """An action's name in the report."""
    words = action.kind.replace("_", " ")
    if isinstance(action, Status):
        words = str(action.status)
    return f"{words}, after the write" if getattr(action, "after_write", False) else words


def random_trouble(random: Random, likely: Sequence[str] = ()) -> Trouble:
    """One or two faults of the service, or a kill, or both; now and then nothing.

    Args:
        random: what chooses.
        likely: patterns of cmdlets that the run will call.
    """
    what = random.choices(("faults", "kill", "both", "nothing"), (50, 35, 10, 5))[0]
    count = random.choice((1, 1, 2))
    faults = tuple(random_fault(random, likely) for _ in range(count)) if what in ("faults", "both") else ()
    kill = _kill(random, likely) if what in ("kill", "both") else None
    return Trouble(faults, kill, stays=random.random() < 0.3)


def random_fault(random: Random, likely: Sequence[str]) -> ServiceFault:
    """A fault of the service, at calls of the cmdlets that a run will likely make."""
    after = random.random() < 0.5
    action: Action = random.choice(
        (
            ConnectionReset(after_write=after),
            ConnectionReset(after_write=True, midway=True),
            Status(status=500, after_write=after),
            Status(status=random.choice((502, 503, 504)), after_write=after),
            Status(status=429, retry_after=random.choice(("0", "1.5", "86400", "soon"))),
            Status(status=408, after_write=after),
            Throttled(status=random.choice((400, 429, 500))),
            Garbage(after_write=after),
            ErrorsInAnswer(after_write=after),
            Refusal(after_write=after),
            ReadLag(reads=random.randint(1, 5)),
            ExpiredToken(claims=after),
            BrokenPageLink(how="error" if after else "stale"),
            Forbidden(),
        )
    )
    cmdlet = _cmdlet(random, likely)
    if isinstance(action, ReadLag) and cmdlet not in ("New-*", "Set-*", "Remove-*"):
        cmdlet = random.choice(("New-*", "Set-*", "Remove-*"))
    if isinstance(action, BrokenPageLink):
        cmdlet = "Get-*"
    return ServiceFault(action, cmdlet, random.choice(_WHICH), random.choice(_COUNTS))


def _kill(random: Random, likely: Sequence[str]) -> Kill:
    victim: Victim = random.choices(("engine", "run", "provider", "service", "ctrl-c"), (25, 20, 25, 15, 15))[0]
    if random.random() < 0.2:
        return Kill(victim, None, seconds=random.uniform(0.2, 2.0))
    return Kill(victim, _cmdlet(random, likely), random.choice(_WHICH))


def _cmdlet(random: Random, likely: Sequence[str]) -> str:
    return random.choice(likely if likely and random.random() < _AIMED else _CMDLETS)
