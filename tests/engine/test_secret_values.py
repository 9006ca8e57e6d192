"""A partner's values that are secret stay so: in the state, and in all that is said of them, to whomever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Refusal
from tests.engine import tenant
from tests.engine.canaries import Canaries, set_secrets
from tests.engine.partners import FABRIKAM, WOODGROVE
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).parent / "programs" / "secret_values.py"
RAW = {"name": "Raw in", "senderDomains": ["open.example"], "comment": "to be replaced"}

#: Where a secret stands in the stack's config, and what it is.
IN_CONFIG = {
    "partners[0].comment": "CANARY-1 it's a comment",
    "partners[0].domains[1]": "*.canary-2.example",
    "partners[1].inbound.comment": "CANARY-3-inbound",
    "partners[1].inbound.settings.efUsers[0]": "canary-4@contoso.example",
    "partners[1].outbound.name": "CANARY-5 outbound",
    "partners[1].outbound.smartHosts[0]": "canary-6.example",
    "inboundConnectors[0].comment": "CANARY-7-raw",
    "inboundConnectors[0].senderDomains[0]": "canary-8.example",
}
CHANGED = {"partners[0].comment": "CANARY-1b another", "partners[0].domains[1]": "*.canary-2b.example"}


@pytest.fixture
def passphrase() -> str:
    """What most people's secrets are kept by."""
    return "local"


def test_secrets_in_the_config(project: Project, control: Control, tmp_path: Path) -> None:
    """Failing, whoever may read the state, an output, a pull request or a log would read a partner's secret."""
    further = {"settings": {"efUsers": ["to-be-replaced@contoso.example"]}}
    woodgrove = {**WOODGROVE, "inbound": {**WOODGROVE["inbound"], **further}}
    project.declare(FABRIKAM, woodgrove, inboundConnectors=[RAW])
    set_secrets(project, IN_CONFIG.items())
    canaries = Canaries(
        project, *(word.split()[0] for word in IN_CONFIG.values()), "canary-1b", "canary-2b", "canary-9"
    )

    plan = tmp_path / "plans" / "plan.json"
    plan.parent.mkdir()
    shown = canaries.seen(project.preview("--save-plan", str(plan)).succeeded()).output
    for readable in ('"mail.fabrikam.com"', '"woodgrove.org"', '"EncryptionOnly"', "from 192.0.2.16/28"):
        assert readable in shown
    canaries.seen(project.up("--plan", str(plan), "-v=3", "--logtostderr").succeeded())
    made = tenant.connectors(control, "inbound") | tenant.connectors(control, "outbound")
    assert made["Fabrikam Bank - outbound"]["Comment"] == IN_CONFIG["partners[0].comment"]
    assert sorted(made["Fabrikam Bank - outbound"]["RecipientDomains"]) == ["*.canary-2.example", "fabrikam.com"]
    assert sorted(made["CANARY-5 outbound"]["SmartHosts"]) == ["canary-6.example", "relay2.woodgrove.org"]
    assert made["Woodgrove Hospital - inbound"]["EFUsers"] == ["canary-4@contoso.example"]
    guids = tenant.guids(control)

    outputs = json.loads(canaries.pulumi("stack", "output", "--json"))
    assert outputs["partners/Woodgrove Hospital"]["outbound"]["connector"] == "[secret]"
    inbound = outputs["partners/Woodgrove Hospital"]["inbound"]
    assert inbound["mailFlow"].startswith("mail from woodgrove.org (envelope sender) is refused")
    assert outputs["partners/Fabrikam Bank"]["inbound"]["id"] == guids["Fabrikam Bank - inbound"]
    assert outputs["inboundConnectors/Raw in"] == {"id": guids["Raw in"], "mailFlow": "[secret]"}
    exported = json.loads(canaries.pulumi("stack", "export"))
    (inbound,) = (one for one in exported["deployment"]["resources"] if one["urn"].endswith("::Fabrikam Bank-inbound"))
    for properties in (inbound["inputs"], inbound["outputs"]):
        assert "ciphertext" in properties["comment"]
        assert "ciphertext" in properties["senderDomains"]
        assert properties["tlsSenderCertificateName"] == "mail.fabrikam.com"

    control.invoke(
        "Set-OutboundConnector", {"Identity": guids["CANARY-5 outbound"], "SmartHosts": ["canary-9.example"]}
    )
    issue = tmp_path / "plans" / "drift.md"
    drift = canaries.command("drift", "--stack", "dev", "--json", "--markdown", str(issue))
    assert drift.returncode == 1
    assert json.loads(drift.stdout)["drift"][0]["properties"] == [
        {"parameter": "SmartHosts", "declared": "[secret]", "found": "[secret]"}
    ]
    assert "| SmartHosts |" in issue.read_text(encoding="utf-8")
    set_secrets(project, CHANGED.items())
    assert canaries.command("review", "--stack", "dev", "--output", str(tmp_path / "plans" / "review")).returncode == 0
    said = (tmp_path / "plans" / "review" / "dev" / "review.md").read_text(encoding="utf-8")
    assert "RecipientDomains changes and is secret, so it cannot be judged here" in said
    assert "No setting of the connector changes" not in said
    canaries.pulumi("preview", "--json")

    canaries.seen(project.refresh())
    canaries.seen(project.up().succeeded())
    assert tenant.guids(control) == guids
    made = tenant.connectors(control, "outbound")
    assert sorted(made["Fabrikam Bank - outbound"]["RecipientDomains"]) == ["*.canary-2b.example", "fabrikam.com"]
    assert sorted(made["CANARY-5 outbound"]["SmartHosts"]) == ["canary-6.example", "relay2.woodgrove.org"]
    assert canaries.command("inventory", "--stack", "dev", "--json").returncode == 0
    canaries.left(tmp_path / "plans", tmp_path / "home")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("partners[0].name", "CANARY-name"),
        ("partners[0].inbound.connectionSecurity", "CANARY-choice"),
    ],
)
def test_a_secret_where_none_can_be(project: Project, control: Control, path: str, value: str) -> None:
    """Failing, a secret would become part of a URN, which every command prints, or be refused in words that show it."""
    project.declare({**FABRIKAM, "aliases": ["An earlier name"]})
    set_secrets(project, [(path, value)])
    run = project.preview().refused(f"{path}: a secret cannot stand here", "without --secret")
    Canaries(project, "canary").seen(run)
    assert tenant.names(control) == []


