"""A run that cannot sign in, or may not act: one sentence that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from exchange_online_emulator import ApplicationRegistration, ClientSecret, Control, EmulatorProcess
from exchange_online_emulator.faults import ExpiredToken
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import Project

pytestmark = pytest.mark.engine

SECRET = "kept-to-itself-58f1c2"
APPLICATION = "7b1f3a52-3f0e-4c0b-9c0a-5f5b6f3f7f10"
ADMINISTRATOR = "Exchange Administrator"


@pytest.fixture
def signed_in_as(project: Project, emulator: EmulatorProcess) -> Project:
    """The project, signing in with a client secret from the environment."""
    project.set_variables(
        AZURE_TENANT_ID=emulator.connection.tenant,
        AZURE_CLIENT_ID=APPLICATION,
        AZURE_CLIENT_SECRET=SECRET,
    )
    project.declare(FABRIKAM)
    return project


def register(
    control: Control, secret: str, *, expires: datetime | None = None, roles: tuple[str, ...] = (ADMINISTRATOR,)
) -> None:
    control.register_application(
        ApplicationRegistration(
            client_id=APPLICATION,
            secrets=(ClientSecret(value=SecretStr(secret), expires=expires),),
            directory_roles=roles,
        )
    )


def test_a_wrong_client_secret_then_the_right_one(signed_in_as: Project, control: Control) -> None:
    """A failure means that a mistyped secret ends in a traceback, shows the secret, or leaves a broken stack behind."""
    register(control, "another one")
    refused = signed_in_as.up().refused("AZURE_CLIENT_SECRET", "AADSTS7000215")
    assert SECRET not in refused.output + refused.event_log
    assert control.calls() == []

    register(control, SECRET)
    signed_in_as.up().succeeded()
    assert tenant.names(control) == FABRIKAM_CONNECTORS

    # Reads come first in a stack that exists.
    register(control, "rotated")
    refused = signed_in_as.up().refused("AZURE_CLIENT_SECRET", "AADSTS7000215")
    assert SECRET not in refused.output + refused.event_log
    register(control, SECRET)
    signed_in_as.up("--expect-no-changes").unchanged()


def test_an_expired_client_secret(signed_in_as: Project, control: Control) -> None:
    """A failure means that the most usual reason of a nightly failure is not named."""
    register(control, SECRET, expires=datetime.now(UTC) - timedelta(days=1))

    refused = signed_in_as.up().refused("AADSTS7000222", "expired")

    assert SECRET not in refused.output + refused.event_log


def test_an_application_without_a_role(signed_in_as: Project, control: Control) -> None:
    """A failure means that the service's 403 without a word is passed on without a word."""
    register(control, SECRET, roles=("Global Reader",))
    signed_in_as.up().refused(
        "The token holds Global Reader, which only reads: assign Exchange Administrator", "HTTP 403"
    )
    assert tenant.names(control) == []


@pytest.mark.parametrize("declared_as_gzip", [True, False], ids=["declared as gzip", "plain"])
def test_an_application_without_any_role(signed_in_as: Project, control: Control, declared_as_gzip: bool) -> None:
    """A failure means that the likeliest first failure ends, after a minute, in a broken connection.

    Source: exchange-wire, addendum: the service declares the NUL bytes of this 403 as gzip.
    """
    register(control, SECRET, roles=())
    control.switch(compression=declared_as_gzip)

    refused = signed_in_as.up().refused("assign Exchange Administrator", "HTTP 403")

    assert "the connection broke" not in refused.output
    assert "unknown" not in refused.output
    # Each look once, and none again: the sentence comes at once.
    assert len(control.calls()) == len({(call.cmdlet, str(call.parameters)) for call in control.calls()})
    assert {call.status for call in control.calls()} == {403}


def test_the_token_expires_in_the_middle(project: Project, control: Control) -> None:
    """A failure means that a long run fails half way, when its token ends, instead of taking a new one."""
    project.declare(FABRIKAM)
    control.fault(ExpiredToken(), "New-InboundConnector")
    control.fault(ExpiredToken(claims=True), "New-OutboundConnector")

    project.up().succeeded()

    assert tenant.names(control) == FABRIKAM_CONNECTORS


def test_no_emulator(project: Project, emulator: EmulatorProcess, tmp_path: Path) -> None:
    """A failure means that somebody who has not started the emulator is not told to."""
    project.declare(FABRIKAM)
    missing = tmp_path / "nowhere" / "connection.json"
    project.set_variables(EXCHANGE_ONLINE_EMULATOR=str(missing))
    project.up().refused(str(missing), "regulated-partners emulator start")

    # The file of one that has ended: nobody listens at its port any more.
    stopped = tmp_path / "connection.json"
    connection = emulator.connection.model_copy(
        update={"url": "https://127.0.0.1:9", "authority": "https://127.0.0.1:9"}
    )
    connection.write(stopped)
    project.set_variables(EXCHANGE_ONLINE_EMULATOR=str(stopped))
    refused = project.up().refused("cannot be reached", "regulated-partners emulator start")
    assert emulator.connection.client_secret not in refused.output
