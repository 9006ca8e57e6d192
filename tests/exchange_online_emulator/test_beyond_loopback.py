"""Beyond loopback: only by an option, only with a token for the control API, and the token goes nowhere."""

from __future__ import annotations

import base64
import secrets
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from urllib3.util import connection as urllib3_connection

from exchange_online_emulator import Control, ControlError, EmulatorProcess
from exchange_online_emulator.control_token import FILE_VARIABLE, VARIABLE, ControlTokenError, admits, control_token
from exchange_online_emulator.names import is_host

EVERYWHERE = ("--host", "0.0.0.0", "--beyond-loopback")  # noqa: S104 - what is tried; the requests stay on loopback


def refused(tmp_path: Path, *arguments: str, **variables: str) -> str:
    """What `serve` says that must not start."""
    command = [sys.executable, "-m", "exchange_online_emulator", "serve", "--state", str(tmp_path / "s.db"), *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_does_not_start_without_a_token(tmp_path: Path) -> None:
    """Failing means that everybody in the network resets the tenant and takes its secret."""
    assert f"set {VARIABLE}" in refused(tmp_path, *EVERYWHERE)
    assert f"{VARIABLE} holds no token" in refused(tmp_path, *EVERYWHERE, **{VARIABLE: "short"})
    token = {VARIABLE: secrets.token_hex()}
    assert "loopback addresses only" in refused(tmp_path, "--host", "0.0.0.0", **token)  # noqa: S104
    assert "exchange is no address" in refused(tmp_path, "--host", "exchange", "--beyond-loopback", **token)
    assert "'*.example' is neither a host name nor an address" in refused(tmp_path, "--name", "*.example")
    assert not (tmp_path / "s.db").exists()


def test_a_token_is_one_or_a_sentence(tmp_path: Path) -> None:
    """Failing means that a mistake in the variable starts an emulator that anybody opens, or prints the token."""
    for text in ("", "short", "with a space in the middle", "ümläute-ümläute-ümläute", "newline\nin-the-middle"):
        with pytest.raises(ControlTokenError, match="holds no token: it must have at least 16") as wrong:
            control_token({VARIABLE: text})
        assert not text or text not in str(wrong.value)
    file = tmp_path / "token"
    with pytest.raises(ControlTokenError, match="cannot be read: No such file"):
        control_token({FILE_VARIABLE: str(file)})
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ControlTokenError, match="cannot be read: it is no text"):
        control_token({FILE_VARIABLE: str(file)})
    with pytest.raises(ControlTokenError, match="are both set: unset one"):
        control_token({VARIABLE: "x" * 20, FILE_VARIABLE: str(file)})
    assert control_token({}) is None


@pytest.mark.parametrize(
    "name", ["*", "*.example", "a b", "exchange/", "-x.example", "x" * 64, "", "a..b", "[::1]", "a\n"]
)
def test_what_is_no_host(name: str) -> None:
    """Failing means that a certificate is made for a pattern, or that a Host check takes one."""
    assert not is_host(name)


def test_the_control_api_wants_the_token_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Failing means that the control API is open to a container's neighbours, or that the token can be read off."""
    token, file = secrets.token_hex(), tmp_path / "token"
    file.write_text(f"{token}\n", encoding="utf-8")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    arguments = (*EVERYWHERE, "--name", "Exchange.test", "--as-service", "--proxy", "0", "--tenants", "2")
    with EmulatorProcess(tmp_path / "kept", *arguments) as emulator, requests.Session() as session:
        connection = emulator.connection
        assert urlsplit(connection.url).hostname == "127.0.0.1"
        assert connection.names == (
            *("outlook.office365.com", "outlook.office.com", "login.microsoftonline.com"),
            "exchange.test",
        )
        session.trust_env, session.verify = False, str(connection.ca_bundle)
        basic = base64.b64encode(f"anybody:{token}".encode()).decode()
        wrong = ("", "Bearer", f"Bearer {token[:-1]}", f"Bearer {token}x", "Basic %", f"Digest {token}", token)
        for authorization in wrong:
            for method, path in (("GET", "status"), ("POST", "reset"), ("GET", "connection"), ("POST", "tokens")):
                answer = session.request(
                    method, f"{connection.url}/control/{path}", headers={"Authorization": authorization}, timeout=30
                )
                assert (answer.status_code, VARIABLE in answer.text) == (401, True), (authorization, path)
            for path in ("", f"/{connection.tenant}", f"/?show={connection.tenant}"):
                page = session.get(connection.url + path, headers={"Authorization": authorization}, timeout=30)
                assert (page.status_code, connection.tenant in page.text) == (401, False), path
        page = session.get(connection.url, headers={"Authorization": f"Basic {basic}"}, timeout=30)
        assert connection.tenant in page.text
        # A neighbour, which has the token and the name and nothing else.
        port = urlsplit(connection.url).port
        create = urllib3_connection.create_connection
        to_loopback = lambda address, *rest, **more: create(("127.0.0.1", address[1]), *rest, **more)  # noqa: E731
        monkeypatch.setattr(urllib3_connection, "create_connection", to_loopback)
        base = f"https://exchange.test:{port}"
        certificate = session.get(f"{base}/ca.pem", timeout=30)
        assert certificate.text == connection.ca_bundle.read_text(encoding="utf-8")
        ssl.create_default_context(cadata=certificate.text)
        bearer = {"Authorization": f"Bearer {token}"}
        given = session.get(f"{base}/control/connection", headers=bearer, timeout=30).json()
        assert (given["url"], given["client_secret"]) == (base, connection.client_secret)
        assert Control(base, connection.ca_bundle).connection().model_dump() == given
        second = emulator.tenants()[1]
        assert (second.names, second.proxy) == (connection.names, connection.proxy)
        assert emulator.controls()[1].connection().client_secret == second.client_secret
        named = {"X-Tenant": second.tenant}
        assert session.get(f"{base}/control/connection", headers=named, timeout=30).status_code == 401
        # The service itself asks for no control token.
        form = {"grant_type": "client_credentials", "client_id": given["client_id"], "scope": given["scope"]}
        form["client_secret"] = given["client_secret"]
        granted = session.post(f"{base}/{given['tenant']}/oauth2/v2.0/token", data=form, timeout=30)
        assert "access_token" in granted.json()
        assert Control(base, connection.ca_bundle).status().url == connection.url
        monkeypatch.delenv(FILE_VARIABLE)
        with pytest.raises(ControlError, match="wants the control token"):
            Control(base, connection.ca_bundle).reset()
        started = Path(f"/proc/{emulator.pid}/cmdline")
        assert not started.exists() or token.encode() not in started.read_bytes()
        kept = "".join(path.read_text("utf-8", "replace") for path in (tmp_path / "kept").iterdir() if path.is_file())
        assert "/control/reset - 401" in kept
        assert token not in kept + caplog.text


def test_what_admits() -> None:
    """Failing means that a header which does not show the token passes, or one that does is refused."""
    assert admits(None, "")
    token = "0123456789abcdef"
    assert admits(token, f"bearer {token}")
    assert not admits(token, f"Bearer {token.upper()}")
    assert not admits(token, "Bearer ümläut")
    assert not admits(token, "Basic " + base64.b64encode(token.encode()).decode())
