"""Who may call the admin API, and through which anchor."""

from __future__ import annotations

import pytest

from exchange_online_emulator import ApplicationRegistration, Control, EmulatorProcess
from tests.exchange_online_emulator.admin import Admin, refusal_text

GET, NEW = "Get-InboundConnector", "New-InboundConnector"
PARAMETERS = {"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}


def bearer(control: Control, registration: ApplicationRegistration, **kwargs: object) -> str:
    """The Authorization header of an application registered for the test."""
    application = control.register_application(registration)
    token = control.mint_token(application.client_id, **kwargs)  # type: ignore[arg-type]
    return f"Bearer {token.get_secret_value()}"


@pytest.mark.parametrize("header", [None, "", "Basic eDp5", "Bearer", "Bearer x.y.z"])
def test_without_a_token_of_ours_the_answer_is_an_empty_401(admin: Admin, header: str | None) -> None:
    """Failing: a client that loses its token would still work here."""
    response = admin.post(GET, Authorization=header)
    assert (response.status_code, response.content) == (401, b"")
    shown = header is not None and header.startswith("Bearer ")
    assert response.headers["WWW-Authenticate"].startswith("Bearer " if shown else "Basic ")


@pytest.mark.parametrize(
    "token", [{"lifetime": -1}, {"audience": "https://graph.microsoft.com"}], ids=["expired", "graph"]
)
def test_an_expired_token_and_one_for_graph_are_refused(
    admin: Admin, control: Control, token: dict[str, object]
) -> None:
    """Failing: expiry or audience is not checked."""
    header = bearer(control, ApplicationRegistration(), **token)
    assert admin.post(GET, Authorization=header).status_code == 401


def test_without_the_app_role_the_answer_is_401(admin: Admin, control: Control) -> None:
    """Failing: a principal without Exchange.ManageAsApp works here and nowhere else."""
    header = bearer(control, ApplicationRegistration(app_roles=()))
    response = admin.post(GET, Authorization=header)
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize(
    ("registration", "read", "write"),
    [
        (ApplicationRegistration(directory_roles=()), 403, 403),
        (ApplicationRegistration(directory_roles=("Security Reader",)), 403, 403),
        (ApplicationRegistration(directory_roles=("Exchange Recipient Administrator",)), 403, 403),
        (ApplicationRegistration(directory_roles=("Global Reader",)), 200, 403),
        (ApplicationRegistration(directory_roles=("Exchange Administrator",)), 200, 200),
        (ApplicationRegistration(app_roles=("Exchange.ManageAsAppV2",)), 403, 403),
    ],
    ids=["none", "security-reader", "recipients", "global-reader", "exchange", "v2"],
)
def test_directory_roles_decide_what_is_allowed(
    admin: Admin, control: Control, registration: ApplicationRegistration, read: int, write: int
) -> None:
    """Failing: a missing role shows only in production. A refusal is a run of NUL bytes, not JSON."""
    header = bearer(control, registration)
    for response, expected in (
        (admin.post(GET, Authorization=header), read),
        (admin.post(NEW, PARAMETERS, Authorization=header), write),
    ):
        assert response.status_code == expected
        if expected == 403:
            assert response.content
            assert not response.content.strip(b"\0")


def test_an_unknown_cmdlet_looks_like_a_missing_role(admin: Admin, control: Control) -> None:
    """Failing: a client could tell the two apart here, and nowhere else; or who tests it could not."""
    reader = bearer(control, ApplicationRegistration(directory_roles=("Global Reader",)))
    for response in (admin.post("Get-Nonsense"), admin.post(NEW, PARAMETERS, Authorization=reader)):
        assert response.status_code == 403
        assert not response.content.strip(b"\0")
    assert [call.note for call in control.calls()] == ["no such cmdlet", "no role that allows it"]
    assert control.status().not_emulated == []


def test_a_cmdlet_that_is_not_emulated_says_so(admin: Admin, control: Control, process: EmulatorProcess) -> None:
    """Failing: somebody looks for a missing role, while it is the emulator that lacks the cmdlet."""
    response = admin.post("set-transportconfig", {"Identity": "x"})
    assert response.status_code == 501
    assert "does not emulate set-transportconfig" in refusal_text(response)
    assert [(call.status, call.note) for call in control.calls()] == [(501, "not emulated")]
    assert control.status().not_emulated == ["set-transportconfig"]
    assert "does not emulate set-transportconfig" in process.log()
    no_role = bearer(control, ApplicationRegistration(directory_roles=()))
    assert admin.post("Get-Mailbox", Authorization=no_role).status_code == 403
    control.reset()
    assert control.status().not_emulated == []


def test_the_path_takes_the_tenant_id_and_the_initial_domain_but_no_vanity_domain(
    admin: Admin, control: Control
) -> None:
    """Failing: a domain in the path works here and gives 401 at the service."""
    control.seed(accepted_domains=["contoso.com"])
    assert admin.post(GET, tenant=control.status().initial_domain).status_code == 200
    assert admin.post(GET, tenant="contoso.com").status_code == 401


MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"


OBJECT = "8e1ba7a1-5b14-4b3e-a06a-5d92e8d2a9ab"


@pytest.mark.parametrize(
    "anchor",
    [
        OBJECT,
        f"{{{OBJECT}}}",
        f"APP:{OBJECT}",
        f"UPN:{OBJECT}",
        f"TID:{OBJECT}",
        "TID:other.example",
        f"APP:{MAILBOX}@other.example",
        f"APP:{MAILBOX}@@other.example",
        f"{MAILBOX}@{OBJECT}",
        "admin@other.example",
        "UPN:admin@other.example",
    ],
)
def test_a_write_with_a_wrong_anchor_fails_and_a_read_works(admin: Admin, anchor: str) -> None:
    """Failing: a client with a wrong X-AnchorMailbox passes here and cannot remove connectors at the service."""
    assert admin.post(GET, X_AnchorMailbox=anchor).status_code == 200
    response = admin.post(NEW, PARAMETERS, X_AnchorMailbox=anchor)
    assert response.status_code == 400
    assert "doesn't have write permission to target DC" in refusal_text(response)
    assert admin.rows(GET) == []


@pytest.mark.parametrize(
    ("anchor", "when_strict"),
    [
        (f"APP:{MAILBOX}@{{domain}}", 200),
        (f"app:{MAILBOX}@{{tenant}}", 200),
        (f"UPN:{MAILBOX}@{{domain}}", 200),
        ("UPN:admin@{domain}", 200),
        ("UPN:OAuthUser@{domain}", 200),
        (f"APP:{MAILBOX}@@{{tenant}}", 400),
        (f"{MAILBOX}@{{tenant}}", 400),
        ("AAD-UPN:admin@{domain}", 400),
        ("TID:{tenant}", 400),
        ("APP:{tenant}", 400),
        ("admin@{domain}", 400),
        ("SMTP:somebody@{domain}", 400),
        ("MBX:somebody@{tenant}", 400),
        ("", 400),
        ("nonsense", 400),
    ],
)
def test_an_anchor_that_nobody_has_seen_refused_works_for_writes(
    admin: Admin, control: Control, anchor: str, when_strict: int
) -> None:
    """Failing: a client that works at the service is refused here; or strict does not act."""
    status = control.status()
    filled = anchor.replace("{tenant}", status.tenant).replace("{domain}", status.initial_domain)
    assert admin.post(NEW, PARAMETERS, X_AnchorMailbox=filled).status_code == 200
    control.switch(strict=True)
    again = {**PARAMETERS, "Name": "B"}
    assert admin.post(NEW, again, X_AnchorMailbox=filled).status_code == when_strict


def test_a_missing_anchor_is_refused_only_when_strict(admin: Admin, control: Control) -> None:
    """Failing: the switch does not act, or the minimal header set no longer works."""
    assert admin.post(NEW, PARAMETERS, X_AnchorMailbox=None).status_code == 200
    control.switch(strict=True)
    assert admin.post(NEW, {**PARAMETERS, "Name": "B"}, X_AnchorMailbox=None).status_code == 400


def test_the_module_file_lists_what_the_roles_allow(admin: Admin, control: Control) -> None:
    """Failing: the permission pre-flight cannot be tested here."""
    url = f"{admin.connection.url}/adminapi/v1.0/{admin.connection.tenant}/EXOModuleFile?Version=3.9.2"
    reader = bearer(control, ApplicationRegistration(directory_roles=("Global Reader",)))
    own_row, read_row = (
        admin.session.get(url, headers=admin.headers(**headers), timeout=10).json()["value"][0]
        for headers in ({}, {"Authorization": reader})
    )
    own, read = own_row["exportedCmdlets"], read_row["exportedCmdlets"]
    assert own_row["fileName"] == "ExchangeOnline.psm1"
    assert "function script:New-InboundConnector" in own_row["fileContent"]
    assert "New-InboundConnector" not in read_row["fileContent"]
    assert "New-InboundConnector" in own.split(",")
    assert "New-InboundConnector" not in read.split(",")
    assert "Get-InboundConnector" in read.split(",")


def test_the_other_host_of_the_service_is_an_audience_too(admin: Admin, control: Control) -> None:
    """Failing: a client that signs in to outlook.office.com, which answers too, is refused here."""
    header = bearer(control, ApplicationRegistration(), audience="https://outlook.office.com")
    assert admin.post(GET, Authorization=header).status_code == 200


@pytest.mark.parametrize("path", ["", "/$metadata", "/EXOBanner", "/EXOBanner('AutogenSession')"])
def test_the_service_document_wants_a_reader(admin: Admin, control: Control, path: str) -> None:
    """Failing: what a client asks for when it connects is not there, or is there for everybody."""
    url = f"{admin.connection.url}/AdminApi/Beta/{admin.connection.tenant}{path}"
    no_role = bearer(control, ApplicationRegistration(directory_roles=()))
    assert [
        admin.session.get(url, headers=admin.headers(Authorization=header), timeout=10).status_code
        for header in (f"Bearer {admin.token}", no_role, "")
    ] == [200, 403, 401]
