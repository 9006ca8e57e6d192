"""The policy files of MTA-STS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.probing.mta_sts import BrokenPolicyError, PolicyMode, read_policy

_GOOD = "version: STSv1\nmode: enforce\nmx: mail.fabrikam.test\nmx: *.backup.test\nmax_age: 604800\n"


@pytest.mark.parametrize(
    "text", [_GOOD, _GOOD.replace("\n", "\r\n"), _GOOD + "future: field\n", _GOOD + "mode: none\n"]
)
def test_a_policy_is_read(text: str) -> None:
    """Failing: a sound policy counts as absent, or a later line overrides an earlier one. Source: RFC 8461 3.2."""
    policy = read_policy(text)
    assert policy.mode is PolicyMode.ENFORCE
    assert policy.mx == ("mail.fabrikam.test", "*.backup.test")
    assert policy.max_age == 604800


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("mail.fabrikam.test", True),
        ("MAIL.fabrikam.test.", True),
        ("other.fabrikam.test", False),
        ("mx1.backup.test", True),
        ("backup.test", False),
        ("a.mx1.backup.test", False),
    ],
)
def test_a_wildcard_stands_for_one_label(host: str, covered: bool) -> None:
    """Failing: a server that the policy does not name passes, or one that it names fails. Source: RFC 8461 4.1."""
    assert read_policy(_GOOD).covers(host) is covered


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no 'version: STSv1'"),
        (_GOOD.replace("STSv1", "STSv2"), "no 'version: STSv1'"),
        (_GOOD.replace("enforce", "enforced"), "not enforce, testing or none"),
        (_GOOD.replace("604800", "-1"), "max_age"),
        (_GOOD.replace("604800", "31557601"), "max_age"),
        ("version: STSv1\nmode: testing\nmax_age: 1\n", "names no mx"),
    ],
)
def test_a_broken_policy_says_why(text: str, words: str) -> None:
    """Failing: a partner is told that the policy is broken, and not what to correct."""
    with pytest.raises(BrokenPolicyError, match=words):
        read_policy(text)


@given(st.text())
def test_any_text_is_a_policy_or_broken(text: str) -> None:
    """Failing: a policy of garbage ends the command."""
    try:
        policy = read_policy(text)
    except BrokenPolicyError:
        return
    assert policy.mode in PolicyMode
