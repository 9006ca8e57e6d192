"""Declarations of any shape: always partners, or findings in sentences; never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_online.connectors import Direction, Severity, check, parameters
from regulated_partners.partners import DeclarationFinding, read_partner, read_partners, read_stack
from regulated_partners.partners.declaration import (
    Inbound,
    InboundSecurity,
    Outbound,
    OutboundSecurity,
    Partner,
    RestrictDomainsBy,
)
from tests.exchange_online.connectors.strategies import domains, json_values, mail_addresses, networks, wildcards
from tests.regulated_partners.partners.declared import FABRIKAM
from tests.regulated_partners.partners.declared import settings as stack_settings

#: Words of pydantic, of Python's errors and of tracebacks: nobody who writes YAML should read one.
FOREIGN = (
    "Input should",
    "value_error",
    "type=",
    "Traceback",
    "pydantic",
    "Error(",
    "errors.",
    "validation error",
    "NoneType",
    "dict",
    "tuple",
)

_PARTNER = [field.alias or name for name, field in Partner.model_fields.items()]
_INBOUND = [field.alias or name for name, field in Inbound.model_fields.items()]
_OUTBOUND = [field.alias or name for name, field in Outbound.model_fields.items()]
_SETTINGS = sorted({parameter.key for direction in Direction for parameter in parameters(direction)})

odd = st.sampled_from(
    [None, True, 5, 1.5, "", [], {}, "*", "\ud800", ["a", None], [["a"]], {"a": "b"}, " a ", "a/b", "{x}"]
)
likely = st.one_of(
    odd,
    st.text(alphabet="abc.*@ -", max_size=12),
    st.sampled_from([["a.com"], ["a.com", "*.b.com"], "a.com", ["192.0.2.1"], ["::1", "a:25"], ["a@b.com", "b.com"]]),
    st.sampled_from([*InboundSecurity, *RestrictDomainsBy, *OutboundSecurity]).map(str),
)


_PLACES = [
    *((name,) for name in [*_PARTNER, "domain", "string", "on"]),
    *(("inbound", name) for name in [*_INBOUND, "tuple"]),
    *(("outbound", name) for name in [*_OUTBOUND, "bool"]),
    *((half, "settings", name) for half in ("inbound", "outbound") for name in [*_SETTINGS, "str"]),
]


def _changed(changes: list[tuple[tuple[str, ...], object]], left_out: set[str]) -> dict[str, Any]:
    """The scenario's declaration with values put in some places, and some names left out."""
    declared: dict[str, Any] = {key: value for key, value in FABRIKAM.items() if key not in left_out}
    for place, value in changes:
        around = declared
        for name in place[:-1]:
            inner = around.get(name)
            around[name] = dict(inner) if isinstance(inner, dict) else {}
            around = around[name]
        around[place[-1]] = value
    return declared


def _family(changes: list[tuple[tuple[str, ...], object]], left_out: set[str]) -> list[dict[str, Any]]:
    """A declaration with more and more changes, and with each of them alone: seven or more for one draw."""
    growing = [_changed(changes[:count], left_out) for count in range(len(changes) + 1)]
    return growing + [_changed([change], set()) for change in changes]


families = st.builds(
    _family,
    st.lists(st.tuples(st.sampled_from(_PLACES), likely), min_size=3, max_size=6),
    st.sets(st.sampled_from(sorted(FABRIKAM)), max_size=1),
)
connectors = st.dictionaries(st.sampled_from([*_SETTINGS, "protect", "aliases"]), likely, max_size=6)


def assert_sentences(findings: tuple[DeclarationFinding, ...]) -> None:
    """Every finding is one sentence or more, in words of the declaration."""
    for finding in findings:
        own_words = "".join(finding.text.split("'")[::2]).split('"')[0]
        assert finding.text.endswith((".", "?")), finding.text
        assert "; " in finding.text or ". " in finding.text or finding.text.startswith("this is"), finding.text
        assert not [word for word in FOREIGN if word in own_words], finding.text


def assert_partner_or_findings(declared: object) -> None:
    partner, findings = read_partner(declared)
    assert partner is not None or any(finding.severity is Severity.ERROR for finding in findings)
    assert_sentences(findings)
    assert len({(finding.path, finding.text) for finding in findings}) == len(findings)


