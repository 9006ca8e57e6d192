"""Who may call the admin API, and through which anchor."""

from __future__ import annotations

import pytest

from exchange_online_emulator import ApplicationRegistration, Control
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
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


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


def test_an_unknown_cmdlet_looks_like_a_missing_role(admin: Admin) -> None:
    """Failing: a client could tell the two apart here, and nowhere else."""
    response = admin.post("Get-Mailbox")
    assert response.status_code == 403
    assert not response.content.strip(b"\0")


def test_the_path_takes_the_tenant_id_and_the_initial_domain_but_no_vanity_domain(
    admin: Admin, control: Control
) -> None:
    """Failing: a domain in the path works here and gives 401 at the service."""
    control.seed(accepted_domains=["contoso.com"])
    assert admin.post(GET, tenant=control.status().initial_domain).status_code == 200
    assert admin.post(GET, tenant="contoso.com").status_code == 401


MAILBOX = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"


@pytest.mark.parametrize(
    "anchor",
    ["8e1ba7a1-5b14-4b3e-a06a-5d92e8d2a9ab", f"APP:{MAILBOX}@other.example", "MBX:somebody@{tenant}", "APP:{tenant}"],
)
def test_a_write_with_a_wrong_anchor_fails_and_a_read_works(admin: Admin, anchor: str) -> None:
    """Failing: a client with a wrong X-AnchorMailbox passes here and cannot remove connectors at the service."""
    wrong = anchor.replace("{tenant}", admin.connection.tenant)
    assert admin.post(GET, X_AnchorMailbox=wrong).status_code == 200
    response = admin.post(NEW, PARAMETERS, X_AnchorMailbox=wrong)
    assert response.status_code == 400
    assert "doesn't have write permission to target DC" in refusal_text(response)
    assert admin.rows(GET) == []


def test_the_known_anchors_work_for_writes(admin: Admin, control: Control) -> None:
    """Failing: a correct client is refused."""
    domain = control.status().initial_domain
    for number, anchor in enumerate((f"APP:{MAILBOX}@{domain}", f"UPN:{MAILBOX}@{domain}", f"UPN:admin@{domain}")):
        assert admin.post(NEW, {**PARAMETERS, "Name": str(number)}, X_AnchorMailbox=anchor).status_code == 200


def test_a_missing_anchor_is_refused_only_when_strict(admin: Admin, control: Control) -> None:
    """Failing: the switch does not act, or the minimal header set no longer works."""
    assert admin.post(NEW, PARAMETERS, X_AnchorMailbox=None).status_code == 200
    control.switch(strict=True)
    assert admin.post(NEW, {**PARAMETERS, "Name": "B"}, X_AnchorMailbox=None).status_code == 400


def test_the_module_file_lists_what_the_roles_allow(admin: Admin, control: Control) -> None:
    """Failing: the permission pre-flight cannot be tested here."""
    url = f"{admin.connection.url}/adminapi/v1.0/{admin.connection.tenant}/EXOModuleFile?Version=3.9.2"
    reader = bearer(control, ApplicationRegistration(directory_roles=("Global Reader",)))
    own, read = (
        admin.session.get(url, headers=admin.headers(**headers), timeout=10).json()["value"][0]["exportedCmdlets"]
        for headers in ({}, {"Authorization": reader})
    )
    assert "New-InboundConnector" in own.split(",")
    assert "New-InboundConnector" not in read.split(",")
    assert "Get-InboundConnector" in read.split(",")
