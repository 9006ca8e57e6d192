"""Kinds of values: each reads any spelling that the service treats as one into the canonical spelling.

A kind never raises. What it cannot read it keeps as text, with a `Problem`: so a declared value is refused with all
its problems at once, and an observed one (a member of an enum that is newer than this code) survives unchanged.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Protocol

from exchange_online.connectors.characters import in_name
from exchange_online.connectors.spelling import folded, nearest

Value = bool | str | tuple[str, ...] | None


@dataclass(frozen=True)
class Problem:
    """Why a value, or one item of a list, is not acceptable.

    Attributes:
        rule: the rule it breaks, `type` where the value has the wrong type.
        reason: a clause that quotes the value.
        remedy: what to write instead.
        source: where the fact comes from.
        index: the item's place in the list as it was given; None for the value itself.
    """

    rule: str
    reason: str
    remedy: str
    source: str
    index: int | None = None


@dataclass(frozen=True)
class ItemRefused(Exception):  # noqa: N818 - a signal between a reader of one item and its list
    """Raised by a reader of one text; becomes a `Problem`."""

    rule: str
    reason: str
    remedy: str
    source: str

    def problem(self, index: int | None = None) -> Problem:
        return Problem(self.rule, self.reason, self.remedy, self.source, index)


class Kind(Protocol):
    """Reads values of one kind."""

    @property
    def empty(self) -> Value:
        """The canonical form of null, `""` and `[]`."""

    def read(self, value: object) -> tuple[Value, tuple[Problem, ...]]:
        """The canonical form of a value, and what is wrong with it. Reading its own result changes nothing."""


def is_nothing(value: object) -> bool:
    """Whether a value says that nothing is declared: null, `""` and `[]` alike."""
    return value is None or value in ("", [], ())


def _wrong_characters(text: str, wrong: str) -> ItemRefused:
    return ItemRefused("characters", f"{shown(text)} holds {wrong}", "leave it out", "this project: logs, reviews")


def _wrong_type(value: object, wanted: str, index: int | None = None) -> Problem:
    quoted = wanted == "a text" and isinstance(value, (bool, int, float))
    remedy = f"write {wanted}{': put it into quotation marks' if quoted else ''}"
    return Problem("type", f"{shown(value)} is not {wanted}", remedy, "type of the parameter", index)


def shown(value: object) -> str:
    """A refused value, in the words of somebody who writes YAML and at most 60 characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (dict, list, tuple)):
        return "a mapping" if isinstance(value, dict) else "a list"
    plain = isinstance(value, (int, float, datetime.date))
    text = repr(value) if isinstance(value, str) else str(value) if plain else f"this {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."


@dataclass(frozen=True)
class Flag:
    """A Boolean parameter; null is `empty`, the default."""

    empty: bool = False

    def read(self, value: object) -> tuple[Value, tuple[Problem, ...]]:
        if isinstance(value, bool):
            return value, ()
        if is_nothing(value):
            return self.empty, ()
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true", ()
        return self.empty, (_wrong_type(value, "true or false"),)


@dataclass(frozen=True)
class Text:
    """One text; `read_item` makes it canonical or refuses it with `ItemRefused`, `wrong` says what it must not hold.

    `several` says what to do about a list of them.
    """

    read_item: Callable[[str], str] = str
    wrong: Callable[[str], str] = in_name
    several: Callable[[list[str]], str] | None = None
    empty: ClassVar[None] = None

    def read(self, value: object) -> tuple[Value, tuple[Problem, ...]]:
        if is_nothing(value):
            return None, ()
        if not isinstance(value, str):
            return None, (self._no_text(value),)
        if wrong := self.wrong(value.strip()):
            return value, (_wrong_characters(value, wrong).problem(),)
        try:
            return self.read_item(value) or None, ()
        except ItemRefused as refused:
            return value, (refused.problem(),)

    def _no_text(self, value: object) -> Problem:
        problem = _wrong_type(value, "a text")
        if self.several is None or not isinstance(value, list):
            return problem
        names = [str(item) for item in value]
        what = self.several(names) if len(names) > 1 else f"{shown(names[0])} alone, without '- ' or brackets"
        return replace(problem, remedy=f"write a text; {what}")


@dataclass(frozen=True)
class Member:
    """A member of an enum; case does not matter, unknown members survive. Source: V25, N13."""

    members: type[StrEnum]
    empty: str | None = None

    def read(self, value: object) -> tuple[Value, tuple[Problem, ...]]:
        if is_nothing(value):
            return self.empty, ()
        if not isinstance(value, str):
            return self.empty, (_wrong_type(value, f"one of {self._names()}"),)
        for member in self.members:
            if value.strip().lower() == member.value.lower():
                return member.value, ()
        meant = _member_meant(value, [member.value for member in self.members])
        remedy = f"{f'did you mean {meant}? ' if meant else ''}write one of {self._names()}"
        return value, (Problem("V25", f"{shown(value)} is none of its values", remedy, "V25"),)

    def _names(self) -> str:
        return ", ".join(member.value for member in self.members)


#: Other words for members of enums: a partner's options, and what the admin centre calls them.
_OTHER_MEMBERS = {
    "recipientcertificatematchesdomain": "DomainValidation",
    "trustedcertificationauthority": "CertificateValidation",
    "selfsignedcertificate": "EncryptionOnly",
    "selfsigned": "EncryptionOnly",
    "yourorganization": "OnPremises",
    "partnerorganization": "Partner",
    "off": "None",
}


def _member_meant(value: str, members: list[str]) -> str:
    word = _OTHER_MEMBERS.get(folded(value), "")
    return word if word in members else nearest(value, members)


@dataclass(frozen=True)
class Texts:
    """A multi-valued parameter: a set of texts. Order and duplicates do not matter. Source: N5, N8 (assumed).

    `read_item` returns several texts where one is written out as them.
    """

    read_item: Callable[[str], str | tuple[str, ...]]
    sort_key: Callable[[str], str | tuple[int | str, ...]] = str
    empty: ClassVar[tuple[str, ...]] = ()

    def read(self, value: object) -> tuple[Value, tuple[Problem, ...]]:
        if is_nothing(value):
            return (), ()
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, (list, tuple, set, frozenset)):
            return (), (_wrong_type(value, "a list of texts"),)
        items, problems = self._read_items(value)
        return tuple(sorted(items, key=self.sort_key)), problems

    def _read_items(self, values: Iterable[object]) -> tuple[set[str], tuple[Problem, ...]]:
        items: set[str] = set()
        problems: list[Problem] = []
        for index, item in enumerate(values):
            if not isinstance(item, str):
                problems.append(_wrong_type(item, "a text", index))
                continue
            try:
                if wrong := in_name(item.strip()):
                    raise _wrong_characters(item, wrong)
                read = self.read_item(item)
                items.update((read,) if isinstance(read, str) else read)
            except ItemRefused as refused:
                items.add(item.strip())
                problems.append(refused.problem(index))
        return items, tuple(problems)
