"""Absent is not empty: a stack that does not say which partners it has deletes nothing, on the real engine."""

from __future__ import annotations

import pytest
import yaml

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.regulated_partners.partners.test_placement import CLOUD, LIST, NONE, WAYS, below
from tests.support.engine import Project

pytestmark = pytest.mark.engine

#: For the real engine: ways to lose the list that differ in what it hands on. All ways: `test_placement`.
ENGINE = (
    "nothing but a cloud",
    "indentation lost",
    "Config",
    "another namespace",
    "all commented out",
    "two documents",
)


def with_secrets(text: str, secrets: str) -> str:
    """The settings file as a person left it, with Pulumi's lines for secrets."""
    first, *rest = text.partition("---\n")
    return f"{first}{secrets}{''.join(rest)}"


def test_a_stack_that_does_not_say_which_partners_it_has(project: Project, control: Control) -> None:
    """Failing: a lost indentation, a list that is commented out or a wrong namespace deletes every connector (A58c,
    A03, A02), or the refusal does not say where the list is and how to write it."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    before = tenant.guids(control)
    assert sorted(before) == FABRIKAM_CONNECTORS
    control.clear_calls()
    secrets = yaml.safe_dump(project.secrets_settings())

    def write(text: str) -> None:
        project.stack_file.write_text(with_secrets(text, secrets), encoding="utf-8")

    for way in ENGINE:
        text, words = WAYS[way]
        write(text)
        run = project.preview("--refresh=false")
        run.refused(*words, "nothing was changed.")
        assert run.operations == {}, way
    project.up().refused(*words)
    assert tenant.sent(control) == []
    # Somebody who names another file is told about that one; there is none to look into.
    other = project.directory / "other.yaml"
    other.write_text(with_secrets("config:\n  other:setting: 1\n", secrets), encoding="utf-8")
    project.preview("--refresh=false", "--config-file", str(other)).refused("absent is not empty", NONE)

    write(CLOUD + f"  {NONE}\n")
    assert sorted(project.preview().succeeded().operations.values()) == ["delete", "delete"]
    # What `<<` and `NAMESPACE:config:NAME` bring to its place is in its place.
    merged = f"base: &base\n{below(LIST)}config:\n  <<: *base\n  regulated-partners:config:cloud: local\n"
    write(merged)
    project.preview().succeeded().unchanged()
    assert tenant.guids(control) == before
