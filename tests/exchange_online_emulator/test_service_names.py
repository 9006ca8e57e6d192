"""Under the service's own names: certificate, links, discovery, what is there; and the proxy that leads there."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import msal
import pytest
import requests

from exchange_online_emulator import ApplicationRegistration, ConnectionFile, Control, EmulatorProcess
from exchange_online_emulator.faults import ConnectionReset
from tests.exchange_online_emulator.admin import Admin, refusal_text
from tests.exchange_online_emulator.test_tokens import Certificate

OUTLOOK, LOGIN = "https://outlook.office365.com", "https://login.microsoftonline.com"
SCOPE = [f"{OUTLOOK}/.default"]


@pytest.fixture(scope="module")
def through(process: EmulatorProcess) -> Iterator[requests.Session]:
    """What a client with fixed hosts has: the proxy, and the CA."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": str(process.connection.proxy)}
        session.verify = str(process.connection.ca_bundle)
        yield session


def invoke(session: requests.Session, admin: Admin, url: str, cmdlet: str, **headers: str) -> requests.Response:
    """One InvokeCommand at a URL."""
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": {}}}
    return session.post(url, json=body, headers=admin.headers(**headers), timeout=30)


def test_links_lead_to_the_name_that_was_asked(admin: Admin, control: Control, through: requests.Session) -> None:
    """Failing means that a client which refuses a next link on another host cannot page, as azure-auth refuses it."""
    control.seed(inbound=[{"Name": name, "SenderDomains": ["a.example"]} for name in "ABC"])
    path = f"/adminapi/beta/{admin.connection.tenant}/InvokeCommand"
    port = urlsplit(admin.connection.url).port
    bases = (OUTLOOK, "https://outlook.office.com", f"https://localhost:{port}", admin.connection.url)
    for base in bases:
        session = through if "office" in base else admin.session
        first = invoke(session, admin, base + path, "Get-InboundConnector", Prefer="odata.maxpagesize=2").json()
        assert first["@odata.nextLink"].startswith(f"{base}{path}?")
        assert first["@odata.context"].startswith(f"{base}/adminapi/beta/")
        rest = invoke(session, admin, first["@odata.nextLink"], "Get-InboundConnector").json()
        assert [row["Name"] for row in first["value"] + rest["value"]] == ["A", "B", "C"]
    member = {
        "id": "1",
        "method": "POST",
        "url": OUTLOOK + path,
        "headers": {"Prefer": "odata.maxpagesize=2"},
        "body": {"CmdletInput": {"CmdletName": "Get-InboundConnector", "Parameters": {}}},
    }
    batch = OUTLOOK + path.replace("InvokeCommand", "$batch")
    answered = through.post(batch, json={"requests": [member]}, headers=admin.headers(), timeout=30).json()
    assert answered["responses"][0]["body"]["@odata.nextLink"].startswith(f"{OUTLOOK}{path}?")
    listed = through.get(f"{OUTLOOK}/adminapi/beta/{admin.connection.tenant}", headers=admin.headers(), timeout=30)
    assert listed.json()["@odata.context"] == f"{OUTLOOK}/adminapi/beta/{admin.connection.tenant}/$metadata"


def test_discovery_is_that_of_the_name(admin: Admin, through: requests.Session) -> None:
    """Failing means that MSAL is led away from the host that it asked, or holds the authority to be none."""
    tenant = admin.connection.tenant
    found = through.get(f"{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration", timeout=30).json()
    addresses = ("issuer", "token_endpoint", "authorization_endpoint", "jwks_uri")
    assert all(found[name].startswith(f"{LOGIN}/{tenant}/") for name in addresses)
    assert found["cloud_instance_name"] == "microsoftonline.com"
    asked = (
        f"{LOGIN}/common/discovery/instance?api-version=1.1&authorization_endpoint={LOGIN}/{tenant}/oauth2/authorize"
    )
    instance = through.get(asked, timeout=30).json()
    assert instance["tenant_discovery_endpoint"].startswith(f"{LOGIN}/{tenant}/")
    assert "login.windows.net" in instance["metadata"][0]["aliases"]


