"""Cases of the peers (Microsoft365DSC, CIPP, SEPPmail, ScubaGear, vendors' recipes) and of Microsoft's examples.

Cases about HTTP errors are replayed by the tests of the client.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import (
    Checked,
    Direction,
    changes,
    check,
    inputs,
    new_parameters,
    observed,
    parameters,
    parameters_after_new,
    record_from_row,
)
from tests.support.recorded import recorded

CASES: dict[str, Any] = {case["id"]: case for case in recorded("peer_cases")["cases"]}
DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}

#: What stands for the placeholders of the recorded cases.
_FILLED = {
    "<param>": "mail.fabrikam.com",
    "<many /24>": "192.0.2.0/24",
    "<ip>": "192.0.2.1",
    "<host>": "mx.fabrikam.com",
    "<domain>": "fabrikam.com",
    "<list>": "192.0.2.1",
}


def declare(direction: Direction, desired: dict[str, Any]) -> Checked:
    """A case's properties as a declaration: what no case is about is filled in, the opt-in of rule V12 is given."""
    keys = {parameter.name.lower(): parameter.key for parameter in parameters(direction)}
    own = {keys[name.lower()]: _filled(value) for name, value in desired.items() if name.lower() in keys}
    assert {name.lower() for name in desired} - set(keys) <= {"identity", "connectorsource"}
    domains = "senderDomains" if direction is Direction.INBOUND else "recipientDomains"
    scoped = own.get("isTransportRuleScoped") or own.get("allAcceptedDomains")
    usual: dict[str, Any] = {"name": desired.get("Identity", "Contoso")} | (
        {} if scoped else {domains: ["contoso.com"]}
    )
    return check(direction, {**usual, "allowTenantWideRestriction": True, **own})


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(item) for item in value]
    return _FILLED.get(value, value) if isinstance(value, str) else value


def row(direction: Direction, actual: dict[str, Any]) -> dict[str, Any]:
    """A case's actual values as a row: some peers write a name in another case."""
    names = {parameter.name.lower(): parameter.name for parameter in parameters(direction)}
    return {"Name": actual.get("Identity"), **{names.get(name.lower(), name): value for name, value in actual.items()}}


def chosen(*kinds: str, expect: str = "") -> list[str]:
    """Identifiers of the cases of some kinds whose expectation begins with a word."""
    return [name for name, case in CASES.items() if case["kind"] in kinds and str(case["expect"]).startswith(expect)]


NO_DIFFERENCE = chosen("inbound", "outbound", expect="no-diff")
UPDATES = [name for name, case in CASES.items() if isinstance(case["expect"], list)]
VALID = [name for expect in ("valid", "accepted", "create") for name in chosen("inbound", "outbound", expect=expect)]
PAIRS = chosen("pair")
NORMALISED = chosen("normalise", expect="no-diff")
REFUSED = {
    "docs-refuse-0": (Direction.INBOUND, "V4", "senderDomains[0]"),
    "docs-refuse-2": (Direction.INBOUND, "V5", "senderIpAddresses[0]"),
    "docs-refuse-3": (Direction.OUTBOUND, "V18", "smartHosts"),
    "docs-refuse-6": (Direction.OUTBOUND, "V17", "allAcceptedDomains"),
    "docs-refuse-7": (Direction.OUTBOUND, "V16", "senderRewritingEnabled"),
    "docs-refuse-8": (Direction.OUTBOUND, "V3", "name"),
    "docs-refuse-9": (Direction.INBOUND, "name", "name"),
    "m365dsc-out-bad-validation-recipient": (Direction.OUTBOUND, "address", "validationRecipients[1]"),
}
ELSEWHERE = {
    *chosen("error"),
    "docs-refuse-1",  # a range wider than /24, which is written out
    "m365dsc-in-remove",  # the lifecycle's
    "m365dsc-out-tlsdomain-without-domainvalidation",
    "norm-sd-empty",
    "scuba-real-get-inbound",
}


def test_every_case_is_replayed() -> None:
    """A failure means that a recorded case is looked at by nobody."""
    assert {*NO_DIFFERENCE, *UPDATES, *VALID, *PAIRS, *NORMALISED, *REFUSED, *ELSEWHERE} == set(CASES)


@pytest.mark.parametrize("case", NO_DIFFERENCE)
def test_a_desired_state_that_holds_shows_no_difference(case: str) -> None:
    """A failure means the drift without end that peers' users reported."""
    direction = DIRECTIONS[CASES[case]["kind"]]
    declared = declare(direction, CASES[case]["desired"]).settings
    assert changes(observed(direction, row(direction, CASES[case]["actual"])), declared) == ()


@pytest.mark.parametrize("case", UPDATES)
def test_a_desired_state_that_does_not_hold_shows_what_differs(case: str) -> None:
    """A failure means that drift which a peer finds is not found, or is found in the wrong place."""
    direction = DIRECTIONS[CASES[case]["kind"]]
    declared = declare(direction, CASES[case]["desired"]).settings
    found = changes(observed(direction, row(direction, CASES[case]["actual"])), declared)
    assert {change.parameter.name.lower() for change in found} == {name.lower() for name in CASES[case]["expect"]}


