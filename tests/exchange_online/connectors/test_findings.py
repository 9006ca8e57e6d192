"""What `check` does with several mistakes, with names it does not know, and with values that come later."""

from __future__ import annotations

import pytest

from exchange_online.connectors import REFUSED, Checked, Direction, Severity, check
from exchange_online.connectors.names import camel_case
from tests.exchange_online.connectors.declared import INBOUND, OUTBOUND, inbound, only, outbound, said

LATER = object()


def later(direction: Direction, declared: dict[str, object]) -> Checked:
    return check(direction, declared, lambda value: value is LATER)


def test_all_mistakes_are_said_at_once() -> None:
    """A failure means that somebody has to run the pipeline once for each mistake."""
    checked = inbound(
        name="a/b",
        senderDomains=["a.*.com", "fabrikam.com", 7],
        senderIpAddresses=["10.0.0.0/8", "2001:db8::1"],
        connectorType="Hybrid",
        requireTls=False,
        restrictDomainsToCertificate=True,
        efTestMode=True,
        sendrDomains=["x"],
    )
    assert {(rule, path) for rule, path, _ in said(checked)} == {
        ("name", "name"),
        ("V4", "senderDomains[0]"),
        ("type", "senderDomains[2]"),
        ("V6", "senderIpAddresses[0]"),
        ("V5", "senderIpAddresses[1]"),
        ("V25", "connectorType"),
        ("V9", "restrictDomainsToCertificate"),
        ("V10", "restrictDomainsToCertificate"),
        ("V26", "efTestMode"),
        ("V26", "sendrDomains"),
    }


def test_errors_and_warnings_are_told_apart() -> None:
    """A failure means that a warning stops a deployment, or that an error does not."""
    checked = inbound(requireTls=False, senderIpAddresses=["10.0.0.0/8"])
    assert [finding.rule for finding in checked.errors] == ["V6"]
    assert [finding.rule for finding in checked.warnings] == ["V13"]


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("direction", Direction)
def test_parameters_for_internal_use_are_refused_by_name(direction: Direction, name: str) -> None:
    """A failure means that a parameter reserved by Microsoft is sent, or refused without saying why."""
    base = INBOUND if direction is Direction.INBOUND else OUTBOUND
    for spelling in (camel_case(name), name):
        finding = only(check(direction, {**base, spelling: True}))
        assert (finding.rule, finding.path) == ("V26", spelling)
        assert finding.reason == REFUSED[name]
        assert finding.remedy == "leave it out"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SenderDomains", "senderDomains"),
        ("sender_domains", "senderDomains"),
        ("RequireTLS", "requireTls"),
        ("requiretls", "requireTls"),
        ("EFSkipIPs", "efSkipIps"),
        ("EFSkipLastIP", "efSkipLastIp"),
        ("tlsSenderCertificate", "tlsSenderCertificateName"),
        ("restrictDomainToCertificate", "restrictDomainsToCertificate"),
        ("senderIPAddress", "senderIpAddresses"),
    ],
)
def test_a_misspelled_name_gets_a_suggestion(written: str, meant: str) -> None:
    """A failure means that a typing error in a name takes longer to find than it must."""
    finding = only(inbound(**{written: True}))
    assert (finding.path, finding.remedy) == (written, f"did you mean {meant}?")


def test_a_name_like_no_other_gets_the_list() -> None:
    """A failure means that somebody learns only that a name is wrong, and not which are right."""
    finding = only(outbound(x=1))
    assert "recipientDomains" in finding.remedy
    assert "useMxRecord" in finding.remedy


@pytest.mark.parametrize(
    ("direction", "declared", "silenced"),
    [
        (Direction.INBOUND, {"name": LATER, "senderDomains": ["a.com"]}, "V1"),
        (Direction.INBOUND, {"name": "n", "senderDomains": LATER}, "V1"),
        (Direction.INBOUND, {**INBOUND, "restrictDomainsToIpAddresses": True, "senderIpAddresses": LATER}, "V8"),
        (Direction.INBOUND, {**INBOUND, "restrictDomainsToCertificate": True, "tlsSenderCertificateName": LATER}, "V9"),
        (Direction.INBOUND, {**INBOUND, "treatMessagesAsInternal": True, "connectorType": LATER}, "V14"),
        (Direction.OUTBOUND, {**OUTBOUND, "useMxRecord": False, "smartHosts": LATER}, "V18"),
        (Direction.OUTBOUND, {**OUTBOUND, "tlsSettings": "DomainValidation", "tlsDomain": LATER}, "V21"),
        (Direction.OUTBOUND, {"name": "n", "recipientDomains": LATER}, "V23"),
    ],
)
def test_a_rule_waits_for_a_value_that_is_not_known_yet(
    direction: Direction, declared: dict[str, object], silenced: str
) -> None:
    """A failure means that a preview refuses a value that another resource will supply."""
    assert later(direction, declared).findings == ()
    missing = {key: value for key, value in declared.items() if value is not LATER}
    assert silenced in {finding.rule for finding in check(direction, missing).findings}


def test_rules_that_read_no_unknown_value_speak() -> None:
    """A failure means that one unknown value hides every mistake until the deployment runs."""
    checked = later(Direction.INBOUND, {**INBOUND, "comment": LATER, "requireTls": False, "senderIpAddresses": ["::1"]})
    assert said(checked) == {("V13", "requireTls", Severity.WARNING), ("V5", "senderIpAddresses[0]", Severity.ERROR)}


def test_an_unknown_value_is_no_input_yet() -> None:
    """A failure means that a default is compared, or sent, in place of the value to come."""
    checked = later(Direction.INBOUND, {**INBOUND, "requireTls": LATER, "comment": LATER})
    assert checked.unknown == {"requireTls", "comment"}
    assert checked.inputs().keys().isdisjoint(checked.unknown)
