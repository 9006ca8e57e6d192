"""Requests that are no proper InvokeCommand get the answer of a service, never a traceback."""

from __future__ import annotations

import json
import time

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Refusal
from tests.exchange_online_emulator.admin import Admin, refusal_text

BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b'"text"', 400),
    (b"null", 400),
    (b"\xff\xfe\x00", 400),
    (b"[" * 100_000, 400),
    (b'{"CmdletInput": null}', 400),
    (b'{"CmdletInput": {"CmdletName": 7, "Parameters": {}}}', 400),
    (b'{"CmdletInput": {"CmdletName": "", "Parameters": {}}}', 400),
    (b'{"CmdletInput": {"CmdletName": "Get-InboundConnector", "Parameters": null}}', 400),
    (b'{"CmdletInput": {"CmdletName": "Get-InboundConnector", "Parameters": []}}', 400),
    (b" " * (5 * 1024 * 1024), 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=[str(body[:30]) for body, _ in BODIES])
def test_a_malformed_body_gets_an_error_envelope(
    admin: Admin, process: EmulatorProcess, body: bytes, status: int
) -> None:
    """Failing: a broken body crashes the server, or shows its inside."""
    response = admin.send(body)
    assert response.status_code == status
    assert response.json()["error"]["code"] == "BadRequest"
    assert "Traceback" not in response.text + process.log()


def test_a_malformed_body_without_a_token_is_a_401(admin: Admin) -> None:
    """Failing: the service would tell strangers what is wrong with their body."""
    assert admin.send(b"{", Authorization=None).status_code == 401


def test_another_media_type_is_refused(admin: Admin) -> None:
    """Failing: a client that forgets Content-Type works here only."""
    assert admin.send(b"{}", Content_Type="text/plain").status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/adminapi/beta/{tenant}/InvokeCommand", 405),
        ("PUT", "/adminapi/beta/{tenant}/InvokeCommand", 405),
        ("POST", "/adminapi/v1.0/{tenant}/InvokeCommand", 405),
        ("POST", "/adminapi/v2.0/{tenant}/AcceptedDomain", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/{tenant}/oauth2/v2.0/token", 405),
    ],
)
def test_wrong_methods_and_paths_get_json(admin: Admin, method: str, path: str, status: int) -> None:
    """Failing: a wrong URL looks like something else than a wrong URL."""
    url = admin.connection.url + path.replace("{tenant}", admin.connection.tenant)
    response = admin.session.request(method, url, headers=admin.headers(), timeout=10)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_foreign_host_header_gets_no_answer(admin: Admin) -> None:
    """Failing: a web page that rebinds its name to loopback reaches the control API."""
    url = f"{admin.connection.url}/control/status"
    assert admin.session.get(url, headers={"Host": "attacker.example"}, timeout=10).status_code == 400
    assert admin.session.get(url, headers={"Origin": "https://attacker.example"}, timeout=10).status_code == 403


def test_non_ascii_text_survives_and_strict_wants_it_escaped(admin: Admin, control: Control) -> None:
    """Failing: umlauts in names are damaged, or the switch that refuses raw ones (CIPP #2898) does not act."""
    parameters = {"Name": "Bäckerei Süß", "SenderDomains": ["fabrikam.com"]}
    body = {"CmdletInput": {"CmdletName": "New-InboundConnector", "Parameters": parameters}}
    assert admin.send(json.dumps(body, ensure_ascii=False).encode()).json()["value"][0]["Name"] == "Bäckerei Süß"
    control.switch(strict=True)
    assert admin.send(json.dumps(body, ensure_ascii=False).encode()).status_code == 500
    assert "already exists" in refusal_text(admin.send(json.dumps(body)))


def test_select_and_clixml_shape_the_rows(admin: Admin) -> None:
    """Failing: `$select` is not honoured, or a client that asks for CLIXML is not shown what it gets."""
    admin.new_inbound()
    url = f"{admin.connection.url}/AdminApi/beta/{admin.connection.tenant}/InvokeCommand?$select=Name,Guid"
    body = '{"CmdletInput": {"CmdletName": "get-inboundconnector", "Parameters": {}}}'
    row = admin.session.post(url, data=body, headers=admin.headers(), timeout=10).json()["value"][0]
    assert {name for name in row if "@" not in name} == {"Name", "Guid"}
    assert list(admin.post("Get-InboundConnector", X_ResponseFormat="clixml").json()["value"][0]) == ["_clixml"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, GZIP;q=0.8", "gzip"),
        ("identity", None),
        ("deflate", None),
        ("gzip;q=0", None),
        ("gzip;q=0.0, identity", None),
        ("x-gzip-like", None),
    ],
)
def test_answers_are_gzip_where_that_is_accepted(
    admin: Admin, control: Control, accepted: str, encoding: str | None
) -> None:
    """Failing: a client that reads no gzip, or is misled by the label of a 403, passes here."""
    admin.new_inbound()
    answers = [
        admin.post("Get-InboundConnector", Accept_Encoding=accepted),
        admin.post("Get-InboundConnector", {"Bogus": 1}, Accept_Encoding=accepted),
    ]
    assert [answer.headers.get("Content-Encoding") for answer in answers] == [encoding, encoding]
    assert answers[0].json()["value"][0]["Name"] == "Fabrikam"
    assert "Bogus" in refusal_text(answers[1])
    control.switch(compression=False)
    assert "Content-Encoding" not in admin.post("Get-InboundConnector", Accept_Encoding=accepted).headers


