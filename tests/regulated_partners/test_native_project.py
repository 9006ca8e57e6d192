"""The commands on a project that declares its connectors with the plugin: its stack file holds a connection."""

from __future__ import annotations

import json

import pytest

from exchange_online_emulator import Control
from tests.engine.tenant import whole
from tests.regulated_partners.conftest import Command
from tests.regulated_partners.mixed_tenant import INBOUND, OUTBOUND
from tests.support.engine import Project
from tests.support.native_twin import native_twin

pytestmark = pytest.mark.engine


@pytest.fixture
def native(project: Project) -> Project:
    """A project whose stack file is that of a program in another language."""
    project.stack_file.write_text("config:\n  exchange-online:cloud: local\n", encoding="utf-8")
    return project


def test_adopt_writes_the_import_file_and_nothing_else(command: Command, native: Project, control: Control) -> None:
    """Failure means: adoption for the plugin changes the stack file or the tenant, or leaves connectors out."""
    control.seed(inbound=INBOUND, outbound=OUTBOUND)
    before, text = whole(control), native.stack_file.read_text(encoding="utf-8")
    file = native.directory / "import.json"

    done = command("adopt", "--import-file", str(file), "--json").succeeded()

    resources = json.loads(file.read_text(encoding="utf-8"))["resources"]
    adopted = {each["id"] for each in done.document["connectors"] if each["becomes"] in ("partner", "connector")}
    assert {each["id"] for each in resources if "id" in each} == adopted
    assert len(adopted) > 10
    assert done.document["importFile"] == str(file)
    assert done.document["entered"] == []
    assert native.stack_file.read_text(encoding="utf-8") == text
    assert whole(control) == before
    assert control.writes() == []

    shown = command("adopt", "--import-file", str(file))
    assert f"`pulumi import --file {file} --stack dev` enters them" in shown.succeeded().stdout
    command("adopt", "--import-file", str(file), "--write").could_not_run("goes without --write")


def test_inventory_shows_the_same_of_both_faces(command: Command, project: Project, control: Control) -> None:
    """Failure means: the connectors of a native stack show as unmanaged, or nobody is told of other ways of their
    mail."""
    control.seed(inbound=[{"Name": "Everybody", "SenderDomains": ["smtp:fabrikam.com;1"], "RequireTls": False}])
    project.declare({"name": "Fabrikam", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com"})
    project.up().succeeded()
    dynamic = command("inventory", "--json").succeeded().document
    assert dynamic["otherWays"]

    export = native_twin(project.export())
    state = project.directory / "native.json"
    state.write_text(json.dumps(export), encoding="utf-8")
    done = project.pulumi("stack", "import", "--file", str(state))
    assert done.returncode == 0, done.stderr
    project.stack_file.write_text("config:\n  exchange-online:cloud: local\n", encoding="utf-8")

    of_both = ({**shown, "started": None} for shown in (command("inventory", "--json").succeeded().document, dynamic))
    assert next(of_both) == next(of_both)
