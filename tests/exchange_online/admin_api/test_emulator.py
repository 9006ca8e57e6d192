"""The client against the emulator: what it does works, and every failure ends as it should."""

from __future__ import annotations

import pytest

from exchange_online.admin_api import (
    AccessDenied,
    AdminApi,
    AdminApiError,
    AlreadyExists,
    Effect,
    InvalidArgument,
    LimitReached,
    NotCustomizable,
    NotFound,
    OutcomeUnknown,
    RestrictedOffering,
    RetryPolicy,
    ServiceError,
    Settings,
    Timeouts,
    Unavailable,
    UnexpectedAnswer,
    Unsupported,
    connection,
)
from exchange_online.admin_api import Throttled as ThrottledError
from exchange_online_emulator.faults import (
    BrokenPageLink,
    ConnectionReset,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    KnownRefusal,
    Refusal,
    Status,
    Throttled,
)
from tests.exchange_online.admin_api.emulated_tenant import GET, NEW, PARTNER, REMOVE, SET, Tenant, new_connector


def test_a_connector_lives(tenant: Tenant) -> None:
    """Fails when the plainest use fails: make a connector, read it, change it, remove it."""
    api = tenant.api()
    guid = str(new_connector(api)["Guid"])
    with pytest.raises(AlreadyExists):
        new_connector(api)
    api.invoke(SET, {"Identity": guid, "Comment": "SEC-1234 Müller"}, effect=Effect.IDEMPOTENT)
    (row,) = api.invoke(GET, {}, effect=Effect.READ).rows
    assert (row["Guid"], row["Comment"]) == (guid, "SEC-1234 Müller")
    assert not any("@" in key for key in row)
    api.invoke(REMOVE, {"Identity": guid, "Confirm": False}, effect=Effect.IDEMPOTENT)
    assert api.invoke(GET, {}, effect=Effect.READ).rows == ()
    with pytest.raises(NotFound):
        api.invoke(REMOVE, {"Identity": guid, "Confirm": False}, effect=Effect.IDEMPOTENT)


def test_values_that_the_service_refuses(tenant: Tenant) -> None:
    """Fails when a refusal of the service does not say which parameter it is about."""
    api = tenant.api()
    with pytest.raises(Unsupported, match="does not know the parameter Bogus"):
        api.invoke(NEW, {"Name": "x", **PARTNER, "Bogus": 1}, effect=Effect.CREATE)  # type: ignore[dict-item]
    with pytest.raises(InvalidArgument, match="the value of ConnectorType"):
        api.invoke(NEW, {"Name": "x", **PARTNER, "ConnectorType": "Nobody"}, effect=Effect.CREATE)  # type: ignore[dict-item]


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_words_of_a_refusal_in_either_form(tenant: Tenant, form: str) -> None:
    """Fails when the newer form of the error details hides what was refused: a duplicate, a missing object, a value.

    Source: exchange-wire, addendum to 7.1 (JSON text with Message and TypeName).
    """
    tenant.control.switch(error_details=form)
    api = tenant.api()
    new_connector(api)
    with pytest.raises(AlreadyExists, match="'Fabrikam Bank - inbound' already exists"):
        new_connector(api)
    with pytest.raises(NotFound, match="object 'nobody' couldn't be found"):
        api.invoke(SET, {"Identity": "nobody", "Enabled": False}, effect=Effect.IDEMPOTENT)
    with pytest.raises(Unsupported, match="does not know the parameter Bogus"):
        api.invoke(GET, {"Bogus": 1}, effect=Effect.READ)
    with pytest.raises(InvalidArgument, match=r"refused a value.*IPv6 addresses are not supported") as caught:
        api.invoke(NEW, {"Name": "x", **PARTNER, "SenderIPAddresses": ["2001:db8::1"]}, effect=Effect.CREATE)  # type: ignore[dict-item]
    assert caught.value.failure.exception_type == "System.ArgumentException"


def test_a_listing_of_2500_connectors_is_whole(tenant: Tenant) -> None:
    """Fails when connectors past the first page of 1000 are lost."""
    names = [f"Partner {number:04}" for number in range(2500)]
    tenant.control.seed(inbound=[{"Name": name, "SenderDomains": ["a.example"]} for name in names])
    rows = tenant.api().invoke(GET, {}, effect=Effect.READ).rows
    assert sorted(str(row["Name"]) for row in rows) == names
    assert len(tenant.control.calls()) == 3


