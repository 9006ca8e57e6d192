"""A native stack is judged as its dynamic twin, on the real engine: policies, waivers, review and drift."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from exchange_online_emulator import Control
from regulated_partners.engine.previews import read_preview, read_refresh
from regulated_partners.engine.state import managed_by
from regulated_partners.review import comment, issue, review_of
from tests.engine.test_yaml import write_program
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

PACK = ("--policy-pack", str(ROOT / "policies"))
TODAY = datetime.datetime.now(datetime.UTC).date()

#: A partner without TLS from anybody, and a connector without an owner.
PARTNER: dict[str, Any] = {
    "domains": ["fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1, owner messaging team",
}
GATEWAY: dict[str, Any] = {"name": "Gateway", "senderDomains": ["news.example"], "requireTls": True}
WAIVER = {"policy": "inbound-sender-restricted", "partner": "Gateway", "reason": "SEC-2", "expires": str(TODAY)}


def declare_dynamic(project: Project, inbound: dict[str, Any], **further: Any) -> None:
    project.declare({"name": "Fabrikam", **PARTNER}, inboundConnectors=[{**GATEWAY, **inbound}], **further)


def declare_native(project: Project, inbound: dict[str, Any]) -> None:
    resources = {
        "Fabrikam": {"type": "exchange-online:RegulatedPartner", "properties": PARTNER},
        "Gateway": {"type": "exchange-online:InboundConnector", "properties": {**GATEWAY, **inbound}},
    }
    write_program(project, resources)


def add_setting(project: Project, name: str, value: object) -> None:
    """A further setting of the stack, as `pulumi config set` writes it."""
    text = project.stack_file.read_text(encoding="utf-8")
    line = f"config:\n  {name}: {json.dumps(value)}\n"
    project.stack_file.write_text(text.replace("config:\n", line, 1), encoding="utf-8")


def violations(project: Project) -> set[tuple[str, str]]:
    """Policy and sentence of each violation of a preview under the pack."""
    events = [json.loads(line) for line in project.preview(*PACK).event_log.splitlines() if line.strip()]
    found = [event["policyEvent"] for event in events if "policyEvent" in event]
    return {(each["policyName"], each["message"].splitlines()[-1]) for each in found}


def plan(project: Project, *flags: str) -> Any:
    answer = project.pulumi("preview", "--json", *flags)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return json.loads(answer.stdout)


def test_policies_and_waivers(project: Project, control: Control) -> None:
    """Failing, a stack that uses the plugin passes the pack whatever it declares, or no waiver counts there."""
    declare_dynamic(project, {"enabled": False})
    dynamic = violations(project)
    assert {"inbound-sender-restricted", "comment-names-owner", "connector-enabled"} <= {name for name, _ in dynamic}

    declare_native(project, {"enabled": False})
    assert violations(project) == dynamic

    add_setting(project, "regulated-partners:waivers", [WAIVER])
    waived = {name for name, _ in violations(project)}
    assert "inbound-sender-restricted" not in waived
    assert "waiver-in-force" in waived
    assert control.writes() == []


def test_review_and_drift(project: Project, control: Control) -> None:
    """Failing, a weakening through the plugin is reviewed as no change, or in other words."""
    weaker = {"requireTls": False, "comment": "SEC-3, owner marketing"}
    declare_dynamic(project, {})
    project.up().succeeded()
    declare_dynamic(project, weaker)
    dynamic = comment(review_of(read_preview(plan(project)), TODAY), ())
    assert "**weakens**" in dynamic
    project.declare({"name": "Fabrikam", **PARTNER}, inboundConnectors=[GATEWAY])
    project.destroy().succeeded()

    declare_native(project, {})
    project.up().succeeded()
    managed = list(managed_by("dev", project.export()))
    assert sorted(one.resource for one in managed) == ["Fabrikam-inbound", "Fabrikam-outbound", "Gateway"]
    declare_native(project, weaker)
    # Which partners stay as they are is in the JSON of a refresh alone.
    assert comment(review_of(read_preview(plan(project, "--refresh")), TODAY), ()) == dynamic
    unrefreshed = review_of(read_preview(plan(project)), TODAY)
    assert [owner.name for owner in unrefreshed.owners] == ["Gateway"]

    # What somebody changed stands apart, also in a preview that was not asked to refresh.
    control.invoke("Set-InboundConnector", {"Identity": "Fabrikam - inbound", "RequireTls": False})
    drifts = review_of(read_preview(plan(project)), TODAY).drifts
    assert [drift.name for drift in drifts] == ["Fabrikam - inbound"]
    answer = project.pulumi("refresh", "--preview-only", "--json")
    refreshed = review_of(read_refresh(json.loads(answer.stdout), "dev"), TODAY).drifts
    assert "Fabrikam - inbound" in issue("dev", refreshed)
