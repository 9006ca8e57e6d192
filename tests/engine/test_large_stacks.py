"""A stack of many partners stays readable: what changes is printed, and of hundreds of the same how many there are."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

COUNT = 24
#: Names that a script, a shell or the engine could take for something else.
ODD = ["inboundConnectors", "a.b[0]", 'O\'Neil "Trust" & Söhne \\ 100%', "$(id)", "__provider"]
SAME_NAME = "Partner 0"


def _partner(number: int, **more: Any) -> dict[str, Any]:
    name = ODD[number - COUNT] if number >= COUNT else f"Partner {number}"
    # A name that once was: it is odd, and the program warns.
    return {
        "name": name,
        "domains": [f"p{number}.example"],
        "certificateName": f"mx.p{number}.example",
        "aliases": [f"Old\u200b{number}"],
        **more,
    }


def _beside() -> dict[str, Any]:
    """Connectors beside the partners; about each of the inbound ones a rule warns."""
    both = {"restrictDomainsToCertificate": True, "restrictDomainsToIpAddresses": True, "requireTls": True}
    inbound = [
        {
            "name": SAME_NAME if number == 0 else f"Beside {number}",
            "senderDomains": [f"b{number}.example"],
            "tlsSenderCertificateName": f"mx.b{number}.example",
            "senderIpAddresses": ["192.0.2.10"],
            **both,
        }
        for number in range(COUNT)
    ]
    outbound = [{"name": SAME_NAME, "recipientDomains": ["b0.example"], "tlsSettings": "EncryptionOnly"}]
    return {"inboundConnectors": inbound, "outboundConnectors": outbound}


def test_one_changed_partner_is_printed_alone(project: Project, control: Control) -> None:
    """Failing, a preview prints all partners for one that changes, or an output is named as another one is."""
    project.set_variables(PULUMI_SKIP_CHECKPOINTS="true")
    partners = [_partner(number) for number in range(COUNT + len(ODD))]
    project.declare(*partners, **_beside())
    made = project.up().succeeded()

    outputs, rows = project.outputs(), {(row["Name"], "SenderDomains" in row): row for row in tenant.whole(control)}
    names = [f"partners/{partner['name']}" for partner in partners]
    names += [f"inboundConnectors/{one['name']}" for one in _beside()["inboundConnectors"]]
    assert sorted(outputs) == sorted([*names, f"outboundConnectors/{SAME_NAME}"])
    for partner in partners:
        for inbound in (True, False):
            exported = outputs[f"partners/{partner['name']}"]["inbound" if inbound else "outbound"]
            assert exported["id"] == rows[exported["connector"], inbound]["Guid"]
    assert outputs[f"inboundConnectors/{SAME_NAME}"]["id"] == rows[SAME_NAME, True]["Guid"]
    assert outputs[f"outboundConnectors/{SAME_NAME}"]["id"] == rows[SAME_NAME, False]["Guid"]
    odd = f"partners/{ODD[2]}"
    assert json.loads(project.pulumi("stack", "output", odd, "--json").stdout) == outputs[odd]

    warnings = made.messages("warning")
    of_names = [text for text in warnings if text.startswith("partners[")]
    assert len(of_names) == 20
    rest = next(text for text in warnings if "more like that about partners[0].aliases[0]: " in text)
    assert rest.startswith(f"{len(partners) - 20} more like that")
    assert "EXCHANGE_ONLINE_ALL_MESSAGES=true shows all." in rest
    ruled = [text for text in warnings if text.startswith("inbound connector '")]
    assert len(ruled) == 20
    assert any(text.startswith("4 warnings are left out so far (") for text in warnings)

    changed = _partner(7, certificateName="mx.changed.example")
    new = _partner(0, name="New", domains=["new.example"], aliases=[])
    project.declare(*partners[:7], changed, *partners[8:], new, **_beside())
    planned = project.preview("--policy-pack", str(ROOT / "policies"))
    shown = planned.stdout.partition("--outputs:--")[2].partition("regulated-partners@v")[0]
    outputs_shown = re.findall(r"^ *([-+~]) ((?:partners|\w+Connectors)/.*?) *: {$", shown, re.MULTILINE)
    assert sorted(outputs_shown) == [("+", "partners/New"), ("~", "partners/Partner 7")], shown
    assert "mx.changed.example" in shown
    for word in ("Partner 6", "Partner 8", "Beside", *ODD):
        assert word not in shown, shown
    # No connector has a comment that names its owner, and each is one violation; nothing else is said of the others.
    owned = planned.stdout.split("  comment-names-owner  ")[1:]
    assert len(owned) == 20 + 7
    assert "64 violations are left out so far (comment-names-owner), the last about " in planned.stdout
    assert planned.exit_code != 0, "what is left out is refused all the same"


def test_hundreds_of_mistakes_are_counted(project: Project, control: Control) -> None:
    """Failing, a mistake that was copied three hundred times scrolls the one that was not out of the log."""
    partners = [_partner(0, name=f"P {number}", domains=[f"x {number}.example"], aliases=[]) for number in range(300)]
    partners[150] = {**partners[150], "certficateName": "mx.p.example"}
    project.declare(*partners)
    run = project.preview()
    run.refused(
        "partners[150].certficateName: there is no such name here; did you mean certificateName?",
        "280 more like that about partners[0].domains[0]: ",
        "301 errors in the declarations of this stack; nothing was changed.",
    )
    assert len(run.messages("error")) == 20 + 1 + 1 + 1
    assert control.calls() == []