@settings(max_examples=1500)
@given(families)
def test_any_declaration_is_a_partner_or_has_findings(declarations: list[dict[str, Any]]) -> None:
    """A failure means a traceback, silence, or a validator's message in the log of a pipeline."""
    for declared in declarations:
        assert_partner_or_findings(declared)


@settings(max_examples=500)
@given(json_values)
def test_anything_else_has_findings_too(declared: object) -> None:
    """A failure means a traceback for a stack file that holds something else altogether."""
    assert_partner_or_findings(declared)


@settings(max_examples=300)
@given(st.one_of(json_values, families))
def test_any_list_of_partners_is_read(declared: object) -> None:
    """A failure means a traceback for a stack file, in place of its findings."""
    read = read_partners(declared)
    assert_sentences(read.findings)
    assert all(finding.path.startswith("partners") for finding in read.findings)
    count = len(declared) if isinstance(declared, list) else 0
    assert len(read.partners) == count or read.errors or declared is None


@settings(max_examples=300)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "partners": st.one_of(likely, families),
            "inboundConnectors": st.one_of(likely, st.lists(connectors, max_size=3)),
            "outboundConnectors": st.one_of(likely, st.lists(connectors, max_size=3)),
        },
    )
)
def test_any_stack_is_read(declared: dict[str, object]) -> None:
    """A failure means a traceback for a stack file, in place of its findings."""
    read = read_stack(stack_settings(**declared))
    severities = [finding.severity for finding in read.findings]
    assert_sentences(read.findings)
    assert severities == sorted(severities, key=lambda severity: severity is not Severity.ERROR)
    assert all(check(each.direction, each.inputs).errors == () for each in read.connectors)


def valid(draw: st.DrawFn) -> dict[str, Any]:
    """A declaration that the rules accept."""
    by = draw(st.sampled_from(RestrictDomainsBy))
    needs_tls = by is not RestrictDomainsBy.IP_ADDRESSES
    security = draw(st.sampled_from(OutboundSecurity))
    names = st.one_of(domains, wildcards)
    texts = st.one_of(st.none(), st.text("abc -", max_size=10))
    inbound = {
        "restrictDomainsBy": str(by),
        "connectionSecurity": "forceTls" if needs_tls else str(draw(st.sampled_from(InboundSecurity))),
        "senderIpAddresses": [] if needs_tls else draw(st.lists(networks(24), min_size=1, max_size=3)),
        "certificateName": draw(names) if needs_tls and draw(st.booleans()) else None,
    }
    outbound = {
        "connectionSecurity": str(security),
        "tlsDomain": draw(st.one_of(st.none(), names))
        if security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
        else "",
        "smartHosts": draw(st.lists(domains, max_size=2)),
        "validationRecipients": draw(st.lists(mail_addresses, max_size=2)),
    }
    return {
        "name": draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 ,.]{0,20}[A-Za-z0-9]", fullmatch=True)),
        "domains": draw(st.lists(names, min_size=1, max_size=4)),
        "certificateName": draw(names),
        "comment": draw(texts),
        "enabled": draw(st.booleans()),
        "inbound": inbound,
        "outbound": outbound,
    }


@given(st.composite(valid)())
def test_the_halves_of_a_pair_agree(declared: dict[str, Any]) -> None:
    """A failure means that one direction is protected and the other is not, or that they serve different domains."""
    partner, findings = read_partner(declared)
    assert partner is not None
    assert [str(finding) for finding in findings if finding.severity is Severity.ERROR] == []
    inbound, outbound = partner.inbound.checked, partner.outbound.checked
    assert inbound.errors == outbound.errors == ()
    one, other = inbound.inputs(), outbound.inputs()
    assert one["senderDomains"] == other["recipientDomains"]
    assert (one["enabled"], one.get("comment")) == (other["enabled"], other.get("comment"))
    assert (one["name"], other["name"]) == (f"{partner.name} - inbound", f"{partner.name} - outbound")
    assert one["connectorType"] == other["connectorType"] == "Partner"
    assert one["requireTls"] or one["restrictDomainsToIpAddresses"]


@pytest.mark.parametrize("declared", [{"name": "\ud800", "domains": ["\ud800.com"]}, {"\ud800": 1}])
def test_broken_unicode_is_no_exception(declared: dict[str, object]) -> None:
    """A failure means a traceback for half a surrogate pair, which JSON may hold."""
    partner, findings = read_partner(declared)
    assert partner is None or findings
    assert_sentences(findings)
