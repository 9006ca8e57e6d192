"""`RegulatedPartner` in somebody's own program: outputs as arguments, and Pulumi's resource options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"
CANARY = "CANARY-of-the-comment"
PROPERTIES: dict[str, dict[str, Any]] = {
    "inbound": {
        "SenderDomains": ["smtp:more.northwind.example;1", "smtp:northwind.example;1"],
        "RestrictDomainsToIPAddresses": True,
        "SenderIPAddresses": ["192.0.2.7"],
    },
    "outbound": {
        "RecipientDomains": ["more.northwind.example", "northwind.example"],
        "TlsSettings": "DomainValidation",
        "TlsDomain": "mail.northwind.example",
        "UseMXRecord": False,
        "SmartHosts": ["relay.northwind.example"],
        "SmtpDaneMode": "None",
    },
}


def test_outputs_as_arguments_of_a_partner(project: Project, control: Control) -> None:
    """Failing: a partner cannot be wired to a StackReference, a secret or another resource of the program (PU-17)."""
    project.use_program(PROGRAMS / "partner_of_outputs.py")
    project.configure()
    project.set_variables(CERTIFICATE_NAME="not a name")

    planned = project.preview().succeeded()
    halves = [f"{name}-{direction}" for name in ("Northwind", "Contoso") for direction in ("inbound", "outbound")]
    assert planned.operations == dict.fromkeys(("other", *halves), "create")
    for unknown in ("tlsDomain", "smartHosts", "recipientDomains", "senderDomains"):
        assert any(unknown in line and "[unknown]" in line for line in planned.stdout.splitlines()), planned.stdout
    project.up().refused("tlsDomain", "[outbound connector 'Northwind - outbound']")

    project.set_variables(CERTIFICATE_NAME="mail.northwind.example")
    runs = [project.up().succeeded()]
    for direction, expected in PROPERTIES.items():
        found = tenant.connectors(control, direction)[f"Northwind - {direction}"]
        assert found == {**expected, "Comment": CANARY}
    contoso = tenant.connectors(control, "outbound")["Contoso - outbound"]
    assert (contoso["RecipientDomains"], contoso["TlsDomain"]) == (["contoso.example"], "mail.contoso.example")
    assert tenant.connectors(control, "inbound")["Contoso - inbound"]["RestrictDomainsToCertificate"] is True
    runs.append(project.up("--expect-no-changes").unchanged())

    exported = project.pulumi("stack", "export").stdout
    assert "Northwind - outbound" in exported
    for seen in (exported, planned.output, *(run.output for run in runs)):
        assert CANARY not in seen


def test_options_of_a_partner(project: Project, control: Control) -> None:
    """Failing: an option that every component of any provider obeys is ignored here, and nobody is told (PU-30)."""
    project.use_program(PROGRAMS / "partner_options.py")
    project.configure()

    created = project.up().succeeded()

    assert created.messages("warning") == (
        "ignore_changes: these options of a partner do not reach its connectors, as with every component; give the "
        "partner `transforms` that set them there.",
    )
    made = [parameters["Name"] for _, parameters in tenant.sent(control) if "Name" in parameters]
    resources = {found["urn"].rpartition("::")[2]: found for found in project.export()["deployment"]["resources"]}
    assert resources["Dependent"]["dependencies"] == [resources["first"]["urn"]]
    for direction in ("inbound", "outbound"):
        of = {name: resources[f"{name}-{direction}"] for name in ("Protected", "Dependent", "Transformed", "Provided")}
        assert [name for name, found in of.items() if found.get("protect")] == ["Protected"]
        assert made.index("First") < made.index(f"Dependent - {direction}")
        assert [name for name, found in of.items() if "::explicit::" in found["provider"]] == ["Provided"]
        assert of["Transformed"]["inputs"]["comment"] == "of the transform"

    before = tenant.guids(control)
    project.set_variables(RENAMED="1")
    assert set(project.up().succeeded().operations.values()) == {"update"}
    after = tenant.guids(control)
    for direction in ("inbound", "outbound"):
        assert after[f"Newer - {direction}"] == before[f"Older - {direction}"]
