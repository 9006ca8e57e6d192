"""`regulated-partners review --stack` and `drift`: several stacks, shared partners, and what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine import tenant
from tests.engine.partners import FABRIKAM, WOODGROVE
from tests.pipelines.conftest import clone
from tests.pipelines.working_copy import WorkingCopy

__all__ = ["clone"]

pytestmark = pytest.mark.engine

SHARED = {"partners": [FABRIKAM, WOODGROVE]}
FILE = "stacks/partners.yaml"


def preview(clone: WorkingCopy, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what is said about each stack."""
    done = clone.command("review", *arguments, "--json")
    document = json.loads(done.output[done.output.index("{") : done.output.rindex("}") + 1])
    return done.exit_code, {each["stack"]: each for each in document["stacks"]}


def test_several_stacks_share_their_partners(clone: WorkingCopy) -> None:
    """A failure means that promotion needs copies of the partners, or that one look does not show all stacks."""
    clone.write("partners.yaml", SHARED)
    clone.declare("dev", partnersFile=FILE)
    clone.declare(
        "staging",
        partnersFile=FILE,
        leaveOut=["Woodgrove Hospital"],
        partnerOverrides={"Fabrikam Bank": {"enabled": False, "comment": None}},
    )
    done = clone.command("review", "--stack", "dev", "--stack", "staging").succeeded()
    for line in ("dev: previewing ...", "staging: previewing ...", "2 of 2)", "may be applied"):
        assert line in done.output
    staging, dev = (clone.read(f".review/{stack}/review.md") for stack in ("staging", "dev"))
    assert "### Fabrikam Bank is new" in staging
    assert "Woodgrove" not in staging
    assert "### Woodgrove Hospital is new" in dev
    assert clone.read(".review/summary.md").count("\n| ") == 3

    clone.run("make up STACK=staging PLAN=.review/staging/plan.json").succeeded()
    found = tenant.connectors(clone.control, "inbound")
    assert list(found) == ["Fabrikam Bank - inbound"]
    assert found["Fabrikam Bank - inbound"]["Enabled"] is False
    assert found["Fabrikam Bank - inbound"]["Comment"] == "[Pulumi: regulated-partners/staging]"


def test_one_stack_that_cannot_run_does_not_hide_the_others(clone: WorkingCopy) -> None:
    """A failure means that one broken tenant hides what would happen in all others, or passes as fine."""
    clone.write("partners.yaml", {"partners": [{**FABRIKAM, "domains": ["x y"]}]})
    clone.declare("dev", FABRIKAM)
    clone.declare("broken", partnersFile=FILE)
    clone.write("Pulumi.remote.yaml", {"config": {"regulated-partners:cloud": "commercial"}})
    code, said = preview(clone, "--stack", "dev", "--stack", "broken", "--stack", "remote")
    assert code == 2
    assert {name: each["result"] for name, each in said.items()} == {
        "dev": "may be applied",
        "broken": "could not run",
        "remote": "could not run",
    }
    assert f"{FILE}: partners[0].domains[0]" in said["broken"]["problem"]
    assert "set PULUMI_BACKEND_URL" in said["remote"]["problem"]
    comment = clone.read(".review/broken/review.md")
    assert comment.startswith("<!-- regulated-partners review: broken -->\n")
    assert "**The preview failed, so nobody knows.**" in comment
    assert not (clone.directory / ".review" / "broken" / "plan.json").exists()


def test_an_acknowledgement_in_the_shared_file_counts(clone: WorkingCopy) -> None:
    """A failure means that what was meant for all stacks must be written into each."""
    clone.write("partners.yaml", SHARED)
    clone.declare("dev", partnersFile=FILE)
    clone.run("make up").succeeded()
    consent = {"acknowledge": {"reason": "SEC-2001", "expires": "2999-03-31"}}
    weaker = {**FABRIKAM, "outbound": {"connectionSecurity": "opportunisticTls"}}
    clone.write("partners.yaml", {"partners": [weaker, WOODGROVE]})
    assert preview(clone, "--stack", "dev", "--fail-on", "weakens")[0] == 1
    clone.write("partners.yaml", {"partners": [weaker | consent, WOODGROVE]})
    code, said = preview(clone, "--stack", "dev", "--fail-on", "weakens")
    assert (code, said["dev"]["refusals"]) == (0, [])


