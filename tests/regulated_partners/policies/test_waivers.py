"""Waivers: what one covers, and what a wrong one does not."""

from __future__ import annotations

import pytest

from regulated_partners.policies import RULES
from regulated_partners.policies.waiver import read_waivers
from tests.regulated_partners.policies.stacks import TODAY, inbound, outbound, stack, violations

BY_ID = {rule.id: rule for rule in RULES}
SELF_SIGNED = BY_ID["outbound-certificate-trusted"]
WAIVER = {
    "policy": "outbound-certificate-trusted",
    "partner": "Fabrikam",
    "reason": "SEC-1302, their CA comes in spring",
    "expires": "2027-03-31",
}
WEAK = (inbound(), outbound(tlsSettings="EncryptionOnly", tlsDomain=None))


def test_it_covers_one_policy_of_one_partner() -> None:
    """A waiver would not work, or it would open more than was agreed."""
    assert violations(SELF_SIGNED, stack(*WEAK, waivers=[WAIVER])) == ()
    assert violations(SELF_SIGNED, stack(*WEAK, waivers=[{**WAIVER, "partner": "Contoso"}]))
    assert violations(SELF_SIGNED, stack(*WEAK, waivers=[{**WAIVER, "policy": "outbound-tls-required"}]))


def test_it_covers_a_connector_of_its_own_by_name() -> None:
    """A connector outside a partner could have no waiver."""
    own = outbound(partner=None, tlsSettings="EncryptionOnly", tlsDomain=None)
    assert violations(SELF_SIGNED, stack(own, waivers=[{**WAIVER, "partner": "Fabrikam - outbound"}])) == ()


def test_it_covers_a_policy_over_the_whole_stack() -> None:
    """A partner that only sends, and never receives, could not be declared."""
    waiver = {**WAIVER, "policy": "partner-both-directions"}
    assert violations(BY_ID["partner-both-directions"], stack(inbound(), waivers=[waiver])) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"expires": "2026-11-21"},
        {"expires": "soon"},
        {"expires": None},
        {"reason": "  "},
        {"reason": None},
        {"until": "2027-03-31"},
    ],
)
def test_a_wrong_or_expired_one_covers_nothing_and_is_told(changed: dict[str, object]) -> None:
    """An exception without reason or end would hold, and nobody would hear of it."""
    judged = stack(*WEAK, waivers=[{**WAIVER, **changed}])
    assert violations(SELF_SIGNED, judged)
    told = violations(BY_ID["waiver-complete"], judged) + violations(BY_ID["waiver-not-expired"], judged)
    assert len(told) == 1
    assert told[0].startswith("waivers[0]: ")


def test_an_expired_one_is_a_violation_in_words() -> None:
    """Nobody would know what had been agreed, and what to decide now."""
    judged = stack(*WEAK, waivers=[{**WAIVER, "expires": "2026-11-21"}])
    (text,) = violations(BY_ID["waiver-not-expired"], judged)
    for word in ("outbound-certificate-trusted", "'Fabrikam'", "2026-11-21", "SEC-1302", "Remove it"):
        assert word in text


@pytest.mark.parametrize("day", ["2027-03-31", "2027-03-31 00:00:00 +0000 UTC", "2027-03-31T00:00:00Z"])
def test_a_day_is_read_as_yaml_and_the_engine_write_it(day: str) -> None:
    """A date without quotation marks would be refused. Source: measured with CLI 3.259."""
    (waiver,) = read_waivers([{**WAIVER, "expires": day}])
    assert waiver.in_force(TODAY)
    assert str(waiver.expires) == "2027-03-31"


@pytest.mark.parametrize("declared", ["none", {"policy": "x"}, ["text"], [None]])
def test_what_is_no_list_of_waivers_is_told(declared: object) -> None:
    """A mistake in the stack file would end the pack with a traceback."""
    assert violations(BY_ID["waiver-complete"], stack(waivers=declared))


def test_an_unknown_policy_cannot_be_waived() -> None:
    """A misspelled id would look like a waiver and be none; or the rules about waivers could be waived."""
    for policy in ("outbound-certificate-trustd", "waiver-not-expired"):
        (text,) = violations(BY_ID["waiver-complete"], stack(waivers=[{**WAIVER, "policy": policy}]))
        assert policy in text
