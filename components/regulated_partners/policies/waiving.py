"""Policies about waivers: none without a reason, none for ever, and none unseen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from regulated_partners.policies.rule import Level, Policy, Severity, StackRule, Violation
from regulated_partners.policies.subjects import Stack


def _complete(policies: frozenset[str], stack: Stack) -> Iterable[Violation]:
    for waiver in stack.waivers:
        problems = list(waiver.problems)
        if waiver.policy and waiver.policy not in policies:
            problems.append(f"no policy that can be waived has the id {waiver.policy!r}; see docs/policies.md")
        ahead = stack.configuration.max_days
        if waiver.expires and (waiver.expires - stack.today).days > ahead:
            problems.append(f"expires is {waiver.expires}, more than {ahead} days ahead; choose an earlier day")
        for problem in problems:
            yield _said(f"{waiver.path}: {problem}.")


def _expired(stack: Stack) -> Iterable[Violation]:
    for waiver in stack.waivers:
        if not waiver.problems and waiver.expired(stack.today):
            yield _said(
                f"{waiver.path}: the waiver of {waiver.policy} for '{waiver.partner}' expired on {waiver.expires} "
                f"({waiver.reason}). Remove it and keep the policy, or renew it with a new reason."
            )


def _in_force(policies: frozenset[str], stack: Stack) -> Iterable[Violation]:
    for waiver in stack.waivers:
        if waiver.policy in policies and waiver.in_force(stack.today):
            yield _said(
                f"{waiver.path}: '{waiver.partner}' need not keep {waiver.policy} until {waiver.expires}: "
                f"{waiver.reason}."
            )


def _names_nobody(stack: Stack) -> Iterable[Violation]:
    owners = {connector.owner.casefold() for connector in stack.connectors}
    owners |= {name.casefold() for _, name in stack.partners}
    for waiver in stack.waivers:
        if waiver.partner and waiver.partner.casefold() not in owners:
            yield _said(
                f"{waiver.path}: this stack has no partner or connector named '{waiver.partner}'. Correct the name, "
                "or remove the waiver."
            )


def _said(text: str) -> Violation:
    """Without an owner, so that no waiver covers it."""
    return Violation("", "", text)


def rules(waivable: Sequence[Policy]) -> tuple[StackRule, ...]:
    """The policies about waivers of the given policies."""
    ids = frozenset(rule.id for rule in waivable)
    return (
        StackRule(
            id="waiver-complete",
            severity=Severity.HIGH,
            description="Every waiver names a policy, a partner, a reason and a day not too far ahead.",
            remediation="Complete the waiver in the stack file.",
            why="An exception that nobody gave a reason for, or that never ends, is the rule.",
            source="this project",
            configuration=("maxDays",),
            test=partial(_complete, ids),
        ),
        StackRule(
            id="waiver-not-expired",
            severity=Severity.HIGH,
            description="No waiver is past its day.",
            remediation="Remove the waiver and keep the policy, or renew it with a new reason.",
            why="What was accepted for a while has to be decided again.",
            source="this project",
            test=_expired,
        ),
        StackRule(
            id="waiver-names-somebody",
            severity=Severity.LOW,
            level=Level.ADVISORY,
            description="Every waiver names a partner, or a connector of its own, of this stack.",
            remediation="Correct the name, or remove the waiver.",
            why="A waiver that is left behind silently covers whoever gets the name next.",
            source="this project",
            test=_names_nobody,
        ),
        StackRule(
            id="waiver-in-force",
            severity=Severity.LOW,
            level=Level.ADVISORY,
            description="Waivers in force are shown in every preview.",
            remediation="Nothing has to be done before the waiver expires.",
            why="Whoever approves the deployment sees which rules do not hold, for whom, until when, and why.",
            source="this project",
            test=partial(_in_force, ids),
        ),
    )
