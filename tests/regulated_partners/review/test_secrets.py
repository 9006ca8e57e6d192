"""A review of secret values: that they change is said, what they are is not, and nothing false is said of them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from exchange_online.connectors import SECRET, Direction
from exchange_online.names import Face
from regulated_partners.engine.previews import read_preview, read_refresh, read_saved_plan
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.review import Gates, as_json, comment, issue, refusals, review_of
from regulated_partners.review.gates import FAIL_ON

TODAY = datetime.date(2026, 11, 25)
PARTNER = f"urn:pulumi:dev::p::{COMPONENT_TOKENS[Face.DYNAMIC]}::Fabrikam"
URN = f"{PARTNER.rpartition('::')[0]}${Direction.OUTBOUND.token(Face.DYNAMIC)}::Fabrikam-outbound"
#: How a state and a saved plan hold a secret.
CIPHER = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:canary"}


def outbound(**changes: Any) -> dict[str, Any]:
    made = {
        "name": "Fabrikam - outbound",
        "recipientDomains": ["fabrikam.com"],
        "smartHosts": SECRET,
        "useMxRecord": False,
        "tlsSettings": "EncryptionOnly",
        "comment": SECRET,
        "secretProperties": ["comment", "smartHosts"],
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


def step(op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, *reasons: str) -> dict[str, Any]:
    def state(properties: dict[str, Any]) -> dict[str, Any]:
        common = {"type": Direction.OUTBOUND.token(Face.DYNAMIC), "id": "g", "parent": PARTNER}
        return {**common, "inputs": properties, "outputs": properties}

    states = {"oldState": old, "newState": new}
    return {
        "op": op,
        "urn": URN,
        "diffReasons": list(reasons) or None,
        **{key: state(value) for key, value in states.items() if value is not None},
    }


def reviewed(*steps: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    review = review_of(read_preview({"steps": steps}), TODAY)
    refused = refusals(review, Gates(frozenset(FAIL_ON.values())))
    return comment(review, refused) + as_json(review, refused), refused


def test_a_secret_that_changes_is_a_change() -> None:
    """Failing, a review would say that no setting changes, and a gate would let other servers pass unseen."""
    text, refused = reviewed(step("update", outbound(), outbound(), "comment", "smartHosts"))
    assert "no setting of the connector changes" not in text.lower()
    assert "martHosts changes and is secret, so it cannot be judged here" in text
    assert "omment changes, and is secret" in text
    assert "| SmartHosts |" in text
    assert len(refused) == 1


def test_a_secret_comment_alone_stops_nobody() -> None:
    """Failing, a new ticket number would need an acknowledgement, as if protection got weaker."""
    text, refused = reviewed(step("update", outbound(), outbound(), "comment"))
    assert refused == ()
    assert "omment changes, and is secret" in text


@pytest.mark.parametrize("secret_first", [True, False])
def test_a_value_that_becomes_secret_is_not_shown(secret_first: bool) -> None:
    """Failing, the pull request that makes a value secret, or takes that back, would publish it."""
    states = [outbound(), outbound(comment="canary", smartHosts=["canary.example"], secretProperties=None)]
    old, new = states if secret_first else reversed(states)
    text, refused = reviewed(step("update", old, new, "secretProperties"))
    assert "canary" not in text
    assert refused == ()
    assert "o setting of the connector changes" in text


def test_a_plan_that_shows_secrets_makes_a_review_that_does_not() -> None:
    """Failing, `pulumi preview --json --show-secrets`, made to look at something, would end in a pull request."""
    old = outbound(smartHosts=["canary-1.example"], comment="canary")
    new = {**old, "smartHosts": ["canary-2.example"]}
    for steps in (step("update", old, new, "smartHosts"), step("create", None, new), step("delete", old, None)):
        text, _ = reviewed(steps)
        assert "canary" not in text
        assert "\\[secret\\]" in text
    (drift,) = review_of(read_refresh({"steps": [step("update", old, new, "smartHosts")]}, "dev"), TODAY).drifts
    assert "canary" not in issue("dev", [drift])


def test_a_secret_that_comes_or_goes_is_said_as_such() -> None:
    """Failing, nobody would see that the servers of a partner are no longer declared at all."""
    text, _ = reviewed(
        step("update", outbound(), outbound(smartHosts=None, useMxRecord=True), "smartHosts", "useMxRecord")
    )
    assert "| SmartHosts | \\[secret\\] | (not set) |" in text
    assert "cannot be judged" not in text


def test_a_secret_switch_is_not_judged_as_if_it_were_known() -> None:
    """Failing, a review would take a hidden `enabled` for false, or for true."""
    text, refused = reviewed(step("update", outbound(enabled=True), outbound(enabled=SECRET), "enabled"))
    assert "nabled is known only while the plan is applied, so it cannot be judged" in text
    assert len(refused) == 1


def test_drift_of_a_secret() -> None:
    """Failing, `drift` would find a difference and say that no setting of a connector is different."""
    document = {"steps": [step("update", outbound(), outbound(), "smartHosts")], "changeSummary": {"update": 1}}
    (drift,) = review_of(read_refresh(document, "dev"), TODAY).drifts
    assert [(one.parameter, one.before, one.after) for one in drift.settings] == [("SmartHosts", SECRET, SECRET)]
    assert "SmartHosts" in issue("dev", [drift])


def test_a_saved_plan_and_its_state_hold_secrets_encrypted() -> None:
    """Failing, ciphertext would be shown, or read as no smart hosts at all."""
    plan = {
        "resourcePlans": {
            URN: {
                "goal": {
                    "type": Direction.OUTBOUND.token(Face.DYNAMIC),
                    "parent": PARTNER,
                    "inputDiff": {"updates": {"smartHosts": CIPHER}},
                },
                "steps": ["update"],
                "state": outbound(smartHosts=CIPHER, comment=CIPHER),
            }
        }
    }
    before = {
        "urn": URN,
        "type": Direction.OUTBOUND.token(Face.DYNAMIC),
        "outputs": outbound(smartHosts=[CIPHER], comment=CIPHER),
    }
    review = review_of(read_saved_plan(plan, {"deployment": {"resources": [before]}}), TODAY)
    text = comment(review, ())
    assert "canary" not in text
    assert "through \\[secret\\] only over TLS" in text
    assert "martHosts changes and is secret" in text
    assert "omment changes" not in text