def _declare(project: Project, partner: dict[str, Any], connector: dict[str, Any] | None = None) -> None:
    declared = {"partner": partner} if connector is None else {"partner": partner, "connector": connector}
    project.set_variables(DECLARED=json.dumps(declared))


def test_secrets_in_code(project: Project, control: Control, tmp_path: Path) -> None:
    """Failing, a secret output would be printed by the refusal of it, or be readable in the state.

    The engine hides in its output what it knows from the config, and of these it knows nothing.
    """
    project.configure()
    project.use_program(PROGRAM)
    canaries = Canaries(project, "canary")
    partner = {
        "name": "Fabrikam Bank",
        "domains": ["fabrikam.com", {"secret": "canary-1.example"}],
        "certificate_name": {"secret": "canary-2.example"},
        "comment": {"secret": 'CANARY-3: says "so"'},
        "outbound": {"smart_hosts": {"secret": ["canary-4.example"]}},
    }
    raw = {"name": {"secret": "CANARY-5"}, "sender_domains": ["canary-11.example"], "comment": {"secret": "CANARY-6"}}

    _declare(project, {**partner, "certificate_name": {"secret": "https://canary-2.example:25/x"}})
    refused = canaries.seen(project.up().refused(": '[secret]' is not a domain name"))
    assert "bound connector 'Fabrikam Bank - " in refused.output
    _declare(project, partner, {**raw, "connector_type": {"secret": "CANARY-7"}})
    canaries.seen(project.preview().refused("connectorType: '[secret]' is none of its values", "Partner, OnPremises"))

    by_hand = {"Name": "Fabrikam Bank - inbound", "SenderDomains": ["fabrikam.com"], "RequireTls": False}
    control.seed(inbound=[{**by_hand, "Comment": "CANARY-8 of an earlier day", "Enabled": False}])
    _declare(project, partner)
    canaries.seen(project.up().refused("comment: [secret] => [secret]", "enabled: false => true"))
    control.reset()

    text = (
        "'canary-1.example' of CANARY-3: says \"so\", CANARY-3: SAY... and canary-2.example is not what mail.com takes."
    )
    control.fault(
        Refusal(exception_type="Microsoft.Exchange.X", text=text, status=400), "New-InboundConnector", count=None
    )
    said = canaries.seen(project.up().refused("is not what mail.com takes"))
    assert "The service said: '[secret]' of [secret], [secret]... and [secret] is" in said.output
    control.clear_faults()

    _declare(project, partner, raw)
    canaries.seen(project.up("-v=3", "--logtostderr").succeeded())
    guids = tenant.guids(control)
    assert "CANARY-5" in guids
    canaries.pulumi("stack", "export")
    # The engine marks what was marked before: a value that was gone in between was not.
    for comment in ("CANARY-9 by somebody", "", "CANARY-10 again"):
        control.invoke("Set-InboundConnector", {"Identity": guids["CANARY-5"], "Comment": comment})
        canaries.seen(project.refresh().succeeded())
    canaries.pulumi("stack", "export")
    canaries.seen(project.up(preview=True).succeeded())
    assert tenant.guids(control) == guids
    canaries.left(tmp_path / "home")


def test_a_value_that_becomes_secret(project: Project, control: Control) -> None:
    """Failing, `pulumi config set --secret` on a value that is deployed would leave it readable in the state."""
    project.declare({**FABRIKAM, "comment": "canary-before"})
    project.up().succeeded()
    guids = tenant.guids(control)
    set_secrets(project, [("partners[0].comment", "canary-before")])
    control.clear_calls()
    project.up().succeeded()
    assert tenant.sent(control) == []
    assert tenant.guids(control) == guids
    assert "canary" not in json.dumps(json.loads(project.pulumi("stack", "export").stdout))
    project.up("--expect-no-changes").unchanged()
