"""A connector is of a type that reviews, policies and the inventory know, however the program declares it."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_online.connectors import TOKENS
from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).parent / "programs" / "own_types.py"


def test_a_class_of_ones_own_keeps_the_type(project: Project, control: Control) -> None:
    """Failing, whoever writes `class Ours(InboundConnector)` has a connector that no policy judges and no review
    shows."""
    project.use_program(PROGRAM)
    judged = project.preview("--policy-pack", str(ROOT / "policies"))
    judged.refused("inbound connector 'Ours': mail from the partner is accepted without TLS")
    assert [step.type in TOKENS for step in judged.steps if step.name == "ours"] == [True]
    assert tenant.names(control) == []


def test_another_type_makes_no_connector(project: Project, control: Control) -> None:
    """Failing, a program gets a connector past every policy by giving the resource a type of its own."""
    project.use_program(PROGRAM)
    project.configure(clientId="raw")
    project.up().refused("this resource has the type pulumi-python:dynamic/test:Thing: no review, policy or inventory")
    assert "Raw" not in tenant.names(control)
