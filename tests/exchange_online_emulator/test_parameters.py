"""The parameters of the cmdlets, against the reference tables and the documented examples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.cmdlets.parameters import find_cmdlet
from tests.exchange_online_emulator.admin import Admin
from tools import emulator, generated

DATA = Path(__file__).parent.parent / "data"
REFERENCE: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (DATA / "connector_parameters.json").read_text(encoding="utf-8")
)
EXAMPLES: list[dict[str, Any]] = json.loads((DATA / "connector_examples.json").read_text(encoding="utf-8"))
CONNECTOR_CMDLETS = [
    f"{verb}-{noun}" for noun in ("InboundConnector", "OutboundConnector") for verb in ("Get", "New", "Set", "Remove")
]


@pytest.mark.parametrize("cmdlet", [*CONNECTOR_CMDLETS, "Validate-OutboundConnector", "Get-AcceptedDomain"])
def test_the_cmdlet_has_the_documented_parameters(cmdlet: str) -> None:
    """Failing: a parameter is missing, or one is taken that the service does not know."""
    spec = find_cmdlet(cmdlet)
    assert spec is not None
    ours = {item.name: (item.type, item.required, item.multi) for item in spec.parameters.values()}
    reference = {name: (item["type"], item["required"], item["multi"]) for name, item in REFERENCE[cmdlet].items()}
    assert ours == reference


def test_what_is_generated_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: its tables or docs/emulator-rules.md do not follow the reference: run `make generate`."""
    assert generated.main(["--check"]) == 0, capsys.readouterr().err


def test_a_new_parameter_is_entered_in_one_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: a parameter that the reference gains must be copied into the emulator by hand."""
    row = {**REFERENCE["Set-OutboundConnector"]["TlsSettings"], "values": [None, "Loose", "Tight"]}
    grown = {**REFERENCE, "Set-OutboundConnector": {**REFERENCE["Set-OutboundConnector"], "Brandnew": row}}
    (tmp_path / "connector_parameters.json").write_text(json.dumps(grown), encoding="utf-8")
    shutil.copy(DATA / "connector_get_shapes.json", tmp_path)
    monkeypatch.setattr(emulator, "REFERENCE", tmp_path)
    made = json.loads(emulator.tables())["parameters"]["Set-OutboundConnector"]["Brandnew"]
    assert made == {"type": "TlsAuthLevel", "members": ["Loose", "Tight"], "nullable": True}
    assert generated.main(["--check"]) == 1


@pytest.mark.parametrize("cmdlet", ["Set-InboundConnector", "Set-OutboundConnector"])
def test_every_parameter_of_set_can_be_set_and_read_back(admin: Admin, control: Control, cmdlet: str) -> None:
    """Failing: a setting is taken and forgotten."""
    direction = "Inbound" if "Inbound" in cmdlet else "Outbound"
    values: dict[str, Any] = {
        "SenderDomains": ["*.contoso.com"],
        "RecipientDomains": ["*.contoso.com"],
        "SenderIPAddresses": ["192.0.2.1/25"],
        "EFSkipIPs": ["192.0.2.1-192.0.2.5", "198.51.100.0/20"],
        "EFUsers": ["laura@contoso.com"],
        "ValidationRecipients": ["laura@contoso.com"],
        "SmartHosts": ["mail.contoso.com", "192.0.2.1"],
        "LastValidationTimestamp": "2026-01-02T03:04:05",
        "TlsDomain": "*.contoso.com",
        "TlsSenderCertificateName": "*.contoso.com",
    }
    create = admin.new_inbound if direction == "Inbound" else admin.new_outbound
    create(ConnectorType="OnPremises")
    for name, item in REFERENCE[cmdlet].items():
        if name in ("Identity", "Name", "Confirm", "WhatIf", "UseMXRecord", "ConnectorType"):
            continue
        before = control.connectors(direction.lower())[0][name]
        if item["type"] == "Boolean":
            value: Any = not before
        elif isinstance(item["values"], list):
            value = next(entry for entry in item["values"] if entry not in (None, before))
        else:
            value = values.get(name, ["contoso.com"] if item["multi"] else "text")
        admin.rows(cmdlet, {"Identity": "Fabrikam", name: value})
        after = control.connectors(direction.lower())[0][name]
        if name == "LastValidationTimestamp":
            value += ".0000000"
        assert after == ([f"smtp:{entry};1" for entry in value] if name == "SenderDomains" else value), name
        if item["type"] == "Boolean":
            admin.rows(cmdlet, {"Identity": "Fabrikam", name: before})


RUNNABLE = [
    example
    for example in EXAMPLES
    if example["cmdlet"] in ("New-InboundConnector", "New-OutboundConnector") and "<" not in json.dumps(example["args"])
]


@pytest.mark.parametrize("example", RUNNABLE, ids=[example["id"] for example in RUNNABLE])
def test_documented_examples_run(admin: Admin, example: dict[str, Any]) -> None:
    """Failing: an example of the documentation or of the field does not run here."""
    row = admin.rows(example["cmdlet"], {"Name": example["id"], **example["args"]})[0]
    for name, value in example["args"].items():
        if isinstance(value, bool) and name in row:
            assert row[name] is value, name


def test_there_are_examples_to_run() -> None:
    """Failing: the filter above leaves nothing, and the test before passes for no reason."""
    assert len(RUNNABLE) >= 8
