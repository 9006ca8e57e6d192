"""The cmdlet parameters that make a connector, and that make one setting into another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    changes,
    check,
    keeping_secret,
    new_parameters,
    observed,
    parameters,
    parameters_after_new,
    set_parameters,
)
from tests.exchange_online.connectors.declared import INBOUND, OUTBOUND
from tests.exchange_online.connectors.strategies import any_settings, settings_of

NEW_INBOUND: dict[str, Any] = {
    "Name": "Fabrikam - inbound",
    "ConnectorType": "Partner",
    "Enabled": True,
    "SenderDomains": ["fabrikam.com"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": False,
    "RestrictDomainsToIPAddresses": False,
}
NEW_OUTBOUND: dict[str, Any] = {
    "Name": "Fabrikam - outbound",
    "ConnectorType": "Partner",
    "Enabled": True,
    "RecipientDomains": ["fabrikam.com"],
    "UseMXRecord": True,
}


def inbound(**changed: object) -> ConnectorSettings:
    return check(Direction.INBOUND, {**INBOUND, **changed}).settings


def outbound(**changed: object) -> ConnectorSettings:
    return check(Direction.OUTBOUND, {**OUTBOUND, **changed}).settings


def sent(before: ConnectorSettings, after: ConnectorSettings) -> dict[str, Any]:
    """What `Set-` gets."""
    return set_parameters(changes(before, after), after)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (inbound(), NEW_INBOUND),
        (
            inbound(
                comment="SEC-1",
                restrictDomainsToCertificate=True,
                tlsSenderCertificateName="MAIL.fabrikam.com.",
                enabled=False,
                efSkipIps=["198.51.100.1"],
            ),
            {
                **NEW_INBOUND,
                "Comment": "SEC-1",
                "RestrictDomainsToCertificate": True,
                "TlsSenderCertificateName": "mail.fabrikam.com",
                "Enabled": False,
                "EFSkipIPs": ["198.51.100.1"],
            },
        ),
        (
            inbound(
                requireTls=False,
                restrictDomainsToIpAddresses=True,
                senderIpAddresses=["203.0.113.9/28", "192.0.2.1/32"],
                senderDomains=["smtp:B.com;1", "*.a.com", "a.com"],
            ),
            {
                **NEW_INBOUND,
                "RequireTls": False,
                "RestrictDomainsToIPAddresses": True,
                "SenderIPAddresses": ["192.0.2.1", "203.0.113.0/28"],
                "SenderDomains": ["a.com", "*.a.com", "b.com"],
            },
        ),
        (outbound(), NEW_OUTBOUND),
        (
            outbound(tlsSettings="domainvalidation", tlsDomain="*.fabrikam.com"),
            {**NEW_OUTBOUND, "TlsSettings": "DomainValidation", "TlsDomain": "*.fabrikam.com"},
        ),
        (
            outbound(tlsSettings="EncryptionOnly", useMxRecord=False, smartHosts=["[192.0.2.1]", "MX.fabrikam.com"]),
            {
                **NEW_OUTBOUND,
                "TlsSettings": "EncryptionOnly",
                "UseMXRecord": False,
                "SmartHosts": ["192.0.2.1", "mx.fabrikam.com"],
            },
        ),
        (outbound(smtpDaneMode="opportunistic", mtaStsMode="Opportunistic"), NEW_OUTBOUND),
        (
            outbound(smtpDaneMode="Mandatory", mtaStsMode="None"),
            {**NEW_OUTBOUND, "SmtpDaneMode": "Mandatory", "MtaStsMode": "None"},
        ),
        (
            outbound(recipientDomains=[], isTransportRuleScoped=True),
            {key: value for key, value in NEW_OUTBOUND.items() if key != "RecipientDomains"}
            | {"IsTransportRuleScoped": True},
        ),
        (
            outbound(connectorType="OnPremises", senderRewritingEnabled=True),
            {**NEW_OUTBOUND, "ConnectorType": "OnPremises", "SenderRewritingEnabled": True},
        ),
        (outbound(validationRecipients=["a@fabrikam.com"]), NEW_OUTBOUND),
    ],
)
def test_new_gets_what_it_must_and_what_is_declared(settings: ConnectorSettings, expected: dict[str, Any]) -> None:
    """A failure means that a connector is created otherwise than declared, or refused by an older cloud."""
    assert new_parameters(settings) == expected


def test_only_set_takes_validation_recipients() -> None:
    """A failure means that `New-` is refused (V26), or that the recipients are never stored."""
    settings = outbound(validationRecipients=["b@fabrikam.com", "A@fabrikam.com"])
    assert parameters_after_new(settings) == {"ValidationRecipients": ["a@fabrikam.com", "b@fabrikam.com"]}
    assert parameters_after_new(outbound()) == {}
    assert parameters_after_new(inbound()) == {}


RELAYED = outbound(useMxRecord=False, smartHosts=["mx.fabrikam.com"])
VALIDATED = outbound(tlsSettings="DomainValidation", tlsDomain="mail.fabrikam.com")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (inbound(), inbound(name="Other"), {"Name": "Other"}),
        (inbound(), inbound(senderDomains=["b.com", "a.com"]), {"SenderDomains": ["a.com", "b.com"]}),
        (inbound(comment="x"), inbound(), {"Comment": ""}),
        (inbound(tlsSenderCertificateName="a.com"), inbound(), {"TlsSenderCertificateName": None}),
        (inbound(senderIpAddresses=["192.0.2.1"]), inbound(), {"SenderIPAddresses": None}),
        (inbound(), inbound(enabled=False), {"Enabled": False}),
        (outbound(), RELAYED, {"UseMXRecord": False, "SmartHosts": ["mx.fabrikam.com"]}),
        (RELAYED, outbound(), {"UseMXRecord": True, "SmartHosts": None}),
        (outbound(smartHosts=["mx.fabrikam.com"]), RELAYED, {"UseMXRecord": False, "SmartHosts": ["mx.fabrikam.com"]}),
        (outbound(), VALIDATED, {"TlsSettings": "DomainValidation", "TlsDomain": "mail.fabrikam.com"}),
        (
            outbound(tlsSettings="EncryptionOnly", tlsDomain="mail.fabrikam.com"),
            VALIDATED,
            {"TlsSettings": "DomainValidation", "TlsDomain": "mail.fabrikam.com"},
        ),
        (VALIDATED, outbound(), {"TlsSettings": None, "TlsDomain": None}),
        (
            VALIDATED,
            outbound(tlsSettings="CertificateValidation"),
            {"TlsSettings": "CertificateValidation", "TlsDomain": None},
        ),
        (outbound(smtpDaneMode="Mandatory"), outbound(), {"SmtpDaneMode": "Opportunistic"}),
        (outbound(), outbound(mtaStsMode="None"), {"MtaStsMode": "None"}),
        (outbound(validationRecipients=["a@b.com"]), outbound(), {"ValidationRecipients": None}),
        (outbound(), outbound(), {}),
        (inbound(senderDomains=["A.com", "b.com"]), inbound(senderDomains=["smtp:b.com;1", "a.com"]), {}),
    ],
)
def test_set_gets_what_changed(before: ConnectorSettings, after: ConnectorSettings, expected: dict[str, Any]) -> None:
    """A failure means that a change is lost, refused, or overwrites what nobody touched."""
    assert sent(before, after) == expected


def test_sender_rewriting_is_never_sent_for_a_partner() -> None:
    """A failure means HTTP 400 from the service, which refuses even the parameter on a Partner connector (V16)."""
    rewriting = outbound(connectorType="OnPremises", senderRewritingEnabled=True)
    assert sent(rewriting, outbound()) == {"ConnectorType": "Partner"}
    assert "SenderRewritingEnabled" not in new_parameters(outbound(senderRewritingEnabled=True))
    plain = outbound(connectorType="OnPremises")
    assert sent(rewriting, plain) == {"SenderRewritingEnabled": False}


def test_two_directions_cannot_be_compared() -> None:
    """A failure means that an inbound connector could be changed into the settings of an outbound one."""
    with pytest.raises(ValueError, match="InboundConnector against OutboundConnector"):
        changes(inbound(), outbound())


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (inbound(), inbound(requireTls=False), "requireTls: true => false"),
        (inbound(), inbound(senderDomains=["a.com", "b.com"]), "senderDomains: fabrikam.com => a.com, b.com"),
        (inbound(comment="x"), inbound(), "comment: x => (none)"),
        (inbound(comment="x\ny"), inbound(comment="z"), "comment: x\\ny => z"),
        (
            inbound(comment="x\ny"),
            inbound(comment="x y"),
            "comment: 'x\\ny' => 'x y' (only spaces and line breaks differ)",
        ),
        (
            inbound(comment="x y"),
            inbound(comment="x  y"),
            "comment: 'x y' => 'x  y' (only spaces and line breaks differ)",
        ),
        (
            inbound(comment="x\u00a0y"),
            inbound(comment="x y"),
            "comment: 'x\\xa0y' => 'x y' (only spaces and line breaks differ)",
        ),
        (RELAYED, outbound(useMxRecord=False), "smartHosts: mx.fabrikam.com => (none)"),
    ],
)
def test_a_change_reads_as_before_and_after(before: ConnectorSettings, after: ConnectorSettings, shown: str) -> None:
    """A failure means that a reviewer cannot read what would change."""
    assert [str(change) for change in changes(before, after)] == [shown]


def _domains(*numbers: int) -> list[str]:
    return [f"d{number:04}.example" for number in numbers]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (range(1000), range(1, 1000), "-d0000.example (999 others)"),
        (range(1000), range(1001), "+d1000.example (1000 others)"),
        (range(6), [0, 1, 2, 3, 4, 7], "+d0007.example, -d0005.example (5 others)"),
        (range(5), [0], "-d0001.example, -d0002.example, -d0003.example, -d0004.example (1 other)"),
        ([9], range(1000), "+d0000.example, +d0001.example, +d0002.example"),
    ],
)
def test_of_a_long_list_a_change_tells_what_differs(before: range, after: range | list[int], shown: str) -> None:
    """Failing, an error of `up` or of `verify` is two lists of a thousand domains, and nobody finds the one."""
    (change,) = changes(inbound(senderDomains=_domains(*before)), inbound(senderDomains=_domains(*after)))
    said = str(change)
    assert said.startswith(f"senderDomains: {shown}")
    assert len(said) < 500
    assert sorted(change.removed) == _domains(*sorted(set(before) - set(after)))
    assert sorted(change.added) == _domains(*sorted(set(after) - set(before)))


def test_a_change_of_hundreds_of_items_says_how_many_it_leaves_out() -> None:
    """Failing, a reader takes the twenty domains that are shown for all of them."""
    (change,) = changes(inbound(senderDomains=_domains(1)), inbound(senderDomains=_domains(*range(1000))))
    shown = str(change)
    told = shown.count("+d")
    assert 10 < told <= 20
    assert shown.endswith(f" and {999 - told} more (1 other)")
    longest = [f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{number}.example" for number in range(9)]
    (change,) = changes(inbound(), inbound(senderDomains=longest))
    assert str(change).startswith(f"senderDomains: +{longest[0]} and 8 more, -fabrikam.com (no others)")


def test_a_range_that_comes_or_goes_is_told_as_one() -> None:
    """Failing, one wide range of a partner is sixty-four items in an error, of which twenty are shown."""
    few, many = ([f"192.0.2.{number}" for number in range(1, count)] for count in (3, 9))
    for addresses, tail in ((few, None), (many, "senderIpAddresses: +203.0.64.0/18 (8 others)")):
        (change,) = changes(
            inbound(restrictDomainsToIpAddresses=True, senderIpAddresses=addresses),
            inbound(restrictDomainsToIpAddresses=True, senderIpAddresses=[*addresses, "203.0.64.0/18"]),
        )
        assert len(change.added) == 64
        listed = ", ".join(addresses)
        assert str(change) == (tail or f"senderIpAddresses: {listed} => {listed}, 203.0.64.0/18")


@pytest.mark.parametrize("secret", [True, False])
def test_a_long_list_that_is_secret_is_not_told(secret: bool) -> None:
    """Failing, the one domain that is secret is the one that an error shows."""
    settings = [{**INBOUND, "senderDomains": _domains(*range(count))} for count in (6, 7)]
    (change,) = changes(*(check(Direction.INBOUND, one).settings for one in settings))
    with keeping_secret(Direction.INBOUND, {**settings[0], "secretProperties": ["senderDomains"] if secret else []}):
        assert ("d0006" in str(change)) is not secret


def _partner_never_rewrites(settings: ConnectorSettings) -> bool:
    return not (settings.is_partner and getattr(settings, "sender_rewriting_enabled", False))


@given(any_settings.filter(_partner_never_rewrites))
def test_new_and_the_set_after_it_make_what_is_declared(settings: ConnectorSettings) -> None:
    """A failure means that a fresh connector differs from its declaration."""
    row = {**new_parameters(settings), **parameters_after_new(settings)}
    assert observed(settings.direction, row) == settings
    assert not set(parameters_after_new(settings)) & set(new_parameters(settings))


@given(st.sampled_from(Direction).flatmap(lambda each: st.tuples(settings_of(each), settings_of(each))))
def test_set_makes_one_setting_into_the_other(pair: tuple[ConnectorSettings, ConnectorSettings]) -> None:
    """A failure means that a connector is not as declared after an update, or that more was sent than differs."""
    before, after = pair
    row = {parameter.name: parameter.encode(before.value(parameter)) for parameter in parameters(before.direction)}
    assert "SenderRewritingEnabled" not in sent(before, after) or not after.is_partner
    differing = changes(before, observed(after.direction, {**row, **sent(before, after)}))
    expected = [change for change in changes(before, after) if change.parameter.name != "SenderRewritingEnabled"]
    assert [change for change in differing if change.parameter.name != "SenderRewritingEnabled"] == expected
