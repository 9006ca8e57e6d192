"""Outputs as a program reads them: by their Python names, with their types."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import pytest

from exchange_online import InboundConnector, OutboundConnector
from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.property_cases import ACCEPTED_DOMAIN, CASES
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).parent / "programs" / "every_output.py"
CLASSES: dict[str, type[Any]] = {"inbound": InboundConnector, "outbound": OutboundConnector}

VALIDATED: dict[str, Any] = {
    "direction": "outbound",
    "resource": "validated",
    "arguments": {"name": "Validated", "recipient_domains": ["validated.example"], "adopt_existing": True},
}
DECLINED: dict[str, Any] = {
    "direction": "inbound",
    "resource": "declined",
    "arguments": {
        "name": "Own servers",
        "connector_type": "OnPremises",
        "sender_domains": ["*"],
        "allow_tenant_wide_restriction": True,
        "adopt_existing": True,
    },
}

SECRET: list[dict[str, Any]] = [
    {
        "direction": direction,
        "resource": f"secret-{direction}",
        "arguments": {"name": "Secret", domains: [f"{direction}.example"], "comment": "not to be seen"},
        "secret": ["comment"],
    }
    for direction, domains in (("inbound", "sender_domains"), ("outbound", "recipient_domains"))
]


def test_every_output_is_read_by_its_python_name(project: Project, control: Control) -> None:
    """Failing, `connector.sender_domains` raises AttributeError in a user's program, after the connectors were made."""
    control.seed(accepted_domains=[ACCEPTED_DOMAIN])
    seeded = {"Name": "Validated", "RecipientDomains": ["validated.example"], "IsValidated": True}
    control.seed(outbound=[{**seeded, "LastValidationTimestamp": "2026-01-02T03:04:05"}])
    connectors: list[dict[str, Any]] = [
        *(
            {"direction": case.direction, "resource": case.resource, "arguments": case.arguments(case.after)}
            for case in CASES
        ),
        VALIDATED,
    ]
    project.use_program(PROGRAM)
    project.configure(connectors=[*connectors, *SECRET])
    project.up().succeeded()
    control.switch(offering="disabled")
    project.configure(connectors=[*connectors, *SECRET, DECLINED])
    project.up().succeeded()

    outputs, rows = project.outputs(), {row["Name"]: row for row in tenant.whole(control)}

    for declared in [*connectors, DECLINED]:
        read = outputs[declared["resource"]]
        # The service did not take this one over, which is what the connector is there for.
        given = declared["arguments"] | ({"enabled": False} if declared is DECLINED else {})
        shown = {name: value for name, value in given.items() if value != _unshown(name)}
        assert {name: read.get(name) for name in shown} == shown
        row = rows[given["name"]]
        assert read["guid"] == row["Guid"]
        assert read["identity"] == row["Identity"]
        assert read["connector_source"] == row["ConnectorSource"]
        assert read["is_valid"] is True
        assert (read["when_created_utc"], read["when_changed_utc"]) == (row["WhenCreatedUTC"], row["WhenChangedUTC"])
    assert outputs["validated"]["is_validated"] is True
    assert outputs["validated"]["last_validation_timestamp"] == rows["Validated"]["LastValidationTimestamp"]
    assert outputs["declined"]["declined"] == ["enabled"]
    for declared in SECRET:
        read = outputs[declared["resource"]]
        assert (read["comment"], read["secret_properties"]) == ("[secret]", ["comment"])
    for direction, resource_class in CLASSES.items():
        own = [declared for declared in [*connectors, *SECRET, DECLINED] if declared["direction"] == direction]
        seen = [outputs[declared["resource"]] for declared in own]
        for name in inspect.get_annotations(_outputs_of(resource_class)):
            values = [read[name] for read in seen if read.get(name) is not None]
            assert values, f"{direction}: nobody has read a value of {name}"
            assert {type(value) for value in values} == {_promised(resource_class, name)}, name


def _unshown(name: str) -> object:
    """The default at which a property is not among the outputs, because some clouds do not know it yet."""
    return "Opportunistic" if name in ("smtp_dane_mode", "mta_sts_mode") else ...


def _outputs_of(resource_class: type[Any]) -> type[Any]:
    """The class that annotates the outputs."""
    outputs: type[Any] = resource_class.__mro__[1]
    return outputs


def _promised(resource_class: type[Any], name: str) -> type[Any]:
    """What the annotation says of a value that is there: `Output[list[str] | None]` promises a list."""
    (inner,) = get_args(inspect.get_annotations(_outputs_of(resource_class), eval_str=True)[name])
    choices = get_args(inner) if isinstance(inner, UnionType) else (inner,)
    (kind,) = (choice for choice in choices if choice is not type(None))
    promised: type[Any] = get_origin(kind) or kind
    return promised