def test_a_broken_page_never_gives_a_part(tenant: Tenant) -> None:
    """Fails when half a listing passes for all of it."""
    tenant.control.seed(inbound=[{"Name": f"P{n}", "SenderDomains": ["a.example"]} for n in range(1500)])
    tenant.control.fault(BrokenPageLink(how="stale"))
    assert len(tenant.api().invoke(GET, {}, effect=Effect.READ).rows) == 1500
    tenant.control.fault(BrokenPageLink(how="stale"), count=None)
    with pytest.raises(Unavailable, match="link to the next page"):
        tenant.api().invoke(GET, {}, effect=Effect.READ)
    tenant.control.clear_faults()
    tenant.control.fault(BrokenPageLink(how="error"), count=None)
    with pytest.raises(Unavailable):
        tenant.api().invoke(GET, {}, effect=Effect.READ)


@pytest.mark.parametrize(
    ("of", "kind", "advice"),
    [
        ("dehydrated", NotCustomizable, "`Connect-ExchangeOnline`, then `Enable-OrganizationCustomization`"),
        ("parameter_not_in_role", AccessDenied, "the Entra role Exchange Administrator"),
        ("cmdlet_not_in_role", AccessDenied, "`Get-ManagementRole -Cmdlet New-InboundConnector"),
        ("write_scope", AccessDenied, "for the whole organization"),
        ("quota", LimitReached, "`regulated-partners inventory`"),
        ("type_fixed", InvalidArgument, "Declare one of the wanted type under another name"),
    ],
)
def test_what_the_tenant_refuses_is_not_blamed_on_a_value(
    tenant: Tenant, of: str, kind: type[AdminApiError], advice: str
) -> None:
    """Failing, somebody corrects a stack file in which nothing is wrong, while the tenant or a role is the cause."""
    api = tenant.api()
    tenant.control.fault(KnownRefusal(of=of), NEW, count=None)
    with pytest.raises(AdminApiError) as caught:
        new_connector(api)
    assert type(caught.value) is kind
    assert advice in str(caught.value)
    assert "Correct the value" not in str(caught.value)
    assert len(tenant.control.calls(NEW)) == 1
    assert tenant.sleeps == []


@pytest.mark.parametrize(
    ("offering", "advice"),
    [("prohibited", "ask Microsoft support to allow"), ("developer", "does not lift it")],
)
def test_an_offering_without_inbound_connectors(tenant: Tenant, offering: str, advice: str) -> None:
    """Failing, somebody asks support for what support does not do, or not for what it does."""
    tenant.control.switch(offering=offering)
    with pytest.raises(RestrictedOffering) as caught:
        new_connector(tenant.api())
    assert advice in str(caught.value)
    assert "Nothing in the stack file is the cause" in str(caught.value)


def test_a_tenant_that_is_not_enabled_for_customization(tenant: Tenant) -> None:
    """Failing, the emulator cannot show what a new tenant answers, or reads of it fail too."""
    api = tenant.api()
    guid = str(new_connector(api)["Guid"])
    tenant.control.switch(dehydrated=True)
    assert [row["Guid"] for row in api.invoke(GET, {}, effect=Effect.READ).rows] == [guid]
    for cmdlet, parameters in ((SET, {"Comment": "x"}), (REMOVE, {"Confirm": False})):
        with pytest.raises(NotCustomizable):
            api.invoke(cmdlet, {"Identity": guid, **parameters}, effect=Effect.IDEMPOTENT)
    with pytest.raises(NotCustomizable, match="Nothing in the stack file is the cause"):
        new_connector(api, "another")
    tenant.control.switch(dehydrated=False)
    new_connector(api, "another")