@pytest.mark.parametrize("case", VALID)
def test_what_works_in_the_field_is_accepted(case: str) -> None:
    """A failure means that a declaration which a live tenant or Microsoft's page accepts is refused."""
    checked = declare(DIRECTIONS[CASES[case]["kind"]], CASES[case]["desired"])
    assert checked.errors == ()


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("case", PAIRS)
def test_recipes_for_pairs_are_accepted(case: str, direction: Direction) -> None:
    """A failure means that a gateway vendor's recipe cannot be declared, or comes back with another name."""
    desired = CASES[case][direction.word]
    checked = declare(direction, desired)
    assert checked.errors == ()
    assert checked.settings.name == desired.get("Name", "Contoso")


@pytest.mark.parametrize(("case", "where"), REFUSED.items())
def test_documented_refusals_come_before_the_service(case: str, where: tuple[Direction, str, str]) -> None:
    """A failure means that a mistake is found in the middle of a deployment."""
    direction, rule, path = where
    errors = declare(direction, CASES[case]["desired"]).errors
    assert (rule, path) in {(finding.rule, finding.path) for finding in errors}
    assert {finding.path for finding in errors} == {path}


@pytest.mark.parametrize("case", NORMALISED)
def test_sender_domains_are_compared_as_the_service_stores_them(case: str) -> None:
    """A failure means Microsoft365DSC issue 2180 again."""
    declared = check(Direction.INBOUND, {"name": "n", "senderDomains": CASES[case]["desired"]})
    shown = observed(Direction.INBOUND, {"Name": "n", "SenderDomains": CASES[case]["actual"]})
    assert declared.errors == ()
    assert changes(shown, declared.settings) == ()


def test_an_empty_sender_domain_is_refused() -> None:
    """A failure means that `smtp:;1` could be stored, a domain that is none."""
    checked = declare(Direction.INBOUND, {"SenderDomains": CASES["norm-sd-empty"]["desired"]})
    assert [finding.path for finding in checked.errors] == ["senderDomains[0]"]
    assert "smtp:;1" not in str(new_parameters(checked.settings))


def test_a_range_that_the_service_refuses_is_written_out() -> None:
    """A failure means that a range which the service refuses is sent, or that a partner's SPF record cannot be used."""
    checked = declare(Direction.INBOUND, CASES["docs-refuse-1"]["desired"])
    assert checked.errors == ()
    sent = new_parameters(checked.settings)["SenderIPAddresses"]
    assert sent == [f"10.0.{third}.0/24" for third in range(16)]


def test_a_tls_domain_without_domain_validation_is_a_warning() -> None:
    """A failure means that what peers deploy is refused, or that nobody learns that it has no effect."""
    checked = declare(Direction.OUTBOUND, CASES["m365dsc-out-tlsdomain-without-domainvalidation"]["desired"])
    assert [finding.rule for finding in checked.warnings] == ["V22"]
    assert checked.errors == ()


def test_validation_recipients_need_a_second_call() -> None:
    """A failure means Microsoft365DSC issue 1165 again."""
    settings = declare(Direction.OUTBOUND, CASES["m365dsc-out-create"]["desired"]).settings
    assert "ValidationRecipients" not in new_parameters(settings)
    assert parameters_after_new(settings) == {"ValidationRecipients": ["test@contoso.com"]}


def test_a_real_row_becomes_the_smallest_declaration() -> None:
    """A failure means that an adopted connector is declared with more than it says, or shows drift at once."""
    record = record_from_row(Direction.INBOUND, CASES["scuba-real-get-inbound"]["actual"])
    assert record.connector_source == "Default", "made in the portal (N2)"
    read = inputs(record.settings)
    assert read["senderDomains"] == ["test.domain.com"]
    assert {key for key, value in read.items() if value is not False} == {
        "name",
        "connectorType",
        "enabled",
        "senderDomains",
        "requireTls",
    }
    checked = check(Direction.INBOUND, read)
    assert checked.findings == ()
    assert checked.inputs() == read


EXAMPLES = [
    example
    for example in recorded("connector_examples")
    if example["cmdlet"] in ("New-InboundConnector", "New-OutboundConnector")
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_published_examples_are_accepted_and_sent_as_written(example: dict[str, Any]) -> None:
    """A failure means that a published command cannot be declared, or that it would do something else."""
    direction = Direction(example["cmdlet"].removeprefix("New-"))
    arguments = {name: _filled(value) for name, value in example["args"].items()}
    if example["id"] == "F2":
        arguments["RecipientDomains"] = "contoso.com"
    checked = declare(direction, arguments)
    assert checked.errors == ()
    sent = {name.lower(): value for name, value in new_parameters(checked.settings).items()}
    shown = observed(direction, row(direction, {"Name": checked.settings.name, **arguments}))
    named = {name.lower() for name in arguments}
    assert [str(change) for change in changes(shown, checked.settings) if change.parameter.name.lower() in named] == []
    given = {name.lower() for name, value in arguments.items() if value not in (None, False)} - {"connectorsource"}
    assert given <= sent.keys()
