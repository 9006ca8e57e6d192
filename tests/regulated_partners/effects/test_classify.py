"""How changes are classed: every pair of every order, and what no order covers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import (
    ConnectorSettings,
    InboundSettings,
    OutboundSettings,
    changes,
)
from regulated_partners.effects import EffectKind, classify

IN = InboundSettings(
    name="Fabrikam - inbound",
    sender_domains=("fabrikam.com",),
    require_tls=True,
    restrict_domains_to_certificate=True,
    tls_sender_certificate_name="mail.fabrikam.com",
)
OUT = OutboundSettings(
    name="Fabrikam - outbound",
    recipient_domains=("fabrikam.com",),
    tls_settings="DomainValidation",
    tls_domain="mail.fabrikam.com",
)

WEAKENS, RISK, STRENGTHENS, NEUTRAL = (
    EffectKind.WEAKENS,
    EffectKind.OUTAGE_RISK,
    EffectKind.STRENGTHENS,
    EffectKind.NEUTRAL,
)


def kinds(before: ConnectorSettings | None, after: ConnectorSettings | None) -> set[EffectKind]:
    """The classes of a change."""
    return {effect.kind for effect in classify(before, after)}


_BY_IP = {"sender_ip_addresses": ("192.0.2.10",)}

#: Settings of one direction, the weakest first.
ORDERS: dict[str, tuple[ConnectorSettings, ...]] = {
    "TlsSettings": (
        replace(OUT, tls_settings=None, tls_domain=None),
        replace(OUT, tls_settings="EncryptionOnly", tls_domain=None),
        replace(OUT, tls_settings="CertificateValidation", tls_domain=None),
        OUT,
    ),
    "restriction": (
        replace(IN, restrict_domains_to_certificate=False),
        replace(IN, restrict_domains_to_certificate=False, restrict_domains_to_ip_addresses=True, **_BY_IP),  # type: ignore[arg-type]
        IN,
        replace(IN, restrict_domains_to_ip_addresses=True, **_BY_IP),  # type: ignore[arg-type]
    ),
    "RequireTls": (
        replace(IN, restrict_domains_to_certificate=False, require_tls=False),
        replace(IN, restrict_domains_to_certificate=False),
    ),
    "inbound Enabled": (replace(IN, enabled=False), IN),
    "outbound Enabled": (replace(OUT, enabled=False), OUT),
    "TestMode": (replace(OUT, test_mode=True), OUT),
    "SmtpDaneMode": tuple(replace(OUT, smtp_dane_mode=mode) for mode in ("None", "Opportunistic", "Mandatory")),
    "MtaStsMode": tuple(replace(OUT, mta_sts_mode=mode) for mode in ("None", "Opportunistic")),
    "TlsSenderCertificateName": (
        replace(IN, tls_sender_certificate_name="*.fabrikam.com"),
        replace(IN, tls_sender_certificate_name="*.mail.fabrikam.com"),
        replace(IN, tls_sender_certificate_name="a.mail.fabrikam.com"),
    ),
    "TlsDomain": (
        replace(OUT, tls_domain="*.fabrikam.com"),
        replace(OUT, tls_domain="*.mail.fabrikam.com"),
        replace(OUT, tls_domain="a.mail.fabrikam.com"),
    ),
    "SenderDomains": (
        replace(IN, sender_domains=("a.fabrikam.com",)),
        replace(IN, sender_domains=("*.fabrikam.com",)),
        replace(IN, sender_domains=("fabrikam.bank", "*.fabrikam.com")),
        replace(IN, sender_domains=("*",)),
    ),
    "RecipientDomains": (
        replace(OUT, recipient_domains=("a.fabrikam.com",)),
        replace(OUT, recipient_domains=("*.fabrikam.com",)),
        replace(OUT, recipient_domains=("fabrikam.com", "*.fabrikam.com")),
        replace(OUT, recipient_domains=("*",)),
    ),
    "AssociatedAcceptedDomains": (
        replace(IN, associated_accepted_domains=("contoso.com",)),
        replace(IN, associated_accepted_domains=("contoso.com", "contoso.net")),
        IN,
    ),
    "TrustedOrganizations": (
        replace(IN, trusted_organizations=("a.example", "b.example")),
        replace(IN, trusted_organizations=("a.example",)),
        IN,
    ),
    "inbound ConnectorType": (replace(IN, connector_type="OnPremises"), IN),
}


@pytest.mark.parametrize("name", ORDERS)
def test_every_pair_of_an_order_is_classed_by_it(name: str) -> None:
    """A reviewer would be told that protection grows where it shrinks, or nothing at all; or a demand that a partner
    may not meet yet would come without the warning that mail may stop."""
    for (low, before), (high, after) in permutations(enumerate(ORDERS[name]), 2):
        found = kinds(before, after)
        if high > low:
            assert STRENGTHENS in found, (before, after)
            assert WEAKENS not in found, (before, after)
            assert RISK in found, (before, after)
        else:
            assert WEAKENS in found, (before, after)
            assert STRENGTHENS not in found, (before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            replace(IN, treat_messages_as_internal=True, connector_type="OnPremises"),
            {"treat_messages_as_internal": False},
        ),
        (
            replace(IN, cloud_services_mail_enabled=True, connector_type="OnPremises"),
            {"cloud_services_mail_enabled": False},
        ),
        (replace(OUT, cloud_services_mail_enabled=True), {"cloud_services_mail_enabled": False}),
        (replace(IN, ef_skip_last_ip=True, ef_users=("a@contoso.com",)), {"ef_users": ()}),
        (IN, {"ef_skip_last_ip": True}),
    ],
)
def test_trust_that_is_taken_back_strengthens_and_stops_no_mail(
    before: ConnectorSettings, after: dict[str, object]
) -> None:
    """Extra trust given to somebody's mail would not show as a weakening."""
    changed = replace(before, **after)  # type: ignore[arg-type]
    assert kinds(before, changed) == {STRENGTHENS}
    assert kinds(changed, before) == {WEAKENS}


