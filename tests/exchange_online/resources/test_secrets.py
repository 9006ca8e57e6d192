"""No credential leaves the provider process: not with outputs, not with errors, not with messages."""

from __future__ import annotations

import json

import pytest

from exchange_online_emulator import ApplicationRegistration, Control, EmulatorProcess
from exchange_online_emulator.faults import ExpiredToken, Garbage, Refusal, Status
from tests.exchange_online.resources.runs import CONFIG, INBOUND, OUTBOUND, TWO_STEPS, Start, assert_sentence
from tests.support.mini_stack import MiniStack
from tests.support.provider_process import ProviderError, ProviderProcess

pytestmark = pytest.mark.provider

CANARY = "canary-secret-5b1e77"


def test_outputs_hold_no_credential(stack: MiniStack, emulator: EmulatorProcess) -> None:
    """Failing, the state file, which many may read, would hold the key to the tenant."""
    run = stack.up({"in": INBOUND, "out": TWO_STEPS})
    held = json.dumps([(resource.inputs, resource.outputs) for resource in stack.resources.values()]) + str(
        run.messages
    )
    assert emulator.connection.client_secret not in held
    assert emulator.connection.client_id not in held
    assert "eyJ" not in held
    assert "Bearer" not in held


@pytest.mark.parametrize(
    "where", [{"AZURE_CLIENT_SECRET": CANARY}, {}], ids=["from the environment", "from a config secret"]
)
def test_a_wrong_secret_is_said_without_showing_it(
    emulator: EmulatorProcess,
    tenant: Control,  # noqa: ARG001 - the tenant must be empty
    start: Start,
    where: dict[str, str],
) -> None:
    """Failing, a mistyped secret would stand in the log of every pipeline that failed because of it."""
    identity = {
        "AZURE_TENANT_ID": emulator.connection.tenant,
        "AZURE_CLIENT_ID": emulator.connection.client_id,
    }
    config = CONFIG if where else CONFIG | {"regulated-partners:clientSecret": CANARY}
    environ = {"EXCHANGE_ONLINE_EMULATOR": str(start.connection), "EXCHANGE_ONLINE_TIME_SCALE": "0", **where}
    process = ProviderProcess(config, environ | (identity if where else {}))
    with process, pytest.raises(ProviderError) as error:
        process.create(INBOUND.direction, dict(INBOUND.properties))
    assert_sentence(str(error.value), "AADSTS7000215")
    assert CANARY not in str(error.value)
    assert not any(CANARY in message for message in process.messages)


@pytest.mark.parametrize(
    "action",
    [ExpiredToken(claims=True), Status(status=500), Refusal(text="Bearer eyJ0eXAiOiJKV1Qi.e30.x"), Garbage()],
    ids=["401", "500", "the service repeats a token", "garbage"],
)
def test_a_failing_call_does_not_show_its_token(start: Start, tenant: Control, action: object) -> None:
    """Failing, whoever reads the log of a failed run could act as the application for an hour."""
    tenant.fault(action, "*", count=None)  # type: ignore[arg-type]
    with start() as process, pytest.raises(ProviderError) as error:
        process.create(OUTBOUND.direction, dict(OUTBOUND.properties))
    assert "eyJ" not in str(error.value)


def test_an_application_without_roles_is_told_what_it_lacks(
    emulator: EmulatorProcess, tenant: Control, start: Start
) -> None:
    """Failing, the first error of every new user would not say which role to grant."""
    client_id = "0f8fad5b-d9cb-469f-a165-70867728950e"
    tenant.register_application(
        ApplicationRegistration.model_validate(
            {"client_id": client_id, "secrets": [{"value": CANARY}], "app_roles": [], "directory_roles": []}
        )
    )
    environ = {
        "AZURE_TENANT_ID": emulator.connection.tenant,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_CLIENT_SECRET": CANARY,
    }
    with start(0, **environ) as process, pytest.raises(ProviderError) as error:
        process.create(INBOUND.direction, dict(INBOUND.properties))
    assert_sentence(str(error.value), "Exchange.ManageAsApp")
    assert CANARY not in str(error.value)
