"""No credential in anything that a run leaves behind: canaries are planted, and looked for everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from exchange_online_emulator import ApplicationRegistration, ClientSecret, Control, EmulatorProcess
from exchange_online_emulator.faults import Forbidden
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import Project
from tests.support.engine_run import Run

pytestmark = pytest.mark.engine

CANARY = "canary-4f1d7c0a9e-client-secret"
CONFIG_CANARY = "canary-b82e61d3f7-config-secret"
APPLICATION = "0d3c1a55-91b5-4b0a-8f35-0d7bbd1d1e11"

#: A signed token as Entra and the emulator write it: three parts in base64url, the first a JSON object.
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{16,}\.[\w-]{16,}")


@pytest.fixture
def passphrase() -> str:
    """What most people's secrets are kept by."""
    return "local"


@pytest.fixture
def canaries(project: Project, emulator: EmulatorProcess, control: Control) -> tuple[str, ...]:
    """The project signs in with a canary; returns every secret that must not be seen."""
    secret = ClientSecret(value=SecretStr(CANARY))
    control.register_application(ApplicationRegistration(client_id=APPLICATION, secrets=(secret,)))
    project.set_variables(
        AZURE_TENANT_ID=emulator.connection.tenant,
        AZURE_CLIENT_ID=APPLICATION,
        AZURE_CLIENT_SECRET=CANARY,
    )
    project.declare(FABRIKAM)
    return CANARY, CONFIG_CANARY, emulator.connection.client_secret


def holds_none(text: str, secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        assert secret not in text
    assert _TOKEN.search(text) is None


def seen(run: Run, secrets: tuple[str, ...]) -> None:
    holds_none(run.output + run.event_log, secrets)


def test_a_good_run_leaves_no_credential(project: Project, canaries: tuple[str, ...], tmp_path: Path) -> None:
    """A failure means that whoever may read the state, the plan or the log of a pipeline can act as the application."""
    plan = tmp_path / "plan.json"
    seen(project.preview("--save-plan", str(plan)).succeeded(), canaries)
    seen(project.up("--plan", str(plan), "-v=3", "--logtostderr").succeeded(), canaries)
    shown = project.pulumi("preview", "--json")
    assert shown.returncode == 0, shown.stderr
    holds_none(shown.stdout + shown.stderr, canaries)

    left = [file for folder in (project.state, project.directory, tmp_path / "home") for file in folder.rglob("*")]
    kept = [file for file in left if file.is_file() and "__pycache__" not in file.parts]
    assert any(file.name == "dev.json" for file in kept), "the state was looked at"
    for file in (plan, *kept):
        holds_none(file.read_bytes().decode(errors="replace"), canaries)


def test_failing_runs_leave_no_credential(project: Project, canaries: tuple[str, ...], control: Control) -> None:
    """A failure means that the log of the run that went wrong, which is passed around for help, holds a credential."""
    control.fault(Forbidden(), "*", count=None)
    seen(project.up("-v=3", "--logtostderr").refused("403"), canaries)
    control.clear_faults()

    wrong = "canary-77aa01-mistyped"
    project.set_variables(AZURE_CLIENT_SECRET=wrong)
    failed = project.up("-v=3", "--logtostderr").refused("AADSTS7000215")
    seen(failed, (*canaries, wrong))


def test_a_config_secret_stays_encrypted(project: Project, emulator: EmulatorProcess, control: Control) -> None:
    """A failure means that a client secret from the stack's config is in the state, or in an output, in plain text."""
    secret = ClientSecret(value=SecretStr(CONFIG_CANARY))
    control.register_application(ApplicationRegistration(client_id=APPLICATION, secrets=(secret,)))
    project.declare(FABRIKAM, clientId=APPLICATION)
    name = "regulated-partners:clientSecret"
    assert project.pulumi("config", "set", "--secret", name, CONFIG_CANARY).returncode == 0

    made = project.up("-v=3", "--logtostderr").succeeded()

    assert tenant.names(control) == FABRIKAM_CONNECTORS
    secrets = (CONFIG_CANARY, emulator.connection.client_secret)
    seen(made, secrets)
    files = [file for file in (*project.state.rglob("*"), project.stack_file) if file.is_file()]
    for file in files:
        holds_none(file.read_bytes().decode(errors="replace"), secrets)
