"""A pull request from the first preview to the applied plan: the scripts of the pipelines, on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine import tenant
from tests.engine.partners import FABRIKAM, WOODGROVE
from tests.pipelines import scripts
from tests.pipelines.forge import Forge
from tests.pipelines.working_copy import WorkingCopy

pytestmark = pytest.mark.engine

WEAKER = {**FABRIKAM, "outbound": {"connectionSecurity": "opportunisticTls"}}
CONSENT = {"acknowledge": {"reason": "SEC-2001, their new certificate comes in March", "expires": "2999-03-31"}}


def test_from_a_change_to_an_applied_plan(clone: WorkingCopy, forge: Forge, tmp_path: Path) -> None:
    """Failing means that a copied pipeline lets a weakening pass unseen, or does not apply what was approved."""
    summary = tmp_path / "summary.md"
    github = {**forge.github(), "GITHUB_STEP_SUMMARY": str(summary)}
    review, show = scripts.github("preview.yml", "preview", "dev")
    plan, _ = scripts.github("apply-stack.yml", "plan", "dev")
    apply, look_again = scripts.github("apply-stack.yml", "apply", "dev")
    (drift,) = scripts.github("drift.yml", "drift", "dev")

    clone.declare("dev", FABRIKAM, WOODGROVE)
    clone.run("make up").succeeded()
    before = tenant.whole(clone.control)

    clone.declare("dev", WEAKER, WOODGROVE)
    clone.run(review, **github).failed("Fabrikam Bank", "If this is meant, say so at the partner")
    clone.run(show, **github).succeeded()
    (comment,) = forge.comments.values()
    assert "This change may not be applied as it is" in comment
    assert "**weakens**" in comment
    assert "refused" in summary.read_text(encoding="utf-8")
    assert tenant.whole(clone.control) == before, "a preview must not write"

    clone.declare("dev", WEAKER | CONSENT, WOODGROVE)
    clone.run(review, **github).succeeded()
    (comment,) = forge.comments.values()
    assert "Acknowledged in the stack file until 2999-03-31: SEC-2001" in comment
    assert "may not be applied" not in comment
    written = len(forge.writes)
    clone.run(review, **github).succeeded()
    assert len(forge.writes) == written, "the same review is not written again"

    clone.run(plan).succeeded()
    clone.run(apply).succeeded()
    outbound = tenant.connectors(clone.control, "outbound")["Fabrikam Bank - outbound"]
    assert "TlsSettings" not in outbound
    clone.run(look_again).succeeded()
    clone.run(drift, **github).succeeded()
    assert forge.issues == {}


def test_a_plan_that_does_not_fit_any_longer(clone: WorkingCopy) -> None:
    """Failing means that something is applied that nobody has approved."""
    (plan,), (apply, _) = scripts.gitlab(".plan", "dev")[:1], scripts.gitlab(".apply", "dev")
    clone.declare("dev", FABRIKAM)
    clone.run("make up").succeeded()
    clone.declare("dev", {**FABRIKAM, "comment": "SEC-1"})
    clone.run(plan).succeeded()
    clone.declare("dev", WEAKER)
    clone.run(apply).failed("does not fit any longer", "regulated-partners review --stack dev")
    outbound = tenant.connectors(clone.control, "outbound")["Fabrikam Bank - outbound"]
    assert outbound["TlsSettings"] == "DomainValidation"

    clone.declare("dev", {**FABRIKAM, "comment": "SEC-1"})
    clone.control.invoke("Set-InboundConnector", {"Identity": "Fabrikam Bank - inbound", "RequireTls": False})
    clone.run(apply).failed("does not fit any longer")
    inbound = tenant.connectors(clone.control, "inbound")["Fabrikam Bank - inbound"]
    assert (inbound["RequireTls"], inbound["Comment"]) == (False, FABRIKAM["comment"]), (
        "drift is not in the plan either"
    )


def test_drift_is_one_issue_until_it_is_gone(clone: WorkingCopy, forge: Forge) -> None:
    """Failing means an issue every night, none at all, or one that nobody closes."""
    (drift,) = scripts.github("drift.yml", "drift", "dev")
    clone.declare("dev", FABRIKAM)
    clone.run("make up").succeeded()
    clone.control.invoke("Set-InboundConnector", {"Identity": "Fabrikam Bank - inbound", "RequireTls": False})
    before = tenant.whole(clone.control)
    for _ in range(2):
        clone.run(drift, **forge.github()).failed("Fabrikam Bank", "RequireTls", "true", "false")
    (issue,) = forge.issues.values()
    assert issue["title"] == "Drift: somebody changed connectors of stack dev in the tenant"
    assert "### Fabrikam Bank: connector Fabrikam Bank - inbound" in issue["body"]
    assert "| RequireTls | true | false |" in issue["body"]
    assert tenant.whole(clone.control) == before, "looking must not write"

    clone.run("make up").succeeded()
    clone.run(drift, **forge.github()).succeeded()
    assert issue["state"] == "closed"


def test_what_azure_pipelines_run(clone: WorkingCopy, forge: Forge) -> None:
    """Failing means that the Azure DevOps pipeline calls make in a way that does not work."""
    clone.declare("dev", FABRIKAM)
    clone.run("make up").succeeded()
    clone.declare("dev", {**FABRIKAM, "comment": "SEC-1"})
    (review,) = scripts.azure("preview.yml", "dev")
    clone.run(review, **forge.azure()).succeeded()
    assert "SEC-1" in "".join(forge.comments.values())
    artifact = clone.directory.parent / "plan-dev"
    (clone.directory / ".review" / "dev").rename(artifact)
    apply, look_again = scripts.azure("apply.yml", "dev")
    clone.run(apply).succeeded()
    clone.run(look_again).succeeded()
    assert tenant.connectors(clone.control, "inbound")["Fabrikam Bank - inbound"]["Comment"] == "SEC-1"
