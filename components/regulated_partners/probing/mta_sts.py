"""MTA-STS: what a domain's policy says, and which mail servers it lets through. Pure. Source: RFC 8461."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from regulated_partners.probing.seen import DomainSeen

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LONGEST_AGE = 31557600


class PolicyMode(StrEnum):
    """Source: RFC 8461 3.2."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True)
class Policy:
    """A policy. `mx` are host names; `*.` stands for one label."""

    mode: PolicyMode
    mx: tuple[str, ...]
    max_age: int

    def covers(self, host: str) -> bool:
        """Whether the policy lets mail go to this server. Source: RFC 8461 4.1."""
        name = host.lower().rstrip(".")
        _, _, parent = name.partition(".")
        return any(name == pattern or (pattern.startswith("*.") and pattern[2:] == parent) for pattern in self.mx)


class BrokenPolicyError(Exception):
    """Why senders take the policy for absent; the text is a clause."""


def domain_policy(seen: DomainSeen) -> Policy | None:
    """The policy of a domain, None where it publishes none.

    Raises:
        BrokenPolicyError: it publishes one that nobody can use.
    """
    announced = [record for record in seen.mta_sts.records if re.match(r"v=STSv1\s*(;|$)", record)]
    if not announced:
        return None
    if len(announced) > 1:
        raise BrokenPolicyError(f"_mta-sts.{seen.domain} has {len(announced)} records of v=STSv1 instead of one")
    fields = dict(part.strip().partition("=")[::2] for part in announced[0].split(";") if part.strip())
    if not _ID.fullmatch(fields.get("id", "")):
        raise BrokenPolicyError(f"_mta-sts.{seen.domain} has no proper id: {announced[0][:80]!r}")
    if seen.policy is None or seen.policy.text is None:
        raise BrokenPolicyError((seen.policy and seen.policy.problem) or "the policy was not fetched")
    return read_policy(seen.policy.text)


def read_policy(text: str) -> Policy:
    """Reads a policy file. Raises BrokenPolicyError. Source: RFC 8461 3.2 (fields not known are ignored)."""
    fields: dict[str, str] = {}
    mx: list[str] = []
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "mx":
            mx.append(value.lower().rstrip("."))
        else:
            # Of a repeated field the first one counts.
            fields.setdefault(key, value)
    if fields.get("version") != "STSv1":
        raise BrokenPolicyError("the policy has no 'version: STSv1'")
    mode = next((each for each in PolicyMode if each.value == fields.get("mode")), None)
    if mode is None:
        raise BrokenPolicyError(f"the policy's mode is {fields.get('mode', '')[:40]!r}: not enforce, testing or none")
    age = fields.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > _LONGEST_AGE:
        raise BrokenPolicyError(f"the policy's max_age is {age[:40]!r}: not a number of seconds up to {_LONGEST_AGE}")
    if not mx and mode is not PolicyMode.NONE:
        raise BrokenPolicyError("the policy names no mx")
    return Policy(mode, tuple(mx), int(age))
