"""A waiver: for a while, with a reason, a partner need not keep a policy.

regulated-partners:waivers:
  - policy: outbound-certificate-trusted
    partner: Woodgrove Hospital       # or the name of a connector that belongs to no partner
    reason: SEC-1302, their relays get certificates of a CA in spring
    expires: 2027-03-31               # the last day it counts
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from regulated_partners.partners.declaration import StackWaiver
from regulated_partners.partners.findings import in_words, spelled

_KEYS = tuple(StackWaiver.model_fields)
_TEXTS = tuple(key for key in _KEYS if key != "expires")


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One declared waiver.

    Attributes:
        index: its place in the list, from 0.
        policy, partner, reason: as declared; empty where missing.
        expires: the last day it counts; None where it is missing or no date.
        problems: clauses about what is wrong with the declaration; such a waiver is never in force.
    """

    index: int
    policy: str = ""
    partner: str = ""
    reason: str = ""
    expires: datetime.date | None = None
    problems: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where it stands in the stack file."""
        return f"waivers[{self.index}]"

    def covers(self, policy: str, owner: str) -> bool:
        """Whether it is about this policy and this partner. Names compare without regard to case, as in Exchange."""
        return self.policy == policy and self.partner.casefold() == owner.casefold()

    def expired(self, today: datetime.date) -> bool:
        return self.expires is not None and self.expires < today

    def in_force(self, today: datetime.date) -> bool:
        return not self.problems and not self.expired(today)


def read_waivers(declared: object) -> tuple[Waiver, ...]:
    """Reads `regulated-partners:waivers`; null is the empty list. Never fails: what is wrong is in `problems`."""
    if declared is None:
        return ()
    if not isinstance(declared, list):
        return (Waiver(index=0, problems=("waivers is not a list; write each waiver after '- policy: ...'",)),)
    return tuple(_read(index, item) for index, item in enumerate(declared))


def _read(index: int, item: object) -> Waiver:
    try:
        return Waiver(index=index, **StackWaiver.model_validate(item).model_dump())
    except ValidationError as error:
        problems = tuple(_problem(detail) for detail in error.errors(include_url=False))
    said = item if isinstance(item, dict) else {}
    texts: dict[str, Any] = {key: said[key] for key in _TEXTS if isinstance(said.get(key), str)}
    return Waiver(index=index, problems=problems, **texts)


def _problem(detail: ErrorDetails) -> str:
    path = spelled(detail["loc"])
    if path and (detail["type"] in ("missing", "string_too_short") or detail["input"] is None):
        return f"{path} is missing; write it"
    return str(in_words(detail, path or "it", _KEYS)).removesuffix(".")
