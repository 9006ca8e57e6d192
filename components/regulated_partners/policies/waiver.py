"""A waiver: for a while, with a reason, a partner need not keep a policy.

regulated-partners:waivers:
  - policy: outbound-certificate-trusted
    partner: Woodgrove Hospital       # or the name of a connector that belongs to no partner
    reason: SEC-1302, their relays get certificates of a CA in spring
    expires: 2027-03-31               # the last day it counts
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

#: The engine hands on an unquoted YAML date as Go writes midnight: `2027-03-31 00:00:00 +0000 UTC` (measured, 3.259).
_DAY = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})([T ]00:00:00(\D.*)?)?")

_KEYS = ("policy", "partner", "reason", "expires")


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
    policy: str
    partner: str
    reason: str
    expires: datetime.date | None
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
        return (_broken(0, "waivers is not a list; write each waiver after '- policy: ...'"),)
    return tuple(_read(index, item) for index, item in enumerate(declared))


def _read(index: int, item: object) -> Waiver:
    if not isinstance(item, Mapping):
        return _broken(index, "it is not a mapping; write policy, partner, reason and expires")
    texts = {key: _text(item.get(key)) for key in _KEYS}
    expires = _date(texts["expires"])
    problems = [f"{key} is missing; write it" for key in _KEYS if not texts[key]]
    problems += [f"there is no {key} in a waiver; leave it out" for key in sorted(set(map(str, item)) - set(_KEYS))]
    if texts["expires"] and expires is None:
        problems.append(f"expires is {texts['expires']!r}; write a day such as 2027-03-31")
    return Waiver(
        index=index,
        policy=texts["policy"],
        partner=texts["partner"],
        reason=texts["reason"],
        expires=expires,
        problems=tuple(problems),
    )


def _broken(index: int, problem: str) -> Waiver:
    return Waiver(index=index, policy="", partner="", reason="", expires=None, problems=(problem,))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)


def _date(text: str) -> datetime.date | None:
    found = _DAY.fullmatch(text)
    try:
        return datetime.date.fromisoformat(found["day"]) if found else None
    except ValueError:
        return None
