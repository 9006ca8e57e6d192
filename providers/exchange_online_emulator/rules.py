"""The registry of the emulator's rules: what each does, how sure we are of it, where the fact comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from exchange_online_emulator.clients import client_cases

Tag = Literal["documented", "observed:live", "observed:client", "observed:multi", "observed:single", "assumed"]
Applies = Literal["always", "strict", "switch", "fault"]

_Target = TypeVar("_Target", bound=Callable[..., object])


@dataclass(frozen=True)
class Rule:
    """One behaviour of the emulator.

    Attributes:
        id: its name in the reference (`V6`, `N1`), or a short name of its own.
        summary: what the emulator does.
        tag: how the fact is known.
        source: where from.
        applies: when it acts; `switch`: by the one that the summary names.
    """

    id: str
    summary: str
    tag: Tag
    source: str
    applies: Applies

    @property
    def clients(self) -> tuple[str, ...]:
        """The public clients that are known to rely on it, by the cases of `data/clients.json`."""
        return tuple(dict.fromkeys(case.client for case in client_cases() if self.id in case.rules))


_RULES: dict[str, Rule] = {}


def register(rule: Rule) -> None:
    """Enter a rule.

    Raises:
        ValueError: it is entered already: one rule lives in one place.
    """
    if rule.id in _RULES:
        raise ValueError(f"rule {rule.id} is implemented twice")
    _RULES[rule.id] = rule


@dataclass(frozen=True)
class _Tagged:
    """A decorator that enters a rule, which the decorated function implements, under its tag."""

    tag: Tag

    def __call__(
        self, rule_id: str, summary: str, source: str, *, applies: Applies = "always"
    ) -> Callable[[_Target], _Target]:
        register(Rule(rule_id, summary, self.tag, source, applies))
        return lambda function: function


documented = _Tagged("documented")
observed_live = _Tagged("observed:live")
observed_client = _Tagged("observed:client")
observed_multi = _Tagged("observed:multi")
observed_single = _Tagged("observed:single")
assumed = _Tagged("assumed")


def all_rules() -> list[Rule]:
    """Every registered rule, `V` rules by number first, then the others by name."""

    def key(item: Rule) -> tuple[bool, str, int, str]:
        prefix = item.id.rstrip("0123456789")
        number = item.id[len(prefix) :]
        return (prefix not in ("V", "N"), prefix if number else "", int(number or 0), item.id)

    return sorted(_RULES.values(), key=key)