@pytest.mark.parametrize(
    ("action", "read", "write", "create"),
    [
        (Status(status=429, retry_after="2.5"), None, None, None),
        (Throttled(status=400), None, None, None),
        (Status(status=503), None, None, OutcomeUnknown),
        (Refusal(), None, None, OutcomeUnknown),
        (ConnectionReset(), None, None, OutcomeUnknown),
        (Status(status=500), None, Unavailable, OutcomeUnknown),
        (ExpiredToken(), None, None, None),
        (ExpiredToken(claims=True), None, None, None),
        (Forbidden(), AccessDenied, AccessDenied, AccessDenied),
        (Garbage(), UnexpectedAnswer, UnexpectedAnswer, OutcomeUnknown),
        (ErrorsInAnswer(), ServiceError, ServiceError, OutcomeUnknown),
        (Status(status=429, retry_after="86400"), ThrottledError, ThrottledError, ThrottledError),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)
def test_a_failure_is_survived_or_named(
    tenant: Tenant,
    action: Status,
    read: type[AdminApiError] | None,
    write: type[AdminApiError] | None,
    create: type[AdminApiError] | None,
) -> None:
    """Fails when a passing failure stops a run, or a create is sent twice."""
    api = tenant.api()
    guid = str(new_connector(api, "there")["Guid"])
    for expected, act in (
        (read, lambda: api.invoke(GET, {}, effect=Effect.READ)),
        (write, lambda: api.invoke(SET, {"Identity": guid, "Comment": "x"}, effect=Effect.IDEMPOTENT)),
        (create, lambda: new_connector(api, "fresh")),
    ):
        tenant.control.fault(action)
        if expected is None:
            act()
        else:
            with pytest.raises(expected) as caught:
                act()
            assert type(caught.value) is expected
        tenant.control.clear_faults()
    made = [row["Name"] for row in tenant.control.connectors("inbound")]
    assert made.count("fresh") == (1 if create is None else 0)


def test_a_create_whose_answer_was_lost_is_not_sent_again(tenant: Tenant) -> None:
    """Fails when a connector that was made, but whose answer was lost, is made a second time or reported as refused."""
    api = tenant.api()
    tenant.control.fault(ConnectionReset(after_write=True), NEW)
    with pytest.raises(OutcomeUnknown, match=r"whether the object was created is unknown.*Look for the object by name"):
        new_connector(api)
    assert len(tenant.control.writes()) == 1
    assert len(tenant.control.connectors("inbound")) == 1


def test_a_short_lived_token_is_renewed_in_time(tenant: Tenant) -> None:
    """Fails when a token that ends during a run stops it."""
    tenant.control.switch(token_lifetime_seconds=1)
    api = tenant.api()
    for _ in range(3):
        api.invoke(GET, {}, effect=Effect.READ)
    # A busy machine may let one end on its way; then it is renewed after the refusal.
    assert sum(call.status == 200 for call in tenant.control.calls()) == 3


def test_a_claims_challenge_is_answered_although_another_thread_renewed_the_token(tenant: Tenant) -> None:
    """Fails when two connectors that are refused at once, one with a claims challenge, end the run."""
    connection = tenant.connection()
    tokens = tenant.shared.tokens(connection, Timeouts(), RetryPolicy())
    first = tokens.token()
    renewed = tokens.token(refused=first)
    claims = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'

    answered = tokens.token(claims, refused=first)

    assert answered.value != renewed.value
    assert tokens.token(claims, refused=renewed).value == answered.value


def test_the_commercial_cloud_as_it_stands(tenant: Tenant, exchange_online_environment: dict[str, str]) -> None:
    """Failing means that what a production stack uses, Microsoft's own hosts, is tried by nothing before production."""
    made = connection(Settings(cloud="commercial"), exchange_online_environment)
    assert (made.cloud.host, made.cloud.ca_bundle) == ("https://outlook.office365.com", None)
    api = AdminApi(made, sleep=tenant.sleeps.append, shared=tenant.shared)
    tenant.made.append(api)
    tenant.control.switch(max_page_size=1)
    for name in ("A", "B", "C"):
        new_connector(api, name)
    rows = api.invoke(GET, {"ResultSize": "Unlimited"}, effect=Effect.READ).rows
    assert [row["Name"] for row in rows] == ["A", "B", "C"]
    assert [call.page for call in tenant.control.calls(GET)] == [1, 2, 2]
    api.invoke(REMOVE, {"Identity": "B", "Confirm": False}, effect=Effect.IDEMPOTENT)
    assert [row["Name"] for row in tenant.control.connectors("inbound")] == ["A", "C"]
