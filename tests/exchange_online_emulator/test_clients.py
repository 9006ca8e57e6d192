"""What public clients send, and what they rely on in the answers: each case of data/clients.json."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
import requests

from exchange_online_emulator import ApplicationRegistration, Control
from exchange_online_emulator.clients import ClientCase, ClientRequest, Expected, client_cases
from exchange_online_emulator.faults import Fault
from exchange_online_emulator.rules_table import registered_rules
from tests.exchange_online_emulator.admin import Admin

CASES = {case.id: case for case in client_cases()}


@pytest.mark.parametrize("case", CASES)
def test_a_public_client_gets_what_it_relies_on(admin: Admin, control: Control, case: str) -> None:
    """Failing: a program that somebody else wrote for the service does not work here, or wrongly does."""
    played = CASES[case]
    token = _prepared(control, played)
    last: dict[str, Any] = {}
    for request in played.requests:
        url = str(last["@odata.nextLink"]) if request.follows else ""
        response, content = _sent(admin, control, request, token, url)
        last = _checked(response, content, _filled(control, request.expect), control)


def test_the_cases_and_the_rules_belong_together() -> None:
    """Failing: the table says that a client relies on a rule which no case of it shows, or a case names no rule."""
    rules = {rule.id: rule for rule in registered_rules()}
    assert len(CASES) == len(client_cases())
    for case in client_cases():
        assert set(case.rules) <= set(rules), case.id
        assert all(case.client in rules[name].clients for name in case.rules)
        assert case.source


def _prepared(control: Control, case: ClientCase) -> str:
    control.seed(**case.seed)
    control.switch(**case.switches)
    registration = ApplicationRegistration(app_roles=case.app_roles, directory_roles=case.roles)
    token = control.mint_token(control.register_application(registration).client_id).get_secret_value()
    for fault in case.faults:
        asked = Fault.model_validate(fault)
        control.fault(asked.action, asked.cmdlet)
    return token


def _sent(
    admin: Admin, control: Control, request: ClientRequest, token: str, url: str
) -> tuple[requests.Response, bytes]:
    """The answer, and its body as a client that heeds magic bytes reads it."""
    headers: dict[str, str | None] = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept-Encoding": None,
        **request.headers,
    }
    body = request.body
    if request.cmdlet:
        command = {"CmdletName": request.cmdlet, "Parameters": request.parameters or {}}
        body = json.dumps({"CmdletInput": command})
    # None takes a header out, also one that requests would add.
    filled = {name: value if value is None else _fill(control, value) for name, value in headers.items()}
    response = admin.session.request(
        request.method,
        url or admin.connection.url + _fill(control, request.path),
        data=_fill(control, body).encode(),
        headers=filled,
        stream=True,
        timeout=30,
    )
    content: bytes = response.raw.read(decode_content=False)
    return response, gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def _fill(control: Control, text: str) -> str:
    """A text with the tenant's own values for what stands in braces."""
    if "{" not in text:
        return text
    status = control.status()
    text = text.replace("{tenant}", status.tenant).replace("{domain}", status.initial_domain)
    rows = {row["Name"]: row["Guid"] for direction in ("inbound", "outbound") for row in control.connectors(direction)}
    return re.sub(r"\{Guid of ([^}]+)\}", lambda found: rows[found[1]], text)


def _filled(control: Control, expected: Expected) -> Expected:
    return Expected.model_validate_json(_fill(control, expected.model_dump_json()))


def _checked(response: requests.Response, content: bytes, expected: Expected, control: Control) -> dict[str, Any]:
    """Asserts what a client relies on; returns the body where it is JSON."""
    assert response.status_code == expected.status, content[:500]
    for name, part in expected.headers.items():
        if part is None:
            assert name not in response.headers
        else:
            assert part in response.headers[name]
    if expected.left is not None:
        rules = [row["Name"] for row in control.invoke("Get-TransportRule").rows]
        rows = [row["Name"] for direction in ("inbound", "outbound") for row in control.connectors(direction)]
        assert tuple(sorted(rows + rules)) == expected.left
    if expected.nul:
        assert content
        assert not content.strip(b"\0")
        return {}
    body: dict[str, Any] = json.loads(content) if content.startswith(b"{") else {}
    assert expected.text in (_words(body) or content.decode())
    assert expected.type in _type(body)
    rows = body.get("value", [])
    if expected.names is not None:
        assert tuple(row["Name"] for row in rows) == expected.names
    assert expected.row.items() <= (rows[0] if rows else {}).items()
    if expected.warning is not None:
        warnings = body["@adminapi.warnings"]
        assert any(expected.warning in warning for warning in warnings) if expected.warning else warnings == []
    if expected.next_link is not None:
        assert ("@odata.nextLink" in body) is expected.next_link
    return body


def _detail(body: dict[str, Any]) -> str:
    details = body.get("error", {}).get("details") if isinstance(body.get("error"), dict) else None
    return str(details[0]["message"]) if details else ""


def _words(body: dict[str, Any]) -> str:
    """The words of a refusal, in either form of its details."""
    detail = _detail(body)
    if detail.startswith("{"):
        return str(json.loads(detail)["Message"])
    error = body.get("error", {})
    return detail.rpartition("|")[2] or (str(error.get("message", "")) if isinstance(error, dict) else "")


def _type(body: dict[str, Any]) -> str:
    detail = _detail(body)
    return str(json.loads(detail)["TypeName"]) if detail.startswith("{") else detail.partition("|")[2].partition("|")[0]