@pytest.mark.parametrize("accepted", ["gzip, deflate", "identity"])
@pytest.mark.parametrize("compression", [True, False])
def test_nul_bytes_are_declared_as_gzip_and_are_none(
    admin: Admin, control: Control, accepted: str, compression: bool
) -> None:
    """Failing: a client that fails on the real answer to a missing role passes here."""
    control.switch(compression=compression)
    with admin.session.post(
        f"{admin.connection.url}/adminapi/beta/{admin.connection.tenant}/InvokeCommand",
        data='{"CmdletInput": {"CmdletName": "Get-Nonsense", "Parameters": {}}}',
        headers=admin.headers(Accept_Encoding=accepted),
        stream=True,
        timeout=10,
    ) as answer:
        body = answer.raw.read(decode_content=False)
        assert answer.status_code == 403
        assert len(body) == int(answer.headers["Content-Length"])
        assert not body.strip(b"\0")
        declared = compression and "gzip" in accepted
        assert answer.headers.get("Content-Encoding") == ("gzip" if declared else None)


def test_error_details_are_json_for_the_module(admin: Admin, control: Control) -> None:
    """Failing: a client that reads one form of the details only passes here, or fails for no reason."""
    text = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation"

    def message(**headers: str) -> str:
        answer = admin.post("Remove-InboundConnector", {"Identity": "nobody"}, **headers)
        assert answer.status_code == 404
        return str(answer.json()["error"]["details"][0]["message"])

    module = {"X_ClientModuleVersion": "3.9.2"}
    assert message().startswith(text)
    details = json.loads(message(**module))
    assert list(details) == ["Message", "TypeName", "StackTrace", "InnerError"]
    assert details["TypeName"] == text.split("|")[1]
    assert "object 'nobody' couldn't be found" in details["Message"]
    control.fault(Refusal())
    failed = admin.post("Get-InboundConnector", **module).json()["error"]["details"][0]["message"]
    assert json.loads(failed)["TypeName"].endswith("ADServerSettingsChangedException")
    control.switch(error_details="text")
    assert message(**module).startswith(text)
    control.switch(error_details="json")
    assert json.loads(message()) == details


@pytest.mark.parametrize("path", ["/ADMINAPI/BETA/{tenant}/INVOKECOMMAND", "/adminapi/beta/{tenant}/invokecommand"])
def test_a_path_in_any_case(admin: Admin, path: str) -> None:
    """Failing: a client that writes the path in its own way is not answered."""
    url = admin.connection.url + path.replace("{tenant}", admin.connection.tenant)
    body = '{"CmdletInput": {"CmdletName": "Get-InboundConnector", "Parameters": {}}}'
    assert admin.session.post(url, data=body, headers=admin.headers(), timeout=10).status_code == 200


def test_rate_limit_headers_by_switch(admin: Admin, control: Control) -> None:
    """Failing: a client that reads them, or relies on them, cannot be tested here."""
    assert "Rate-Limit-Limit" not in admin.post("Get-InboundConnector").headers
    control.switch(rate_limit_headers=True)
    assert admin.post("Get-InboundConnector").headers["Rate-Limit-Limit"] == "30000"


def test_the_log_has_one_line_per_request_and_no_secret(admin: Admin, process: EmulatorProcess) -> None:
    """Failing: a token or a client secret ends up in the log."""
    admin.sign_in()
    admin.post("Get-InboundConnector", client_request_id="c0ffee")
    deadline = time.monotonic() + 10
    while "c0ffee" not in process.log() and time.monotonic() < deadline:
        time.sleep(0.02)  # the line is written after the answer
    log = process.log()
    lines = [line for line in log.splitlines() if "c0ffee" in line]
    assert len(lines) == 1
    assert "Get-InboundConnector 200" in lines[0]
    assert process.connection.client_secret not in log
    assert admin.token not in log
