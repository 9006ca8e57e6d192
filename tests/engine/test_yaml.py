"""The plugin from Pulumi YAML, on the real engine with the YAML language host: no Python in the user's project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exchange_online.names import Face
from exchange_online_emulator import Control, EmulatorProcess
from regulated_partners.names import COMPONENT_TOKENS
from tests.engine import native, tenant
from tests.support.engine import CHANGES_FOUND, ROOT, Project

pytestmark = pytest.mark.engine

NAMES = [f"Partner {number:02}" for number in range(10)]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[EmulatorProcess]:
    """A second tenant."""
    with EmulatorProcess(tmp_path / "elsewhere") as emulator:
        yield emulator


def write_program(project: Project, resources: dict[str, Any], **further: Any) -> None:
    """Makes it a project in YAML with these resources; its stack file says which cloud."""
    file = project.directory / "Pulumi.yaml"
    before = yaml.safe_load(file.read_text(encoding="utf-8"))
    content = {
        "name": before["name"],
        "runtime": "yaml",
        "stackConfigDir": before["stackConfigDir"],
        "plugins": {"providers": [{"name": "exchange-online", "path": str(native.PLUGIN)}]},
        "resources": resources,
        **further,
    }
    (project.directory / "__main__.py").unlink(missing_ok=True)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    settings = {"config": {"exchange-online:cloud": "local"}, **project.secrets_settings()}
    project.stack_file.write_text(yaml.safe_dump(settings), encoding="utf-8")


def partner(name: str, tenant: str = "") -> dict[str, Any]:
    """A partner in YAML; `tenant` is the resource of its provider."""
    domain = f"{name.lower().replace(' ', '-')}.example"
    declared = {
        "name": name,
        "domains": [domain],
        "certificateName": f"mail.{domain}",
        "comment": "SEC-1, owner messaging team",
    }
    resource = {"type": "exchange-online:RegulatedPartner", "properties": declared}
    return {**resource, "options": {"providers": [f"${{{tenant}}}"]}} if tenant else resource


def other_tenant(emulator: EmulatorProcess) -> dict[str, Any]:
    """The provider of a second tenant, with a credential of its own."""
    at = emulator.connection
    return {
        "type": "pulumi:providers:exchange-online",
        "properties": {
            "cloud": "local",
            "host": at.url,
            "authority": at.authority,
            "scope": at.scope,
            "caBundle": str(at.ca_bundle),
            "tenant": at.tenant,
            "clientId": at.client_id,
            "clientSecret": {"fn::secret": at.client_secret},
        },
    }


def test_two_tenants_with_ten_partners_each(project: Project, control: Control, elsewhere: EmulatorProcess) -> None:
    """Failing, an administrator without Python cannot manage a tenant, or one program mixes up two."""
    there = elsewhere.control
    resources: dict[str, Any] = {"elsewhere": other_tenant(elsewhere)}
    resources |= {name: partner(name) for name in NAMES}
    resources |= {f"{name} elsewhere": partner(name, "elsewhere") for name in NAMES}
    write_program(project, resources)

    project.up().succeeded()
    names = sorted(f"{name} - {way}" for name in NAMES for way in ("inbound", "outbound"))
    assert tenant.names(control) == tenant.names(there) == names
    here_guids, there_guids = tenant.guids(control), tenant.guids(there)
    state = native.resources(project, native.INBOUND)
    assert state["Partner 03-inbound"]["id"] == here_guids["Partner 03 - inbound"]
    assert state["Partner 03 elsewhere-inbound"]["id"] == there_guids["Partner 03 - inbound"]

    control.clear_calls()
    there.clear_calls()
    project.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == there.writes() == []

    # What somebody changes shows in a plain preview of any language, and is put back.
    there.invoke("Set-OutboundConnector", {"Identity": "Partner 07 - outbound", "TlsSettings": None, "TlsDomain": None})
    seen = project.preview("--expect-no-changes")
    assert seen.exit_code == CHANGES_FOUND
    assert seen.operations == {"Partner 07 elsewhere-outbound": "update"}
    assert project.up().succeeded().operations == {"Partner 07 elsewhere-outbound": "update"}
    assert [call.cmdlet for call in there.writes()].count("Set-OutboundConnector") == 1
    assert control.writes() == []
    assert tenant.guids(there) == there_guids

    project.destroy().succeeded()
    assert tenant.names(control) == tenant.names(there) == []


def test_connectors_are_imported_by_guid(project: Project, control: Control) -> None:
    """Failing, a tenant that has connectors already cannot come under a program in YAML without a change of its
    mail."""
    control.seed(
        outbound=[
            {
                "Name": "Relay",
                "RecipientDomains": ["a.example"],
                "SmartHosts": ["relay.example"],
                "UseMXRecord": False,
            }
        ]
    )
    control.clear_calls()
    guid = tenant.guids(control)["Relay"]
    declared = {"name": "Relay", "recipientDomains": ["a.example"], "smartHosts": ["relay.example"]}
    resource = {"type": "exchange-online:OutboundConnector", "properties": {**declared, "useMxRecord": False}}
    write_program(project, {"Relay": resource})
    file = project.directory / "import.json"
    entry = {"type": native.OUTBOUND, "name": "Relay", "id": guid}
    file.write_text(json.dumps({"resources": [entry]}), encoding="utf-8")

    done = project.pulumi("import", "--file", str(file), "--generate-code=false", "--yes", "--protect=false")
    assert done.returncode == 0, done.stdout + done.stderr
    assert native.resources(project, native.OUTBOUND)["Relay"]["id"] == guid
    project.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []


def test_the_example_in_yaml(project: Project, control: Control) -> None:
    """Failing, the first thing that a reader of the documentation tries does not work."""
    content = yaml.safe_load((ROOT / "examples" / "yaml" / "Pulumi.yaml").read_text(encoding="utf-8"))
    write_program(project, content["resources"], outputs=content["outputs"])
    project.up().succeeded()
    guids = tenant.guids(control)
    assert project.outputs() == {
        "inboundConnector": guids["Fabrikam - inbound"],
        "outboundConnector": guids["Fabrikam - outbound"],
    }
    assert set(native.resources(project, COMPONENT_TOKENS[Face.NATIVE])) == {"Fabrikam"}
