"""What the pack prints for a stack of hundreds of connectors."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_policy import ResourceValidationArgs, StackValidationArgs

from exchange_online.connectors import Direction
from exchange_online.messages import ALL_MESSAGES, MOST_OF_A_KIND
from exchange_online.names import Face
from regulated_partners.policies import RULES
from regulated_partners.policies.pack import policy
from regulated_partners.policies.rule import Severity, StackRule, Violation
from regulated_partners.policies.subjects import Stack

_PREFIX = f"urn:pulumi:dev::p::{Direction.OUTBOUND.token(Face.DYNAMIC)}::"


def _resource(number: int, **more: Any) -> Any:
    return SimpleNamespace(
        urn=f"{_PREFIX}Raw {number}",
        name=f"Raw {number}",
        resource_type=Direction.OUTBOUND.token(Face.DYNAMIC),
        provider=None,
        parent=None,
        props={"name": f"Raw {number}", "recipientDomains": [f"r{number}.example"], "enabled": False},
        opts=SimpleNamespace(protect=False, parent=""),
        get_config=dict,
        **more,
    )


def _stack_rule(text: str) -> StackRule:
    def test(stack: Stack) -> Iterable[Violation]:
        yield from (Violation(one.settings.name, one.urn, f"{one.called}: {text}") for one in stack.connectors)

    return StackRule(
        id="test", severity=Severity.HIGH, description="d", remediation="Do it.", why="w", source="s", test=test
    )


def _of_stack(rule: StackRule, count: int) -> list[tuple[str, str | None]]:
    said: list[tuple[str, str | None]] = []
    resources = list(map(_resource, range(count)))
    args: Any = SimpleNamespace(resources=resources, get_config=dict)
    judged: Any = policy(rule)
    validated: StackValidationArgs = args
    judged.validate(validated, lambda text, urn=None: said.append((text, urn)))
    return said


def test_a_policy_over_the_stack_prints_twenty_violations_and_whom_it_leaves_out() -> None:
    """Failing, one forgotten setting of three hundred partners prints 700 kB, or looks like one of twenty."""
    said = _of_stack(_stack_rule("is wrong."), 300)
    assert len(said) == MOST_OF_A_KIND + 1
    # In the order of their URNs.
    assert said[0] == ("outbound connector 'Raw 0': is wrong.", f"{_PREFIX}Raw 0")
    assert said[-1][0].startswith("280 more violations, of Raw 116, Raw 117, Raw 118 and 277 more. ")
    assert said[-1][1] is None
    assert len(_of_stack(_stack_rule("is wrong."), MOST_OF_A_KIND)) == MOST_OF_A_KIND


def test_a_policy_of_connectors_prints_twenty_violations_and_then_counts() -> None:
    """Failing, the violations of hundreds of connectors bury the plan; or one that is the only one is not printed."""
    (rule,) = (rule for rule in RULES if rule.id == "connector-enabled")
    said: list[str] = []
    judged: Any = policy(rule)
    for number in range(300):
        args: Any = _resource(number)
        validated: ResourceValidationArgs = args
        judged.validate(validated, lambda text, _=None: said.append(text))
    assert len(said) == MOST_OF_A_KIND + 9
    assert said[0].startswith("outbound connector 'Raw 0': ")
    assert said[-1].startswith(
        "256 violations are left out so far (connector-enabled), the last about outbound connector 'Raw 275'."
    )


def test_a_long_violation_keeps_who_it_is_about_and_what_to_do() -> None:
    """Failing, a violation about a thousand domains is a page of them, or ends before it says what to do."""
    domains = ", ".join(f"d{number}.example" for number in range(1000))
    ((text, _),) = _of_stack(_stack_rule(f"{domains} is wrong. Do it."), 1)
    assert len(text) < 1050
    assert text.startswith("outbound connector 'Raw 0': d0.example, ")
    assert text.endswith(" is wrong. Do it.")
    assert " more characters … " in text


def test_all_violations_are_printed_for_who_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing, nobody can make a list of the connectors to mend; `review --json` would not have them either."""
    monkeypatch.setenv(ALL_MESSAGES, "true")
    said = _of_stack(_stack_rule("x" * 5000), 300)
    assert len(said) == 300
    assert len(said[0][0]) > 5000
