"""From the Python classes to a program in another language, and back from the plugin: the tenant gets no write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchange_online.connectors import TOKENS
from exchange_online.names import Face
from exchange_online_emulator import Control
from regulated_partners.names import COMPONENT_TOKENS
from tests.engine import native, tenant
from tests.engine.partners import FABRIKAM
from tests.engine.test_yaml import write_program
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

#: The same connector beside the partners, as a stack file and as the plugin's resource has it.
GATEWAY = {"name": "Gateway", "senderDomains": ["news.example"], "requireTls": True, "comment": "owner marketing"}


def in_plugin(**options: Any) -> list[dict[str, Any]]:
    """What the stack file of `dynamic` declares, as resources of the plugin."""
    partner = {name: value for name, value in FABRIKAM.items() if name != "name"}
    return [
        {"type": "RegulatedPartner", "name": FABRIKAM["name"], "properties": partner},
        {"type": "InboundConnector", "name": "Gateway", "properties": GATEWAY, **options},
    ]


def faces(project: Project) -> set[Face | None]:
    """Which faces the connectors and partners of the state have."""
    types = {each["type"] for each in project.export()["deployment"]["resources"]}
    return {Face.of(token) or Face.DYNAMIC for token in types if token in TOKENS or token in COMPONENT_TOKENS.values()}


@pytest.fixture
def dynamic(project: Project, control: Control) -> Project:
    """A stack that the Python classes have deployed: a partner, and a connector beside it."""
    project.declare(FABRIKAM, inboundConnectors=[GATEWAY])
    project.up().succeeded()
    control.clear_calls()
    return project


def test_a_project_moves_to_yaml_by_import(dynamic: Project, control: Control) -> None:
    """Failing, a stack in Python cannot become one in another language without a change of its mail."""
    guids = tenant.guids(control)
    adopted = dynamic.directory / "import.json"
    entries: list[dict[str, Any]] = [
        {"type": native.PARTNER, "name": "partner", "logicalName": FABRIKAM["name"], "component": True, "remote": True}
    ]
    for resource in dynamic.export()["deployment"]["resources"]:
        if direction := TOKENS.get(resource["type"]):
            name = resource["urn"].split("::", 3)[3]
            below = {} if name == "Gateway" else {"parent": "partner"}
            entry = {"type": direction.token(Face.NATIVE), "name": name, "id": resource["id"], **below}
            entries.append(entry)
    adopted.write_text(json.dumps({"resources": entries}), encoding="utf-8")
    # The old project forgets them.
    forgotten = dynamic.pulumi("state", "delete", "--all", "--force", "--yes")
    assert forgotten.returncode == 0, forgotten.stdout + forgotten.stderr

    partner = {name: value for name, value in FABRIKAM.items() if name != "name"}
    resources = {
        FABRIKAM["name"]: {"type": "exchange-online:RegulatedPartner", "properties": partner},
        "Gateway": {"type": "exchange-online:InboundConnector", "properties": GATEWAY},
    }
    write_program(dynamic, resources)
    done = dynamic.pulumi("import", "--file", str(adopted), "--generate-code=false", "--yes", "--protect=false")
    assert done.returncode == 0, done.stdout + done.stderr

    dynamic.up().succeeded()
    dynamic.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []
    assert tenant.guids(control) == guids
    assert faces(dynamic) == {Face.NATIVE}


def test_a_project_moves_back_to_the_classes_by_aliases(project: Project, control: Control) -> None:
    """Failing, the step to the plugin cannot be taken back."""
    native.use_native(project)
    native.declare(project, *in_plugin())
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()

    use_classes(project)
    project.declare(FABRIKAM, inboundConnectors=[GATEWAY])
    project.up().succeeded()
    assert control.writes() == []
    assert tenant.guids(control) == guids
    assert faces(project) == {Face.DYNAMIC}
    project.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []


def use_classes(project: Project) -> None:
    """The project's own program again."""
    file = project.directory / "Pulumi.yaml"
    file.unlink()
    project.use_program(ROOT / "__main__.py")
    project._write_project_file()
