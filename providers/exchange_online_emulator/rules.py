"""The registry of the emulator's rules: what each does, how sure we are of it, where the fact comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

Tag = Literal[
    "documented", "observed:live", "observed:client", "observed:multi", "observed:single", "assumed"
]  # fmt: skip
Applies = Literal["always", "strict", "switch"]

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


_RULES: dict[str, Rule] = {}


def register(rule: Rule) -> None:
    """Enter a rule.

    Raises:
        ValueError: it is entered already: one rule lives in one place.
    """
    if rule.id in _RULES:
        raise ValueError(f"rule {rule.id} is implemented twice")
    _RULES[rule.id] = rule


def rule(
    rule_id: str, summary: str, *, tag: Tag, source: str, applies: Applies = "always"
) -> Callable[[_Target], _Target]:
    """Enter a rule that the decorated function implements."""

    def entered(function: _Target) -> _Target:
        register(Rule(rule_id, summary, tag, source, applies))
        return function

    return entered


def all_rules() -> Iterator[Rule]:
    """Every registered rule, `V` rules by number first, then the others by name."""

    def key(item: Rule) -> tuple[bool, str, int, str]:
        prefix = item.id.rstrip("0123456789")
        number = item.id[len(prefix) :]
        return (prefix not in ("V", "N"), prefix if number else "", int(number or 0), item.id)

    return iter(sorted(_RULES.values(), key=key))
