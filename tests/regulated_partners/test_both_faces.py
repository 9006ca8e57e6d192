"""A native stack says the same as its dynamic twin: review, gates, drift, inventory, adopt and every policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_policy import StackValidationPolicy

from exchange_online.connectors import Direction, Mark, check
from exchange_online.names import Face
from regulated_partners.adopt import Selection, make_plan
from regulated_partners.engine.previews import read_preview, read_refresh, read_saved_plan
from regulated_partners.engine.state import States, managed_by
from regulated_partners.errors import CannotRunError
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.partners.stack import read_stack
from regulated_partners.policies import RULES
from regulated_partners.policies.pack import policy
from regulated_partners.review import FAIL_ON, Gates, Review, as_json, comment, issue, refusals, review_of
from tests.regulated_partners.policies.test_engine import INBOUND, OUTBOUND
from tests.regulated_partners.review.recordings import TODAY, document
from tests.regulated_partners.review.scenarios import SCENARIOS
from tests.regulated_partners.rows import inbound, outbound
from tests.support.native_twin import native_text, native_twin

GATES = Gates(fail_on=frozenset(FAIL_ON.values()), max_changed=10)
PREVIEWS = [name for name, scenario in SCENARIOS.items() if not scenario.fails]
SAVED = [name for name, scenario in SCENARIOS.items() if scenario.saved]


def _told(review: Review) -> tuple[object, ...]:
    refused = refusals(review, GATES)
    return comment(review, refused), as_json(review, refused), issue(review.stack, review.drifts), refused


@pytest.mark.parametrize("name", PREVIEWS)
def test_a_review_says_the_same_of_both(name: str) -> None:
    """Failing, a weakening that is declared through the plugin passes the gate of a pull request."""
    dynamic = document(name)
    assert _told(review_of(read_preview(native_twin(dynamic)), TODAY)) == _told(review_of(read_preview(dynamic), TODAY))


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_plan_says_the_same_of_both(name: str) -> None:
    """Failing, the plan that a pipeline applies is reviewed as if it had no connectors."""
    plan, state = document(f"{name}.plan"), document(f"{name}.state")
    native = read_saved_plan(native_twin(plan), native_twin(state))
    assert native.connectors
    assert _told(review_of(native, TODAY)) == _told(review_of(read_saved_plan(plan, state), TODAY))


@pytest.mark.parametrize("name", PREVIEWS)
def test_drift_says_the_same_of_both(name: str) -> None:
    """Failing, what somebody changed in the tenant of a native stack is never shown."""
    # A refresh has the same states as the steps of a preview: here, of what is there and what would be.
    steps = [step for step in document(name)["steps"] if step["op"] in ("update", "delete", "refresh", "same")]
    dynamic = {"steps": steps}
    native = read_refresh(native_twin(dynamic), "dev")
    found = read_refresh(dynamic, "dev")
    assert [native_text(connector.urn) for connector in found.connectors] == [one.urn for one in native.connectors]
    assert _told(review_of(native, TODAY)) == _told(review_of(found, TODAY))


@pytest.mark.parametrize("name", SAVED)
def test_a_state_is_read_the_same_of_both(name: str) -> None:
    """Failing, the inventory shows every connector of a native stack as unmanaged, and `adopt` takes it again."""
    export = document(f"{name}.state")
    found = list(managed_by("dev", export))
    assert len(found) == 7
    assert list(managed_by("dev", native_twin(export))) == found


def test_adopt_knows_what_a_native_stack_manages() -> None:
    """Failing, a connector that the plugin manages is entered into the state a second time."""
    first, second = inbound("Fabrikam in", "fabrikam.com"), outbound("Fabrikam out", "fabrikam.com")
    resources = [
        {
            "urn": f"urn:pulumi:dev::p::{record.direction.token(face)}::{record.name}",
            "type": record.direction.token(face),
            "id": record.guid,
            "outputs": {},
        }
        for record, face in ((first, Face.NATIVE), (second, Face.DYNAMIC))
    ]
    managed = {one.guid: one for one in managed_by("dev", {"deployment": {"resources": resources}})}
    states = States(Mark("p", "dev"), managed)
    plan = make_plan([first, second], states, read_stack({"regulated-partners:partners": []}), Selection())
    assert plan.adopted == ()
    assert [verdict.becomes.value for verdict in plan.verdicts] == ["managed", "managed"]


def _resources(face: Face) -> list[Any]:
    """The declarations that violate every policy, as the engine shows them to a pack."""
    partner = SimpleNamespace(
        urn=f"urn:pulumi:dev::p::{COMPONENT_TOKENS[face]}::Half",
        name="Half",
        resource_type=COMPONENT_TOKENS[face],
        parent=None,
        provider=None,
        props={},
        opts=SimpleNamespace(protect=False, parent=""),
        get_config=dict,
    )
    return [partner, *_declared(face, partner)]


def _declared(face: Face, partner: Any) -> Iterable[Any]:
    half = {"name": "Half - inbound", "senderDomains": ["half.example"], "enabled": False}
    rows = [(Direction.INBOUND, declared, None) for declared in INBOUND]
    rows += [(Direction.OUTBOUND, declared, None) for declared in OUTBOUND]
    rows.append((Direction.INBOUND, half, partner))
    for direction, declared, parent in rows:
        token = direction.token(face)
        yield SimpleNamespace(
            urn=f"urn:pulumi:dev::p::{token}::{declared['name']}",
            name=declared["name"],
            resource_type=token,
            parent=parent,
            provider=SimpleNamespace(props=_provider(face)),
            props=check(direction, declared).inputs(),
            opts=SimpleNamespace(protect=False, parent=parent.urn if parent else ""),
            get_config=dict,
        )


def _provider(face: Face) -> Mapping[str, str]:
    return {"regulated-partners:cloud": "commercial"} if face is Face.DYNAMIC else {"cloud": "commercial"}


def _verdicts(face: Face) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    resources = _resources(face)
    for rule in RULES:
        judged: Any = policy(rule)
        texts: list[str] = []

        def report(text: str, urn: str | None = None, texts: list[str] = texts) -> None:
            texts.append(f"{native_text(urn or '')} {text}")

        args: Any = SimpleNamespace(resources=resources, get_config=dict)
        for judging in [args] if isinstance(judged, StackValidationPolicy) else resources:
            judged.validate(judging, report)
        found[rule.id] = texts
    return found


def test_every_policy_says_the_same_of_both() -> None:
    """Failing, the pack shows a tick for a connector of the plugin that it refuses when a Python class declares it."""
    native = _verdicts(Face.NATIVE)
    assert native == _verdicts(Face.DYNAMIC)
    assert len([texts for texts in native.values() if texts]) > 20


@pytest.mark.parametrize("face", Face)
def test_a_type_that_nobody_knows_is_refused_by_name(face: Face) -> None:
    """Failing, what a newer plugin makes is left out of reviews, drift and inventory in silence."""
    token = face.token("MailFlowRule")
    urn = f"urn:pulumi:dev::p::{token}::Rule 1"
    state = {"urn": urn, "type": token, "id": "1"}
    step = {"op": "create", "urn": urn, "newState": state}
    plan = {"resourcePlans": {urn: {"goal": {"type": token}, "steps": ["create"], "state": {}}}}
    export = {"deployment": {"resources": [state]}}
    reads: list[Any] = [
        lambda: read_preview({"steps": [step]}),
        lambda: read_refresh({"steps": [{"op": "refresh", "urn": urn, "oldState": state}]}, "dev"),
        lambda: read_saved_plan(plan, None),
        lambda: list(managed_by("dev", export)),
    ]
    for read in reads:
        with pytest.raises(CannotRunError, match=f"is of the type {token}, which this version"):
            read()