def _by_ip(*addresses: str) -> InboundSettings:
    return replace(
        IN,
        restrict_domains_to_certificate=False,
        restrict_domains_to_ip_addresses=True,
        sender_ip_addresses=addresses,
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (("192.0.2.0/28",), ("192.0.2.0/27",), {WEAKENS}),
        (("192.0.2.0/27",), ("192.0.2.0/28",), {STRENGTHENS, RISK}),
        (("192.0.2.1",), ("192.0.2.2",), {WEAKENS, STRENGTHENS, RISK}),
        (("192.0.2.0/25", "192.0.2.128/25"), ("192.0.2.0/24",), {NEUTRAL}),
        (("192.0.2.0/24",), ("192.0.2.0/24", "192.0.2.7"), {NEUTRAL}),
    ],
)
def test_addresses_are_compared_by_the_addresses_in_them(
    before: tuple[str, ...], after: tuple[str, ...], expected: set[EffectKind]
) -> None:
    """A range written in two halves would stop a pull request, or a wider range would pass as a change of spelling."""
    assert kinds(_by_ip(*before), _by_ip(*after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (IN, replace(IN, tls_sender_certificate_name="mx.fabrikam.net"), {RISK}),
        (OUT, replace(OUT, tls_domain="mx.fabrikam.net"), {RISK}),
        (IN, replace(IN, tls_sender_certificate_name="*.fabrikam.net"), {WEAKENS, RISK}),
        (OUT, replace(OUT, use_mx_record=False, smart_hosts=("mx.fabrikam.com",)), {RISK}),
        (replace(OUT, use_mx_record=False, smart_hosts=("a.com",)), OUT, {RISK}),
        (IN, replace(IN, sender_domains=("contoso.com",)), {WEAKENS, STRENGTHENS, RISK}),
        (OUT, replace(OUT, recipient_domains=(), is_transport_rule_scoped=True), {WEAKENS, STRENGTHENS, RISK}),
        (OUT, replace(OUT, connector_type="OnPremises"), {RISK}),
        (
            replace(OUT, connector_type="OnPremises"),
            replace(OUT, connector_type="OnPremises", route_all_messages_via_on_premises=True),
            {RISK},
        ),
        (IN, replace(IN, name="Other", comment="other"), {NEUTRAL}),
        (OUT, replace(OUT, validation_recipients=("a@fabrikam.com",)), {NEUTRAL}),
        (OUT, replace(OUT, tls_settings="Quantum"), {WEAKENS}),
        (
            replace(IN, sender_domains=("*.fabrikam.com",)),
            replace(IN, sender_domains=("a.fabrikam.com", "*.fabrikam.com")),
            {NEUTRAL},
        ),
    ],
)
def test_what_no_order_covers(before: ConnectorSettings, after: ConnectorSettings, expected: set[EffectKind]) -> None:
    """A changed certificate name or route, which can stop mail at once, would look harmless; or a text would not."""
    assert kinds(before, after) == expected


