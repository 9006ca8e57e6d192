"""`check` and `diff` as the engine calls them: odd values, values that are not known yet, and no network."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from tests.exchange_online.resources.runs import INBOUND, OUTBOUND, Start
from tests.support.mini_stack import MiniStack
from tests.support.provider_process import UNKNOWN, ProviderError

pytestmark = pytest.mark.provider


def _checked(start: Start, direction: Direction, properties: dict[str, Any]) -> Any:
    with start() as process:
        return process.check(direction, properties)


def test_check_fills_every_default(start: Start) -> None:
    """Failing, a default that Microsoft changes later would change connectors without a line in any pull request."""
    inputs, failures = _checked(start, INBOUND.direction, {"name": "A", "senderDomains": ["fabrikam.com"]})
    assert not failures
    assert inputs == {
        "name": "A",
        "senderDomains": ["fabrikam.com"],
        "connectorType": "Partner",
        "enabled": True,
        "requireTls": True,
        "restrictDomainsToCertificate": False,
        "restrictDomainsToIpAddresses": False,
        "cloudServicesMailEnabled": False,
        "treatMessagesAsInternal": False,
        "efSkipLastIp": False,
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [("tlsSenderCertificateName", UNKNOWN), ("senderDomains", ["fabrikam.com", UNKNOWN]), ("name", UNKNOWN)],
)
def test_a_value_that_is_not_known_yet_passes_through(start: Start, key: str, value: object) -> None:
    """Failing, a preview would refuse a declaration, or show a value, that depends on a resource not made yet."""
    inputs, failures = _checked(start, INBOUND.direction, dict(INBOUND.with_(**{key: value}).properties))
    assert not failures
    assert inputs[key] == value


def test_rules_still_hold_where_another_value_is_not_known(start: Start) -> None:
    """Failing, one value that is not known yet would hide the mistakes in all others until the middle of the `up`."""
    declared = INBOUND.with_(
        comment=UNKNOWN, senderDomains=["domain.*.fabrikam.com"], senderIpAddresses=["2001:db8::1"]
    )
    inputs, failures = _checked(start, INBOUND.direction, dict(declared.properties))
    assert set(failures) == {"senderDomains", "senderIpAddresses"}
    assert inputs["comment"] == UNKNOWN


def test_a_value_that_is_not_known_yet_is_a_change(start: Start) -> None:
    """Failing, the preview would say `unchanged` for a connector that the `up` then changes."""
    with start() as process:
        resource = process.create(INBOUND.direction, dict(INBOUND.properties))
        assert process.diff(resource, {**resource.inputs, "comment": UNKNOWN}).changes == "unknown"


def test_null_is_the_same_as_leaving_it_out(start: Start) -> None:
    """Failing, a stack file with `comment:` and one without it would be two states, and one would always drift."""
    nothing: Any = {"senderIpAddresses": None, "efUsers": [], "enabled": None, "associatedAcceptedDomains": ""}
    with start() as process:
        plain = process.check(INBOUND.direction, dict(INBOUND.properties))
        assert process.check(INBOUND.direction, {**INBOUND.properties, **nothing}) == plain


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", 3), ("enabled", 1), ("enabled", "perhaps"), ("senderDomains", [5]), ("comment", {"a": 1}), ("name", [])],
)
def test_a_value_of_the_wrong_type_is_refused_in_words(start: Start, key: str, value: object) -> None:
    """Failing, a number (which the engine sends as a float) or a mapping would end in a traceback, or be sent."""
    _, failures = _checked(start, INBOUND.direction, {**INBOUND.properties, key: value})
    (reason,) = failures[key]
    assert reason.startswith(f"{key}")
    assert "write" in reason or "needs a name" in reason


def test_all_findings_come_at_once(start: Start) -> None:
    """Failing, a declaration with three mistakes would take three pipeline runs to correct."""
    bad = OUTBOUND.with_(useMxRecord=False, tlsDomain=None, allAcceptedDomains=True, bogus="x")
    _, failures = _checked(start, OUTBOUND.direction, dict(bad.properties))
    assert set(failures) == {"smartHosts", "tlsDomain", "allAcceptedDomains", "bogus"}
    assert all("Fabrikam Bank - outbound" in reason for reasons in failures.values() for reason in reasons)


def test_check_and_diff_send_nothing(start: Start, tenant: Control) -> None:
    """Failing, a preview would need the tenant, and 4,000 connectors would mean 4,000 calls before the first line."""
    with start() as process:
        resource = process.create(INBOUND.direction, dict(INBOUND.properties))
    tenant.clear_calls()
    with start(EXCHANGE_ONLINE_EMULATOR="nowhere.json") as process:
        inputs, failures = process.check(INBOUND.direction, dict(INBOUND.with_(comment="new").properties))
        assert not failures
        assert process.diff(resource, inputs).changes == "unknown"
    assert tenant.calls() == []


def test_diff_leaves_the_comparison_to_the_engine(stack: MiniStack, start: Start) -> None:
    """Failing, previews would show an update without before and after values, and ignoreChanges would not work."""
    stack.up({"one": INBOUND})
    resource = stack.resources["one"]
    with start() as process:
        assert process.diff(resource, resource.inputs).changes == "none"
        diff = process.diff(resource, {**resource.inputs, "comment": "new"})
    assert (diff.changes, diff.replaces) == ("unknown", ())


def test_no_change_of_any_property_replaces_the_connector(stack: MiniStack, start: Start) -> None:
    """Failing, a change would remove the connector and make another, with unprotected mail in between."""
    stack.up({"one": OUTBOUND})
    resource = stack.resources["one"]
    changes: dict[str, Any] = {
        "name": "Other",
        "connectorType": "OnPremises",
        "recipientDomains": ["other.example"],
        "tlsDomain": "other.example",
        "testMode": True,
    }
    with start() as process:
        for key, value in changes.items():
            assert process.diff(resource, {**resource.inputs, key: value}).replaces == ()


def test_the_engine_is_asked_for_secrets_where_they_are_understood(start: Start) -> None:
    """Failing, a value that a program marked secret would arrive wrapped, be refused, and show up in the refusal; or
    the plugin could not make components, which the engine allows only to those that take secrets.
    """
    with start() as process:
        assert process.accepts_secrets is start.face.takes_secrets


def test_without_an_emulator_the_error_says_so(start: Start) -> None:
    """Failing, somebody who forgot `make emulator` would see a traceback of the HTTP library."""
    with start(EXCHANGE_ONLINE_EMULATOR="nowhere.json") as process, pytest.raises(ProviderError) as error:
        process.create(INBOUND.direction, dict(INBOUND.properties))
    assert "no emulator is running" in str(error.value)
    assert "regulated-partners emulator start" in str(error.value)
    assert "Traceback" not in str(error.value)
