"""From the dynamic face to the native one: the connectors are not touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from tests.engine import native, tenant
from tests.engine.native import inbound, outbound, partner
from tests.engine.partners import FABRIKAM, WOODGROVE
from tests.support.engine import Project

pytestmark = pytest.mark.engine

_DYNAMIC = "pulumi-python:dynamic/exchange-online"
_PROGRAMS = Path(__file__).parent / "programs"
MANY = 200


def _as_native(declared: Any) -> dict[str, Any]:
    options = {key: value for key, value in declared.items() if key != "name"}
    return partner(declared["name"], **options)


def test_partners_move_untouched_while_the_engine_refreshes(project: Project, control: Control) -> None:
    """Failing, a change of the program's language would delete every connector and make others."""
    project.declare(FABRIKAM, WOODGROVE)
    project.up().succeeded()
    guids, before = tenant.guids(control), tenant.whole(control)
    control.clear_calls()

    native.use_native(project)
    native.declare(project, _as_native(FABRIKAM), _as_native(WOODGROVE))
    project.preview("--refresh").unchanged()
    project.up("--refresh").unchanged()
    assert control.writes() == []
    assert tenant.whole(control) == before
    state = {entry["type"] for entry in project.export()["deployment"]["resources"]}
    assert state == {
        "pulumi:pulumi:Stack",
        "pulumi:providers:exchange-online",
        native.PARTNER,
        native.INBOUND,
        native.OUTBOUND,
    }
    # The first read by the plugin takes the last of the old face out of the state, and from then on previews look.
    project.up("--refresh", "--expect-no-changes").unchanged()
    assert "__provider" not in str(project.export())
    assert control.writes() == []
    control.invoke("Set-InboundConnector", {"Identity": guids["Fabrikam Bank - inbound"], "RequireTls": False})
    assert project.preview().succeeded().operations == {"Fabrikam Bank-inbound": "update"}
    project.destroy().succeeded()
    assert tenant.names(control) == []


def test_connectors_move_untouched(project: Project, control: Control) -> None:
    """Failing, whoever declares connectors one by one could not change the program's language."""
    project.use_program(_PROGRAMS / "raw_connectors.py")
    dynamic = [
        {"direction": "inbound", "resource": "In", "arguments": {"name": "In", "sender_domains": ["in.example"]}},
        {
            "direction": "outbound",
            "resource": "Out",
            "arguments": {
                "name": "Out",
                "recipient_domains": ["out.example"],
                "tls_settings": "CertificateValidation",
                "validation_recipients": ["postmaster@out.example"],
            },
        },
    ]
    project.configure(connectors=dynamic)
    project.up().succeeded()
    before = tenant.whole(control)
    control.clear_calls()

    native.use_native(project)
    native.declare(
        project,
        inbound("In", "in.example", alias=f"{_DYNAMIC}:InboundConnector"),
        outbound(
            "Out",
            "out.example",
            validationRecipients=["postmaster@out.example"],
            alias=f"{_DYNAMIC}:OutboundConnector",
        ),
    )
    project.up().unchanged()
    assert control.writes() == []
    assert tenant.whole(control) == before
    # Without the aliases, which one run needs.
    native.declare(
        project,
        inbound("In", "in.example"),
        outbound("Out", "out.example", validationRecipients=["postmaster@out.example"]),
    )
    project.up("--expect-no-changes").unchanged()
    assert control.writes() == []


def test_two_hundred_partners_move_untouched(project: Project, control: Control) -> None:
    """Failing, what holds for two partners would not for the stack of a bank."""
    project.set_variables(PULUMI_SKIP_CHECKPOINTS="true")
    partners = [
        {"name": f"Partner {n}", "domains": [f"p{n}.example"], "certificateName": f"mx.p{n}.example"}
        for n in range(MANY)
    ]
    project.declare(*partners)
    project.up().succeeded()
    before = tenant.whole(control)
    control.clear_calls()
    native.use_native(project)
    native.declare(project, *map(_as_native, partners))
    moved = project.up("--parallel", "16").unchanged()
    assert {step.operation for step in moved.steps if step.is_connector} == {"same"}
    assert len([step for step in moved.steps if step.is_connector]) == 2 * MANY
    assert control.writes() == []
    assert tenant.whole(control) == before


def test_back_to_the_dynamic_face_touches_nothing_either(project: Project, control: Control) -> None:
    """Failing, a trial of the plugin could not be ended without making connectors anew."""
    native.use_native(project)
    native.declare(project, inbound("In", "in.example"))
    project.up().succeeded()
    before = tenant.whole(control)
    control.clear_calls()
    project.use_program(_PROGRAMS / "back_from_native.py")
    project.configure()
    assert project.up().succeeded().operations in ({}, {"In": "update"})
    assert control.writes() == []
    assert tenant.whole(control) == before
