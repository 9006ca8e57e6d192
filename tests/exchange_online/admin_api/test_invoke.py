"""One call on the wire: what is sent, and what is made of the answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.admin_api import CLOUDS, Effect, JsonValue, UnexpectedAnswer
from exchange_online.admin_api.wire import UnreadableError, read_page, request
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import TENANT, Reply, ScriptedService

SET = "Set-InboundConnector"
_value = st.none() | st.booleans() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2)
_row = st.dictionaries(st.sampled_from(["Name", "Name@odata.type", "@x"]), _value)
_answers = st.dictionaries(
    st.sampled_from(["value", "Value", "@odata.nextLink", "@adminapi.warnings", "@adminapi.errors", "error", "x"]),
    _value | st.lists(_row, max_size=2) | _row,
)


def test_the_request_is_the_one_the_service_expects(client: Clients, service: ScriptedService) -> None:
    """Fails when a header or the body differs from what works: writes then fail, or answers come as CLIXML."""
    client().invoke("New-InboundConnector", {"Name": "Müller & Söhne", "Enabled": True}, effect=Effect.CREATE)
    (seen,) = service.calls
    assert seen.path == f"/adminapi/beta/{TENANT}/InvokeCommand"
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["x-anchormailbox"] == f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}"
    assert seen.headers["x-cmdletname"] == "New-InboundConnector"
    assert seen.headers["x-responseformat"] == "json"
    assert seen.headers["prefer"] == "odata.maxpagesize=1000"
    assert seen.headers["content-type"] == "application/json"
    assert seen.body.isascii(), "accented characters in UTF-8 have given HTTP 500"
    assert json.loads(seen.body) == {
        "CmdletInput": {
            "CmdletName": "New-InboundConnector",
            "Parameters": {"Name": "Müller & Söhne", "Enabled": True},
        }
    }


def test_a_listing_asks_for_everything_and_another_cmdlet_does_not(client: Clients, service: ScriptedService) -> None:
    """Fails when a listing is capped at 1000 rows, or when a cmdlet gets a parameter that it refuses."""
    api = client()
    api.invoke("Get-InboundConnector", {}, effect=Effect.READ)
    api.invoke("Get-InboundConnector", {"resultsize": 5}, effect=Effect.READ)
    api.invoke("Validate-OutboundConnector", {"Identity": "x"}, effect=Effect.READ)
    assert [seen.parameters for seen in service.calls] == [
        {"ResultSize": "Unlimited"},
        {"resultsize": 5},
        {"Identity": "x"},
    ]


def test_values_travel_as_the_parameter_binder_reads_them(client: Clients, service: ScriptedService) -> None:
    """Fails when clearing, replacing, or adding and removing members reaches the service in a form it misreads."""
    parameters = {
        "TlsDomain": None,
        "SmartHosts": [],
        "SenderDomains": ["smtp:a.example;1"],
        "RecipientDomains": {"Add": ["b.example"], "Remove": ["c.example"]},
        "Rules": [{"Name": "x"}],
    }
    client().invoke("Set-OutboundConnector", parameters, effect=Effect.IDEMPOTENT)
    hashtable = "#Exchange.GenericHashTable"
    assert service.calls[0].parameters == {
        "TlsDomain": None,
        "SmartHosts": [],
        "SenderDomains": ["smtp:a.example;1"],
        "RecipientDomains": {"@odata.type": hashtable, "Add": ["b.example"], "Remove": ["c.example"]},
        "Rules@odata.type": "#Collection(Exchange.GenericHashTable)",
        "Rules": [{"@odata.type": hashtable, "Name": "x"}],
    }


def test_rows_come_without_annotations_and_with_unknown_keys(client: Clients, service: ScriptedService) -> None:
    """Fails when OData sidecars reach the domain, or when a property that Microsoft adds tomorrow breaks the read."""
    service.script = [
        Reply(
            body={
                "@odata.context": "https://x/$metadata",
                "adminapi.warnings@odata.type": "#Collection(String)",
                "@adminapi.warnings": ["Mind the gap."],
                "somethingNew": 1,
                "value": [
                    {"Guid@odata.type": "#Guid", "Guid": "abc", "NewProperty": [1], "Nested": {"A@b": 1, "A": 2}}
                ],
            },
            headers={"request-id": "rid-1"},
        )
    ]
    answer = client().invoke("Get-InboundConnector", {}, effect=Effect.READ)
    assert answer.rows == ({"Guid": "abc", "NewProperty": [1], "Nested": {"A": 2}},)
    assert answer.warnings == ("Mind the gap.",)
    assert answer.request_id == "rid-1"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(),
        Reply(204),
        Reply(body={}),
        Reply(body={"value": None}),
        Reply(body={"value": []}),
        Reply(body=b"\xef\xbb\xbf{}"),
    ],
    ids=["empty body", "204", "no value", "null value", "empty list", "byte order mark"],
)
def test_every_form_of_no_rows_is_no_rows(client: Clients, service: ScriptedService, reply: Reply) -> None:
    """Fails when a Set or Remove that worked is reported as broken because its answer is empty."""
    service.script = [reply]
    assert client().invoke(SET, {"Identity": "x"}, effect=Effect.IDEMPOTENT).rows == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<html>proxy login</html>",
        b"[" * 200_000,
        b"[1]",
        b'{"value": [1]}',
        b'{"error": {"code": "x"}}',
        b'{"value":[], "@odata.nextLink":1}',
    ],
    ids=["html", "bottomless", "list", "rows that are no objects", "error with status 200", "link that is no string"],
)
def test_an_answer_of_something_else_is_refused(client: Clients, service: ScriptedService, body: bytes) -> None:
    """Fails when a captive portal's page reads as an empty list: every connector would look deleted."""
    service.script = [Reply(body=body)]
    with pytest.raises(UnexpectedAnswer, match="not one of the admin API"):
        client().invoke("Get-InboundConnector", {}, effect=Effect.READ)


@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.text() | st.lists(st.text()), max_size=4))
def test_any_text_arrives_as_it_was(parameters: dict[str, JsonValue]) -> None:
    """Fails when a name with accents, quotes or emoji arrives changed, or breaks the request."""
    sent = request(CLOUDS["commercial"], TENANT, SET, parameters, connection_id="c")
    assert sent.body.isascii()
    assert json.loads(sent.body)["CmdletInput"]["Parameters"] == parameters


@given(st.binary(max_size=60) | _answers.map(lambda value: json.dumps(value).encode()))
def test_no_answer_whatever_breaks_the_reader(body: bytes) -> None:
    """Fails when an unforeseen answer gives a traceback instead of a sentence."""
    try:
        page = read_page(body)
    except UnreadableError:
        return
    assert all("@" not in key for row in page.rows for key in row)


def test_a_name_that_is_no_cmdlet_is_a_mistake_in_the_program(client: Clients) -> None:
    """Fails when a caller's typo could put anything into a header."""
    with pytest.raises(ValueError, match="not the name of a cmdlet"):
        client().invoke("Get-InboundConnector\r\nX: y", {}, effect=Effect.READ)


def test_importing_the_client_loads_no_http_library() -> None:
    """Fails when a preview, which only checks and diffs, pays for requests and MSAL in each provider process."""
    code = (
        "import sys, exchange_online.admin_api\n"
        "print([name for name in ('requests', 'msal', 'tenacity', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
