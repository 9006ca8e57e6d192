"""Nothing that anybody sends brings the server down, or breaks it for those who come after."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.cmdlets.parameters import cmdlet_specs
from tests.exchange_online_emulator.admin import Admin

any_text = st.text(st.characters(), max_size=20)
oddities = st.sampled_from(
    ["9" * 5000, "0001-01-01T00:00:00+23:00", "\ud800", "\x00", "192.0.2.1/99", "-", "smtp:;1", "[", 10**40, 1e400]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text | oddities,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(any_text, inner, max_size=3)
        | st.fixed_dictionaries({"@odata.type": st.just("#Exchange.GenericHashTable")}, optional={"Add": inner})
    ),
    max_leaves=8,
)
cmdlets = st.sampled_from([spec for spec in cmdlet_specs().values() if not spec.name.startswith("Get-")])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A cmdlet with some of its parameters, whatever their values."""
    cmdlet = draw(cmdlets)
    names = st.sampled_from([item.name for item in cmdlet.parameters.values()])
    parameters = draw(st.dictionaries(names | any_text, json_values, max_size=4))
    usual = {"Identity": "Fabrikam", "Name": "Fuzz", "SenderDomains": ["a.com"], "Recipients": ["a@b.com"]}
    known = {name: value for name, value in usual.items() if name.lower() in cmdlet.parameters}
    return cmdlet.name, known | parameters


@settings(max_examples=150)
@given(body=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_body_brings_the_server_down(signed_in: Admin, body: bytes) -> None:
    """Failing: some request gets a 5xx or no answer."""
    assert signed_in.send(body).status_code == 400


@settings(max_examples=250)
@given(call=calls())
def test_no_parameter_brings_the_server_down(
    process: EmulatorProcess, signed_in: Admin, call: tuple[str, dict[str, Any]]
) -> None:
    """Failing: some value passes the binding as what it is not, and breaks what comes after."""
    process.control.reset()
    process.control.seed(inbound=[{"Name": "Fabrikam", "SenderDomains": ["f.com"]}], outbound=[{"Name": "Fabrikam"}])
    assert signed_in.post(*call).status_code in (200, 400, 404)
    assert signed_in.post("Get-InboundConnector").status_code == 200
    assert signed_in.post("Get-OutboundConnector").status_code == 200
    assert signed_in.session.get(signed_in.connection.url, timeout=10).status_code == 200
    assert process.control.calls()


@pytest.mark.parametrize("depth", [100, 400, 900, 5000])
def test_deeply_nested_parameters_are_refused(process: EmulatorProcess, signed_in: Admin, depth: int) -> None:
    """Failing: a nested body breaks the call log instead of the caller."""
    nested = "[" * depth + "]" * depth
    body = f'{{"CmdletInput": {{"CmdletName": "Get-InboundConnector", "Parameters": {{"X": {nested}}}}}}}'
    assert signed_in.send(body).status_code == 400
    assert process.control.calls() is not None


forms = st.dictionaries(
    st.sampled_from(["grant_type", "client_id", "client_secret", "scope", "client_assertion", "client_assertion_type"]),
    st.binary(max_size=30) | any_text.map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@settings(max_examples=100)
@given(form=forms, claims=st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "nbf"]), json_values))
def test_no_token_request_brings_the_server_down(
    signed_in: Admin, form: dict[str, Any], claims: dict[str, Any]
) -> None:
    """Failing: some form or assertion gets a 5xx."""
    url = f"{signed_in.connection.url}/{signed_in.connection.tenant}/oauth2/v2.0/token"
    assert signed_in.session.post(url, data=form, timeout=10).status_code in (400, 401)
    parts = [{"alg": "RS256", "x5t": "AAAA"}, {"iss": signed_in.connection.client_id, **claims}, {}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    assertion = {
        "grant_type": "client_credentials",
        "client_id": signed_in.connection.client_id,
        "scope": signed_in.connection.scope,
        "client_assertion": ".".join(encoded),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    assert signed_in.session.post(url, data=assertion, timeout=10).status_code in (400, 401)


def test_switches_and_cmdlets_at_once_do_not_wait_for_each_other(control: Control) -> None:
    """Failing: a switch that is turned while a cmdlet writes stops the emulator for good."""

    def turn(number: int) -> None:
        if number % 2:
            control.switch(validation_succeeds=bool(number % 4 == 1))
        else:
            control.invoke("New-InboundConnector", {"Name": f"N{number}", "SenderDomains": ["fabrikam.com"]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(400), timeout=60))
    assert len(control.connectors("inbound")) == 200
