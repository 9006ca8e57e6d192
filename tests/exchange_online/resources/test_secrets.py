"""No credential leaves the provider process: not with outputs, not with errors, not with messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.runtime import rpc

from exchange_online_emulator import ApplicationRegistration, Control, EmulatorProcess
from exchange_online_emulator.faults import ExpiredToken, Garbage, Refusal, Status
from tests.exchange_online.resources.runs import CONFIG, INBOUND, OUTBOUND, TWO_STEPS, Start, assert_sentence
from tests.support.mini_stack import Declaration, MiniStack
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


#: Names of what is secret in it, as the resource classes write them.
_NAMES = ["comment", "name", "recipientDomains", "smartHosts", "tlsDomain", "tlsSettings"]
SECRET = Declaration(
    OUTBOUND.direction,
    {
        "name": "canary-0",
        "recipientDomains": ["canary-1.example", "\u00fc.canary-2.example"],
        "smartHosts": ["canary-3.example"],
        "useMxRecord": False,
        "tlsSettings": "DomainValidation",
        "tlsDomain": "Canary-4.example",
        "comment": "canary-5 for\nBob's \\ desk, in a text that is longer than sixty characters are",
        "secretProperties": _NAMES,
    },
)


def marked(properties: dict[str, Any]) -> list[str]:
    """The properties with the engine's mark."""
    return sorted(key for key, value in properties.items() if rpc.is_rpc_secret(value))


def holds_no_canary(*texts: str) -> None:
    for text in texts:
        assert "canary" not in text.lower(), text
        assert "desk" not in text, text


def test_secret_properties_are_marked_in_all_that_comes_back(start: Start, tenant: Control) -> None:
    """Failing, the state would hold a secret in clear: one that came back after it was gone, or as the identity."""
    with start() as process:
        made = process.create(SECRET.direction, dict(SECRET.properties))
        assert marked(made.outputs) == sorted([*_NAMES, "identity"])
        read = process.read(made)
        assert read is not None
        assert marked(read.inputs) == _NAMES
        assert marked(read.outputs) == sorted([*_NAMES, "identity"])
        assert process.diff(read, made.inputs).changes == "none"
        updated = process.update(read, {**SECRET.properties, "enabled": False})
        assert marked(updated.outputs) == sorted([*_NAMES, "identity"])
        assert process.diff(read, {**made.inputs, "secretProperties": ["name"]}).changes == "unknown"
    holds_no_canary(*process.messages)
    with start() as process:
        process.delete(updated)
    assert tenant.connectors("outbound") == []
    holds_no_canary(*process.messages)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tlsDomain", "https://canary.example/x"),
        ("tlsDomain", "*.*.canary.example"),
        ("tlsDomain", "*canary.example"),
        ("tlsDomain", "user@canary.example"),
        ("tlsDomain", "can\u0430ry.example"),
        ("smartHosts", ["canary.example:25", "fe80::ca", "[canary"]),
        ("recipientDomains", ["canary", "canary.1"]),
        ("tlsSettings", "CanaryValidation"),
        ("validationRecipients", ["canary@", "x y@canary.example"]),
        ("comment", 12.5),
        ("name", "canary" * 30),
        ("name", ["canary"]),
    ],
)
def test_a_refused_secret_is_not_shown(start: Start, key: str, value: object) -> None:
    """Failing, a mistyped secret would stand in the log: the engine too prints what it is told the property of."""
    declared = {**SECRET.properties, key: value, "secretProperties": [*_NAMES, "validationRecipients"]}
    with start() as process:
        _, failures = process.check(SECRET.direction, declared)
    assert list(failures) == [""]
    holds_no_canary(*failures[""])
    assert failures[""][0].startswith(key)
    holds_no_canary(*process.messages)


ECHO = (
    "x=canary-1.example|CANARY-1.EXAMPLE|\\u0022canary-4.example\\u0022, "
    '"canary-5 for\\nBob\'s \\\\ desk, in a text that is longer than sixty characters are"'
)


@pytest.mark.parametrize(
    "text",
    [
        ECHO,
        f"{'.' * 985} canary-5 for Bob's",
        "canary-5 for Bob's \\ desk, in a text that is longer than sixty characters are",
        "'canary-5 for\\nBob\\'s \\\\ desk, in a text that is longer tha...",
        "%C3%BC.canary-2.example and xn--tda.canary-2.example and \u00dc.canary-2.example; smtp:canary-1.example;1",
    ],
)
def test_the_services_words_are_shown_without_the_secret(start: Start, tenant: Control, text: str) -> None:
    """Failing, a service that repeats what it refuses would put the secret into the log."""
    tenant.fault(Refusal(exception_type="Microsoft.Exchange.X", text=text, status=400), "New-*", count=None)
    with start() as process, pytest.raises(ProviderError) as error:
        process.create(SECRET.direction, dict(SECRET.properties))
    assert "[secret]" in str(error.value)
    holds_no_canary(str(error.value), *process.messages)


def test_what_is_said_about_others_shows_no_secret_either(start: Start, tenant: Control) -> None:
    """Failing, the warning about a neighbour, a take-over or a declined write would show what is secret."""
    other = {**SECRET.properties, "name": "Open", "comment": "open", "secretProperties": ["recipientDomains"]}
    tenant.seed(outbound=[{"Name": "Theirs", "RecipientDomains": list(SECRET.properties["recipientDomains"])}])
    with start() as process:
        process.create(SECRET.direction, dict(SECRET.properties))
        assert any("is for mail to [secret]" in message for message in process.messages), process.messages
        holds_no_canary(*process.messages)
    by_hand = {"Name": "By hand", "RecipientDomains": ["canary-1.example"], "Comment": "canary-9", "Enabled": False}
    tenant.seed(outbound=[by_hand])
    with start() as process, pytest.raises(ProviderError) as refused:
        process.create(SECRET.direction, {**other, "name": "By hand", "secretProperties": _NAMES})
    assert "comment: [secret] => [secret]" in str(refused.value)
    assert "enabled: false => true" in str(refused.value)
    holds_no_canary(str(refused.value), *process.messages)
    tenant.fault(Garbage(body='{"value": []}'), "Set-OutboundConnector", count=None)
    with start() as process:
        process.check(SECRET.direction, dict(SECRET.properties))  # as the engine does for each resource
        made = process.create(SECRET.direction, {**other, "name": "Another"})
        with pytest.raises(ProviderError) as unchanged:
            process.update(made, {**other, "name": "Another", "recipientDomains": ["canary-7.example"]})
    assert "recipientDomains: [secret] => [secret]" in str(unchanged.value)
    holds_no_canary(str(unchanged.value), *process.messages)


def test_what_is_not_secret_stays_readable(start: Start) -> None:
    """Failing, a refusal would say nothing any more: the values beside a secret are what it is about."""
    declared = {**OUTBOUND.properties, "tlsDomain": "mail.fabrikam.com:25", "secretProperties": ["comment"]}
    with start() as process:
        _, failures = process.check(OUTBOUND.direction, declared)
    (reason,) = failures["tlsDomain"]
    assert "tlsDomain: 'mail.fabrikam.com:25' is not a domain name" in reason
    assert "outbound connector 'Fabrikam Bank - outbound'" in reason
