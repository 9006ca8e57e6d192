"""The plugin's schema: what SDKs of all languages are made from."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from exchange_online.connectors import OPTIONS, Direction, Flag, Member, Texts, parameters
from exchange_online.resources.native.configuration import SETTINGS
from exchange_online_emulator import Control, EmulatorProcess
from regulated_partners.partners import setting_names
from regulated_partners.partners.declaration import Inbound, Outbound, Partner
from regulated_partners.plugin import documentation
from regulated_partners.plugin.schema import schema, text
from tests.exchange_online.resources.runs import INBOUND, ON_PREMISES, OUTBOUND, TWO_STEPS, Start
from tests.support.engine import ROOT, Project
from tests.support.provider_process import NATIVE

FILE = ROOT / "providers" / "plugin" / "schema.json"
PAGE = ROOT / "docs" / "native-api.md"


def _resource(direction: Direction) -> dict[str, Any]:
    found: dict[str, Any] = schema()["resources"][f"exchange-online:index:{direction}"]
    return found


def test_the_files_are_what_the_code_says() -> None:
    """Failing, `make generate` was forgotten: SDKs would be made from something else than what the plugin does."""
    assert FILE.read_text(encoding="utf-8") == text()
    assert PAGE.read_text(encoding="utf-8") == documentation.text()


@pytest.mark.engine
def test_pulumi_finds_nothing_wrong_with_the_plugin(project: Project, tmp_path: Path) -> None:
    """Failing, no SDK could be made from it; a broken one must not pass, or this test would show nothing."""
    folder = ROOT / "providers" / "plugin"
    checked = _check(project, str(folder))
    assert checked.returncode == 0, checked.stderr
    broken = json.loads(text())
    broken["resources"]["exchange-online:index:InboundConnector"]["properties"]["x"] = {"$ref": "#/types/nowhere"}
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(broken), encoding="utf-8")
    assert _check(project, str(file)).returncode != 0


def _check(project: Project, of: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["pulumi", "schema", "check", of],
        env={**os.environ, **project.variables},
        cwd=project.directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_names_are_the_frozen_ones() -> None:
    """Failing, every program and every state that uses the plugin would name what is not there any more."""
    found = schema()
    assert (found["name"], found["namespace"]) == ("exchange-online", "regulated-partners")
    assert {*found["resources"], *found["functions"]} == {
        f"exchange-online:index:{name}"
        for name in (
            *("InboundConnector", "OutboundConnector", "RegulatedPartner"),
            *("getInboundConnectors", "getOutboundConnectors", "getConnector"),
        )
    }
    aliases = {name: [alias["type"] for alias in of["aliases"]] for name, of in found["resources"].items()}
    assert aliases == {
        "exchange-online:index:InboundConnector": ["pulumi-python:dynamic/exchange-online:InboundConnector"],
        "exchange-online:index:OutboundConnector": ["pulumi-python:dynamic/exchange-online:OutboundConnector"],
        "exchange-online:index:RegulatedPartner": ["regulated-partners:index:RegulatedPartner"],
    }


@pytest.mark.parametrize("direction", Direction)
def test_each_parameter_is_an_input_and_an_output_with_its_words(direction: Direction) -> None:
    """Failing, a parameter would be there for Python only."""
    resource = _resource(direction)
    inputs, outputs = resource["inputProperties"], resource["properties"]
    options = [option.key for option in OPTIONS if direction in option.directions]
    assert inputs.keys() == {*(parameter.key for parameter in parameters(direction)), *options}
    assert inputs.keys() <= outputs.keys()
    assert set(resource["requiredInputs"]) == {one.key for one in parameters(direction) if one.required}
    for parameter in parameters(direction):
        shape = inputs[parameter.key]
        assert shape["description"].startswith(parameter.doc)
        if isinstance(parameter.kind, Member):
            (plain, choice) = shape["oneOf"]
            assert plain == {"type": "string"}
            values = schema()["types"][choice["$ref"].removeprefix("#/types/")]["enum"]
            assert [value["value"] for value in values] == [member.value for member in parameter.kind.members]
        else:
            wanted = "boolean" if isinstance(parameter.kind, Flag) else "string"
            assert shape["type"] == ("array" if isinstance(parameter.kind, Texts) else wanted)


@pytest.mark.provider
def test_each_output_that_there_is_stands_in_the_schema(emulator: EmulatorProcess, control: Control) -> None:
    """Failing, an SDK would have no name for something that the state holds."""
    control.switch(offering="disabled")
    with Start(emulator.connection_path, NATIVE)() as process:
        for declaration in (INBOUND, OUTBOUND, TWO_STEPS.with_(name="Two steps"), ON_PREMISES):
            resource = _resource(declaration.direction)
            made = process.create(declaration.direction, dict(declaration.properties))
            read = process.read(made)
            assert read is not None
            for outputs in (made.outputs, read.outputs):
                assert outputs.keys() <= resource["properties"].keys()
                assert set(resource["required"]) <= outputs.keys()
            assert read.inputs.keys() <= resource["inputProperties"].keys()


def test_each_option_of_a_partner_is_there_with_its_words() -> None:
    """Failing, a partner could not be declared from other languages as in a stack file."""
    found = schema()
    partner = found["resources"]["exchange-online:index:RegulatedPartner"]
    places: dict[type[BaseModel], dict[str, Any]] = {
        Partner: partner["inputProperties"],
        Inbound: found["types"]["exchange-online:index:PartnerInbound"]["properties"],
        Outbound: found["types"]["exchange-online:index:PartnerOutbound"]["properties"],
    }
    for model, properties in places.items():
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        assert properties.keys() == fields.keys() - {"acknowledge"}
        for name, shape in properties.items():
            assert str(fields[name].description) in shape["description"]
            assert shape["plain"]
    assert partner["requiredInputs"] == ["domains"]


def test_the_settings_are_those_of_a_stack_and_the_secret_is_one() -> None:
    """Failing, an SDK would write the client secret into the state in clear, or lack a way to sign in."""
    found = schema()
    settings = found["provider"]["inputProperties"]
    assert settings.keys() == {setting.name for setting in SETTINGS} <= set(setting_names())
    assert [name for name, shape in settings.items() if shape.get("secret")] == ["clientSecret"]
    assert found["config"]["variables"] == settings
    # With a default from the environment an SDK would copy what it finds there into the state.
    assert all("defaultInfo" not in shape for shape in settings.values())