def test_creating_and_deleting_are_judged_like_switching_on_and_off() -> None:
    """A pull request could remove a partner's protection with a word milder than switching it off has."""
    for there in (IN, OUT):
        assert kinds(None, there) == {STRENGTHENS, RISK}
        assert kinds(there, None) == {WEAKENS}
        assert kinds(None, replace(there, enabled=False)) == {NEUTRAL}
        assert kinds(replace(there, enabled=False), None) == {NEUTRAL}
    assert kinds(None, replace(OUT, tls_settings=None, tls_domain=None)) == {NEUTRAL}
    assert kinds(None, replace(IN, connector_type="OnPremises")) == {WEAKENS}


def test_a_connector_on_premises_enforces_nothing() -> None:
    """A restriction that the service ignores would pass as protection. Source: New-InboundConnector, RequireTls."""
    own = replace(IN, connector_type="OnPremises")
    assert kinds(own, replace(own, require_tls=False, restrict_domains_to_certificate=False)) == {NEUTRAL}


def test_a_weakening_outranks_everything() -> None:
    """A change that both weakens and strengthens would be shown under its better half."""
    changed = replace(IN, sender_domains=("contoso.com",))
    assert classify(IN, changed)[0].kind is WEAKENS


def test_it_refuses_what_is_no_change_of_one_connector() -> None:
    """A mistake in a caller would be classed as harmless."""
    with pytest.raises(ValueError, match="before or after"):
        classify(None, None)
    with pytest.raises(ValueError, match="InboundConnector against OutboundConnector"):
        classify(IN, OUT)
    assert classify(IN, IN) == ()


_DOMAINS = st.lists(st.sampled_from(["a.com", "*.a.com", "b.a.com", "c.com"]), min_size=1, unique=True).map(tuple)
_NAMES = st.sampled_from(["*.a.com", "mx.a.com", "*.mx.a.com", "mx.c.com"])
_IPS = st.lists(st.sampled_from(["192.0.2.0/25", "192.0.2.7", "192.0.2.0/24", "198.51.100.1"]), unique=True).map(tuple)
_INBOUND = st.builds(
    InboundSettings,
    connector_type=st.sampled_from(["Partner", "OnPremises"]),
    enabled=st.booleans(),
    comment=st.sampled_from([None, "x"]),
    sender_domains=_DOMAINS,
    require_tls=st.booleans(),
    restrict_domains_to_certificate=st.booleans(),
    restrict_domains_to_ip_addresses=st.booleans(),
    tls_sender_certificate_name=_NAMES,
    sender_ip_addresses=_IPS,
    ef_skip_last_ip=st.booleans(),
    trusted_organizations=st.sampled_from([(), ("o.example",)]),
    associated_accepted_domains=st.sampled_from([(), ("x.com",), ("x.com", "y.com"), ("z.com",)]),
)
_OUTBOUND = st.builds(
    OutboundSettings,
    connector_type=st.sampled_from(["Partner", "OnPremises"]),
    enabled=st.booleans(),
    recipient_domains=_DOMAINS,
    tls_settings=st.sampled_from([None, "EncryptionOnly", "CertificateValidation", "DomainValidation"]),
    tls_domain=_NAMES,
    smtp_dane_mode=st.sampled_from(["None", "Opportunistic", "Mandatory"]),
    mta_sts_mode=st.sampled_from(["None", "Opportunistic"]),
    use_mx_record=st.booleans(),
    smart_hosts=st.sampled_from([(), ("h.com",), ("h.com", "i.com")]),
    is_transport_rule_scoped=st.booleans(),
    test_mode=st.booleans(),
)


@given(st.one_of(st.tuples(_INBOUND, _INBOUND), st.tuples(_OUTBOUND, _OUTBOUND)))
def test_the_way_back_is_the_opposite(pair: tuple[ConnectorSettings, ConnectorSettings]) -> None:
    """A change could be classed as strengthening in both directions: two pull requests would then remove protection
    without anybody being asked."""
    there, back = kinds(*pair), kinds(pair[1], pair[0])
    assert (WEAKENS in there) == (STRENGTHENS in back)
    assert (STRENGTHENS in there) == (WEAKENS in back)


@given(st.one_of(st.tuples(_INBOUND, _INBOUND), st.tuples(_OUTBOUND, _OUTBOUND)))
def test_every_difference_has_a_class_and_a_reason(pair: tuple[ConnectorSettings, ConnectorSettings]) -> None:
    """A setting could change without the review saying a word about it."""
    effects = classify(*pair)
    assert bool(effects) == (pair[0] != pair[1])
    assert all(effect.reason for effect in effects)
    spoken = {key for effect in effects for key in effect.keys}
    whole = any(not effect.keys for effect in effects)
    assert whole or {change.parameter.key for change in changes(*pair)} <= spoken
