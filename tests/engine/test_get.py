"""`InboundConnector.get("x", id)` and `ResourceOptions(id=…)`: the connector of that id, or an error; never nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).parent / "programs" / "sought.py"

INBOUND: dict[str, Any] = {
    "Name": "Theirs in",
    "Comment": "another team's\n[Pulumi: regulated-partners/another]",
    "SenderDomains": ["theirs.example"],
    "TlsSenderCertificateName": "mail.theirs.example",
    "RestrictDomainsToCertificate": True,
}
OUTBOUND = {"Name": "Theirs out", "RecipientDomains": ["theirs.example"], "TlsSettings": "EncryptionOnly"}
NOBODYS = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def guids(project: Project, control: Control) -> dict[str, str]:
    """A pair that no stack manages, and the program that asks for connectors."""
    project.use_program(PROGRAM)
    control.seed(inbound=[INBOUND], outbound=[OUTBOUND])
    return tenant.guids(control)


def _seek(project: Project, *sought: tuple[str, str, str], **arguments: Any) -> None:
    fields = ("resource", "direction", "id")
    project.configure(sought=[dict(zip(fields, one, strict=True)) | arguments for one in sought])


def test_a_connector_is_got_by_its_guid(project: Project, control: Control, guids: dict[str, str]) -> None:
    """Failing: a program that builds on somebody else's connector reads nothing, or changes or deletes it."""
    in_, out = guids["Theirs in"], guids["Theirs out"]
    _seek(
        project,
        ("in", "inbound", in_),
        ("out", "outbound", out),
        ("upper", "inbound", in_.upper()),
        ("braces", "inbound", f"{{{in_}}}"),
    )
    project.preview().succeeded()
    project.up().succeeded()
    outputs = project.outputs()
    expected = {"id": in_, "guid": in_, "name": "Theirs in", "sender_domains": ["theirs.example"]}
    expected |= {"tls_sender_certificate_name": "mail.theirs.example", "comment": "another team's"}
    assert outputs["in"] | expected == outputs["in"]
    assert outputs["out"] | {"id": out, "guid": out, "tls_settings": "EncryptionOnly"} == outputs["out"]
    assert {outputs[name][key] for name in ("upper", "braces") for key in ("guid", "id")} == {in_}

    # It is read anew, as somebody else has changed it.
    changed = INBOUND["Comment"].replace("team's", "one's")
    control.invoke("Set-InboundConnector", {"Identity": in_, "Comment": changed})
    before = tenant.whole(control)
    # Whose it is, is no news to one who only reads it.
    assert "taken it over" not in project.refresh().succeeded().output
    assert "taken it over" not in project.up().succeeded().output
    assert project.outputs()["in"]["comment"] == "another one's"

    _seek(project, ("in", "inbound", in_))
    project.up().succeeded()
    project.destroy().succeeded()
    assert tenant.whole(control) == before
    assert control.writes() == []


def test_the_constructor_with_an_id_is_the_same(project: Project, guids: dict[str, str]) -> None:
    """Failing: Pulumi's other way of reading a resource gives an empty one, or creates a second connector."""
    declared = {"name": "Theirs in", "sender_domains": ["theirs.example"]}
    _seek(project, ("in", "inbound", guids["Theirs in"]), arguments=declared)
    project.up().succeeded()
    assert project.outputs()["in"]["guid"] == guids["Theirs in"]
    _seek(project, ("in", "inbound", NOBODYS), arguments=declared)
    project.up().refused(f"'{NOBODYS}'", "the tenant has none with this Guid")


def test_what_the_stack_has_made_is_only_read_from_now_on(project: Project, control: Control) -> None:
    """Failing: who hands a connector over to another stack, and spells its Guid in another way, has it deleted."""
    project.use_program(PROGRAM)
    arguments = {"name": "Ours in", "sender_domains": ["ours.example"]}
    project.configure(sought=[{"resource": "in", "direction": "inbound", "arguments": arguments}])
    project.up().succeeded()
    made = tenant.guids(control)
    before = tenant.whole(control)

    _seek(project, ("in", "inbound", f"{{{made['Ours in'].upper()}}}"))
    project.up().succeeded()
    project.destroy().succeeded()

    assert tenant.whole(control) == before


def test_what_is_not_there_is_an_error(project: Project, control: Control, guids: dict[str, str]) -> None:
    """Failing: a mistyped id is a resource of empty outputs, exit code 0, and what builds on it is silently wrong."""
    in_, out = guids["Theirs in"], guids["Theirs out"]
    ids = {"gone": NOBODYS, "other": out, "named": "Theirs in", "nonsense": "nonsense"}
    _seek(project, *((resource, "inbound", id_) for resource, id_ in ids.items()))
    expected = (
        f"'{NOBODYS}': the tenant has none with this Guid. `regulated-partners inventory` lists",
        f"'{out}': this is the Guid of the outbound connector 'Theirs out'. Ask OutboundConnector for it.",
        f"'Theirs in': that is no Guid, and an id is one. The connector of that name has the Guid {in_}.",
        "'nonsense': that is no Guid, and an id is one. `regulated-partners inventory` lists",
    )
    project.preview().refused(*expected)
    project.up().refused(expected[0])
    assert [row for row in project.export()["deployment"].get("resources", []) if "dynamic" in row["type"]] == []

    # One that goes away later.
    _seek(project, ("x", "inbound", in_))
    project.up().succeeded()
    control.invoke("Remove-InboundConnector", {"Identity": in_, "Confirm": False})
    project.up().refused(f"'{in_}'", "the tenant has none with this Guid")
    assert control.writes() == []
