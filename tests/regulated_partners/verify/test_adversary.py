"""A sender that means harm, in many messages: no clear hop, and none of somebody else's, comes out as a proof."""

from __future__ import annotations

from dataclasses import replace

from regulated_partners.verify.message import MessageCheck
from tests.regulated_partners.verify.adversary import attack, count, fooled, seeds_that_fool


def test_no_message_of_a_sender_that_means_harm_passes() -> None:
    """Failing: what a sender writes turns a clear hop, or one from elsewhere, into PASSED. Each seed makes it again."""
    assert seeds_that_fool(range(count())) == []


def test_the_messages_are_what_they_should_be() -> None:
    """Failing: the generator makes messages of one kind only, and the test above proves little."""
    cases = [attack(seed) for seed in range(300)]
    assert {case.is_clear for case in cases} == {True, False}
    assert {bool(case.check.partner) for case in cases} == {True, False}
    assert len({case.check.gateways for case in cases}) >= 5
    assert len({case.check.directions for case in cases}) == 3
    assert sum("message/rfc822" in case.text for case in cases) > 30
    assert attack(7) == attack(7)


def test_the_judge_of_the_judgement_can_be_fooled() -> None:
    """Failing: the test above could not see a message that passes."""
    foreign = [case for case in map(attack, range(300)) if not case.is_clear and not case.check.gateways]
    assert any(fooled(replace(case, check=MessageCheck())) for case in foreign)
