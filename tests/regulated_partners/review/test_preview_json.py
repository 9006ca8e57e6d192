"""What a preview can hold beside the recorded plans; each test changes one of those in one place."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from regulated_partners.effects import EffectKind
from regulated_partners.engine.plan import Operation
from regulated_partners.engine.previews import read_preview, read_violations
from regulated_partners.errors import CannotRunError
from regulated_partners.review import ConnectorReview, review_of
from tests.regulated_partners.review.recordings import TODAY, document

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
BANK_OUT = "OutboundConnector::Fabrikam Bank-outbound"


def _changed(name: str, operation: str, urn_end: str, **inputs: Any) -> Any:
    plan = copy.deepcopy(document(name))
    (step,) = (step for step in plan["steps"] if step["op"] == operation and step["urn"].endswith(urn_end))
    step["newState"]["inputs"].update(inputs)
    return plan


def _connector(plan: Any, name: str) -> ConnectorReview:
    owners = review_of(read_preview(plan), TODAY).owners
    return next(connector for owner in owners for connector in owner.connectors if connector.name == name)


@pytest.mark.parametrize(("key", "value"), [("tlsDomain", UNKNOWN), ("recipientDomains", ["fabrikam.com", UNKNOWN])])
def test_what_cannot_be_judged_yet_counts_as_a_weakening(key: str, value: object) -> None:
    """A program could hide a weakening behind a value that is computed while it is applied."""
    plan = _changed("certificate-name-changed", "update", BANK_OUT, **{key: value})
    effects = _connector(plan, "Fabrikam Bank - outbound").effects
    assert effects[0].kind is EffectKind.WEAKENS
    assert key in effects[0].reason
    assert "cannot be judged" in effects[0].reason


def test_a_take_over_says_that_the_plan_does_not_know_what_is_there() -> None:
    """`adoptExisting` would look like a connector that did not exist, although it changes one that may carry mail."""
    plan = _changed("partner-added", "create", "InboundConnector::Contoso Clearing-inbound", adoptExisting=True)
    reasons = [effect.reason for effect in _connector(plan, "Contoso Clearing - inbound").effects]
    assert any("taken over" in reason for reason in reasons)


def test_the_tenant_counts_and_not_what_was_asked_of_it() -> None:
    """The service can decline an input without an error: the review would compare with what never was there."""
    plan = _changed("comment", "update", BANK_OUT)
    (step,) = (step for step in plan["steps"] if step["op"] == "update" and step["urn"].endswith(BANK_OUT))
    step["oldState"]["outputs"]["enabled"] = False
    for read in plan["steps"]:
        if read["op"] == "refresh" and read["urn"] == step["urn"]:
            read["oldState"]["outputs"]["enabled"] = False
    found = _connector(plan, "Fabrikam Bank - outbound")
    assert EffectKind.STRENGTHENS in {effect.kind for effect in found.effects}
    assert found.before.startswith("(switched off)")


def test_names_with_the_separators_of_a_urn_are_kept() -> None:
    """A partner whose name holds `::` or `$` would be shown under half of its name."""
    plan = copy.deepcopy(document("partner-added"))
    renamed = json.loads(json.dumps(plan).replace("Contoso Clearing", "A::B $C"))
    (owner,) = review_of(read_preview(renamed), TODAY).owners
    assert (owner.name, owner.operation) == ("A::B $C", Operation.CREATE)


def test_only_a_connector_of_the_same_direction_takes_a_place() -> None:
    """A partner would lose the protection of one direction, and the review would say that another took it over."""
    plan = copy.deepcopy(document("partner-renamed-without-alias"))
    new_inbound = "InboundConnector::Fabrikam Trust-inbound"
    plan["steps"] = [step for step in plan["steps"] if not step["urn"].endswith(new_inbound)]
    plan["steps"].sort(key=lambda step: step["op"] == "delete")
    lost = _connector(plan, "Fabrikam Bank - inbound").effects
    assert {effect.kind for effect in lost} == {EffectKind.WEAKENS}
    assert {effect.kind for effect in _connector(plan, "Fabrikam Bank - outbound").effects} == {EffectKind.NEUTRAL}


def test_a_failed_policy_is_not_taken_for_a_plan() -> None:
    """The engine's JSON does not say which policy failed; the review would pass a plan that the pack refused."""
    plan = {**document("nothing"), "diagnostics": [{"severity": "error", "message": "error: preview failed\n"}]}
    with pytest.raises(CannotRunError, match="mandatory policy"):
        read_preview(plan)


def test_an_operation_that_is_not_known_stops() -> None:
    """A newer engine could do something that the review would leave out without a word."""
    plan = copy.deepcopy(document("comment"))
    next(step for step in plan["steps"] if step["op"] == "update")["op"] = "teleport"
    with pytest.raises(CannotRunError, match="'teleport'"):
        read_preview(plan)


def test_resources_of_others_are_left_alone() -> None:
    """A stack that holds anything else could not be reviewed."""
    plan = copy.deepcopy(document("nothing"))
    urn = "urn:pulumi:dev::regulated-partners::random:index/randomId:RandomId::x"
    plan["steps"].append({"op": "create", "urn": urn, "newState": {"type": "random:index/randomId:RandomId"}})
    assert review_of(read_preview(plan), TODAY).owners == ()


def test_a_log_of_events_that_was_cut_off_is_not_one_without_violations(tmp_path: Path) -> None:
    """Failing: the engine died while it wrote the log, and the review says that all policies are kept."""
    log = tmp_path / "events.jsonl"
    assert read_violations(log) == ()
    log.write_text('{"sequence": 1}\n{"sequence": 2, "policyEvent": {"pol', encoding="utf-8")
    with pytest.raises(CannotRunError, match="no whole log of the engine's events, so policies may be violated"):
        read_violations(log)