def test_a_violated_policy_refuses_and_says_which(clone: WorkingCopy) -> None:
    """A failure means that the comment says `preview failed`, and nobody knows which rule was broken or what to do."""
    clone.declare("dev", WOODGROVE)
    code, said = preview(clone, "--stack", "dev", "--policy-pack", "policies")
    assert (code, said["dev"]["result"]) == (1, "refused")
    assert "Policy outbound-certificate-trusted: outbound connector" in "".join(said["dev"]["refusals"])
    assert "### Woodgrove Hospital is new" in clone.read(".review/dev/review.md")
    clone.declare("dev", FABRIKAM)
    assert preview(clone, "--stack", "dev", "--policy-pack", "policies")[0] == 0


def test_no_secret_is_in_what_is_kept(clone: WorkingCopy) -> None:
    """A failure means that a secret of the stack is in an artifact that every reader of the repository can download."""
    clone.declare("dev", FABRIKAM)
    variables = {"PULUMI_CONFIG_PASSPHRASE": "local", "PULUMI_BACKEND_URL": (clone.directory / ".state").as_uri()}
    (clone.directory / ".state").mkdir()
    clone.run(
        "pulumi stack init dev --non-interactive; "
        "pulumi config set --secret regulated-partners:clientSecret hunter2-hunter2 --stack dev",
        **variables,
    ).succeeded()
    assert "hunter2" not in clone.read("stacks/Pulumi.dev.yaml")
    clone.command("review", "--stack", "dev", **variables).succeeded()
    kept = sorted(each for each in (clone.directory / ".review").rglob("*") if each.is_file())
    assert {each.name for each in kept} == {"plan.json", "review.md", "review.json", "summary.md"}
    for each in kept:
        assert "hunter2" not in each.read_text(encoding="utf-8"), each.name
    assert "clientSecret" in clone.read(".review/dev/plan.json"), "the plan does hold the setting"


def test_drift_says_what_differs_and_how(clone: WorkingCopy, tmp_path: Path) -> None:
    """A failure means that drift has no exit code of its own, or a report that does not name the property."""
    clone.write("partners.yaml", SHARED)
    clone.declare("dev", partnersFile=FILE)
    drift = ("drift", "--stack", "dev")
    never = clone.command(*drift)
    assert never.exit_code == 2
    assert "If it was never applied, run `regulated-partners up --stack dev` first." in never.output
    clone.run("make up").succeeded()
    assert "No drift" in clone.command(*drift).succeeded().output

    control = clone.control
    control.invoke("Set-OutboundConnector", {"Identity": "Fabrikam Bank - outbound", "TlsSettings": "EncryptionOnly"})
    control.invoke("Remove-InboundConnector", {"Identity": "Woodgrove Hospital - inbound", "Confirm": False})
    before = tenant.whole(control)
    body = tmp_path / "drift.md"
    found = clone.command(*drift, "--json", "--markdown", str(body))
    assert found.exit_code == 1, found.output
    text = body.read_text(encoding="utf-8")
    assert text.startswith("<!-- regulated-partners drift: dev -->\n## Drift: stack dev\n")
    assert "| TlsSettings | DomainValidation | EncryptionOnly |" in text
    assert "### Woodgrove Hospital: connector Woodgrove Hospital - inbound" in text
    assert "- found: The connector is gone." in text
    assert tenant.whole(control) == before, "looking must not write"
    document = json.loads(found.output[found.output.index("{") : found.output.rindex("}") + 1])
    assert [(each["connector"], each["gone"]) for each in document["drift"]] == [
        ("Fabrikam Bank - outbound", False),
        ("Woodgrove Hospital - inbound", True),
    ]
    assert clone.run("regulated-partners drift --diff --stack dev").exit_code == 1


def test_drift_that_cannot_look(clone: WorkingCopy) -> None:
    """A failure means that a tenant which does not answer is reported as drift, or as none."""
    clone.declare("dev", FABRIKAM)
    clone.run("make up").succeeded()
    done = clone.command("drift", "--stack", "dev", PULUMI_CONFIG_PASSPHRASE="wrong")
    assert done.exit_code == 2
    assert "Traceback" not in done.output
