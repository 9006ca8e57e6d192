"""The review of what the real engine writes now: the recordings must not be the only ones that can be read."""

from __future__ import annotations

import json

import pytest

from exchange_online_emulator import Control
from regulated_partners.engine.previews import read_preview, read_saved_plan
from regulated_partners.review import FAIL_ON, Gates, comment, refusals, review_of
from tests.regulated_partners.review.recordings import TODAY, reviewed
from tests.regulated_partners.review.scenarios import BASE, SCENARIOS
from tests.support.engine import Project

pytestmark = pytest.mark.engine


def test_a_pull_request_is_refused_acknowledged_and_applied(project: Project, control: Control) -> None:
    """The engine's output has changed so that the review reads it wrongly; or an acknowledgement changes connectors;
    or the plan that people approved cannot be applied."""
    project.configure(**BASE)
    project.up().succeeded()
    gates = Gates(fail_on=frozenset({FAIL_ON["weakens"]}))
    saved = project.directory / "plan.json"

    project.configure(**SCENARIOS["outbound-self-signed"].settings())
    first = review_of(read_preview(json.loads(project.pulumi("preview", "--json").stdout)), TODAY)
    assert comment(first, ()) == comment(reviewed("outbound-self-signed"), ())
    assert refusals(first, gates)

    project.configure(**SCENARIOS["weakened-acknowledged"].settings())
    preview = project.pulumi("preview", "--json", "--save-plan", str(saved))
    state = json.loads(project.pulumi("stack", "export").stdout)
    second = review_of(read_preview(json.loads(preview.stdout)), TODAY)
    approved = review_of(read_saved_plan(json.loads(saved.read_text(encoding="utf-8")), state), TODAY)
    assert refusals(second, gates) == refusals(approved, gates) == ()
    assert comment(second, ()) == comment(approved, ()) == comment(reviewed("weakened-acknowledged"), ())

    control.clear_calls()
    project.up("--plan", str(saved)).succeeded()
    (written,) = control.writes()
    assert written.cmdlet == "Set-OutboundConnector"
    assert {key: value for key, value in written.parameters.items() if key != "Identity"} == {
        "TlsSettings": "EncryptionOnly"
    }