def test_an_authority_that_names_no_tenant_gives_no_token(admin: Admin, through: requests.Session) -> None:
    """Failing means that a program that forgot its tenant works here, and against Entra at most by luck."""
    form = {"grant_type": "client_credentials", "client_id": admin.connection.client_id}
    form["client_secret"] = admin.connection.client_secret
    for tenant in ("common", "Organizations"):
        found = through.get(f"{LOGIN}/{tenant}/v2.0/.well-known/openid-configuration", timeout=30).json()
        assert found["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"
        assert found["token_endpoint"] == f"{LOGIN}/{tenant.lower()}/oauth2/v2.0/token"
        for url, what in (
            (found["token_endpoint"], {"scope": SCOPE[0]}),
            (f"{LOGIN}/{tenant}/oauth2/token", {"resource": OUTLOOK}),
        ):
            refused = through.post(url, data={**form, **what}, timeout=30)
            assert (refused.status_code, refused.json()["error_codes"]) == (400, [50059])
            assert "No tenant-identifying information" in refused.json()["error_description"]
    personal = through.get(f"{LOGIN}/consumers/v2.0/.well-known/openid-configuration", timeout=30)
    assert personal.json()["error_codes"] == [90002]


def test_a_name_has_what_the_service_has_there(admin: Admin, through: requests.Session) -> None:
    """Failing means that a program which asks the wrong host works here, or reaches the control API by accident."""
    tenant = admin.connection.tenant
    nowhere = (
        ("GET", f"{OUTLOOK}/control/status"),
        ("POST", f"{LOGIN}/control/reset"),
        ("GET", f"{OUTLOOK}/"),
        ("GET", f"{OUTLOOK}/ca.pem"),
        ("POST", f"{OUTLOOK}/{tenant}/oauth2/v2.0/token"),
        ("POST", f"{LOGIN}/adminapi/beta/{tenant}/InvokeCommand"),
        ("GET", f"{LOGIN}/metadata/identity/oauth2/token"),
    )
    for method, url in nowhere:
        assert through.request(method, url, timeout=30).status_code == 404, url
    refused = through.post(f"{OUTLOOK}/adminapi/beta/{tenant}/InvokeCommand", json={}, timeout=30)
    assert refused.status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    refused = through.post(f"{OUTLOOK}/adminapi/beta/{tenant}/InvokeCommand", json={}, headers=wrong, timeout=30)
    assert f'authorization_uri="{LOGIN}/common/oauth2/authorize"' in refused.headers["WWW-Authenticate"]
    for host in (
        "www.outlook.office365.com",
        "login.windows.net",
        "outlook.office365.com.example",
        "graph.microsoft.com",
    ):
        foreign = admin.session.get(f"{admin.connection.url}/control/status", headers={"Host": host}, timeout=30)
        assert foreign.status_code == 400, host


def test_msal_signs_in_with_a_certificate_under_the_fixed_host(control: Control, through: requests.Session) -> None:
    """Failing means that an assertion, whose audience is the endpoint that was asked, is refused under this name."""
    certificate = Certificate()
    application = control.register_application(ApplicationRegistration(certificates=(certificate.pem,)))
    client = msal.ConfidentialClientApplication(
        application.client_id,
        authority=f"{LOGIN}/{control.status().initial_domain}",
        client_credential=certificate.sha256_credential,
        http_client=through,
    )
    assert "access_token" in client.acquire_token_for_client(SCOPE)


def answer_of_proxy(connection: ConnectionFile, head: bytes) -> tuple[str, bytes]:
    """What the proxy answers to a head: its status line and the rest."""
    where = urlsplit(str(connection.proxy))
    with socket.create_connection((str(where.hostname), where.port or 0), timeout=10) as raw:
        raw.sendall(head)
        received = raw.recv(65536)
        if not received.startswith(b"HTTP/1.1 200"):
            while more := raw.recv(65536):
                received += more
    line, _, rest = received.partition(b"\r\n")
    return line.decode(), rest


def test_the_proxy_leads_to_the_names_and_nowhere_else(process: EmulatorProcess) -> None:
    """Failing means that whoever reaches the port gets on from there: to this machine's services, or to the network."""
    name = "outlook.office365.com"
    for target in (f"{name}:443", f"{name.upper()}:443", "login.microsoftonline.com:443"):
        line, _ = answer_of_proxy(process.connection, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        assert line == "HTTP/1.1 200 Connection established"
    own = urlsplit(process.connection.url).port
    refused = (
        *(
            "graph.microsoft.com:443",
            f"{name}:25",
            f"{name}:80",
            f"{name}.example:443",
            f"x.{name}:443",
            name,
            ":443",
            "",
        ),
        *(
            f"127.0.0.1:{own}",
            "127.0.0.1:22",
            "[::1]:443",
            "localhost:443",
            f"{name}:443:443",
            f"{name}:0443",
            f"user@{name}:443",
        ),
    )
    for target in refused:
        line, rest = answer_of_proxy(process.connection, f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        assert line.startswith("HTTP/1.1 403 The proxy of the Exchange Online emulator leads to outlook."), target
        assert b"Put other hosts into NO_PROXY" in rest
    for head in (f"GET http://{name}/ HTTP/1.1", "POST / HTTP/1.1", "connect", "\xff\x00 \x1b[31m", ""):
        line, _ = answer_of_proxy(process.connection, head.encode("latin-1") + b"\r\n\r\n")
        assert line.startswith("HTTP/1.1 403 This is the proxy of the Exchange Online emulator: it takes CONNECT"), head
    line, _ = answer_of_proxy(process.connection, b"CONNECT " + b"x" * 20000 + b":443 HTTP/1.1\r\n\r\n")
    assert line.startswith("HTTP/1.1 431 ")
    where = urlsplit(str(process.connection.proxy))
    for part in (b"", b"CONNECT outlook"):
        with socket.create_connection((str(where.hostname), where.port or 0), timeout=10) as raw:
            raw.sendall(part)
    log = process.log()
    assert "refused: CONNECT graph.microsoft.com:443" in log
    assert "Traceback" not in log
    assert "\x1b" not in log


def test_many_go_through_at_once_and_a_reset_goes_through_too(
    admin: Admin, control: Control, through: requests.Session
) -> None:
    """Failing means that the proxy mixes tunnels up, or hides a fault from a client behind a tunnel that hangs."""
    url = f"{OUTLOOK}/adminapi/beta/{admin.connection.tenant}/InvokeCommand"

    def refused_for(number: int) -> str:
        body = {"CmdletInput": {"CmdletName": "Set-InboundConnector", "Parameters": {"Identity": f"{number}-" * 9000}}}
        with requests.Session() as session:
            session.trust_env, session.proxies, session.verify = False, through.proxies, through.verify
            return refusal_text(session.post(url, json=body, headers=admin.headers(), timeout=30))

    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(refused_for, range(24)))
    assert all(f"'{number}-{number}-" in text for number, text in enumerate(texts))
    control.fault(ConnectionReset(), "Get-InboundConnector")
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        invoke(through, admin, url, "Get-InboundConnector")
    assert time.monotonic() - started < 5


def test_open_tunnels_do_not_hold_up_the_end(tmp_path: Path) -> None:
    """Failing means that an emulator with a client behind its proxy does not stop, or stops in a traceback."""
    emulator = EmulatorProcess(tmp_path, "--proxy", "0").start()
    with requests.Session() as session:
        session.trust_env = False
        session.proxies, session.verify = {"https": str(emulator.connection.proxy)}, str(emulator.connection.ca_bundle)
        tenant = emulator.connection.tenant
        assert session.get(f"{LOGIN}/{tenant}/discovery/v2.0/keys", timeout=30).status_code == 200
        where = urlsplit(str(emulator.connection.proxy))
        with socket.create_connection((str(where.hostname), where.port or 0), timeout=10) as raw:
            raw.sendall(b"CONNECT outlook.office365.com:443 HTTP/1.1\r\n\r\n")
            assert raw.recv(1000).startswith(b"HTTP/1.1 200")
            started = time.monotonic()
            os.kill(emulator.pid, signal.SIGTERM)
            emulator.stop()
            assert time.monotonic() - started < 5
    assert "Traceback" not in emulator.log()
    assert not emulator.connection_path.exists()


def test_without_the_option_the_names_are_foreign(tmp_path: Path) -> None:
    """Failing means that an emulator answers by the service's names though nobody asked for it."""
    with EmulatorProcess(tmp_path) as emulator, requests.Session() as session:
        session.trust_env, session.verify = False, str(emulator.connection.ca_bundle)
        assert (emulator.connection.names, emulator.connection.proxy) == ((), None)
        url = f"{emulator.connection.url}/{emulator.connection.tenant}/v2.0/.well-known/openid-configuration"
        assert session.get(url, headers={"Host": "login.microsoftonline.com"}, timeout=30).status_code == 400
