"""Sender ranges: written out as the service takes them, and put together again for people to read."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import Direction, changes, hide_secrets, inputs, mail_flow, new_parameters, observed
from exchange_online.connectors.addresses import collapsed
from exchange_online.connectors.secrecy import redacted
from tests.exchange_online.connectors.declared import inbound

NEAR = [f"198.51.{third}.0/24" for third in range(96, 104)]


def written(*lengths: int) -> st.SearchStrategy[str]:
    """Ranges as people write them: with host bits, with a netmask, some near to each other."""
    starts = st.one_of(st.ip_addresses(v=4), st.integers(0, 2**13).map(lambda n: ipaddress.IPv4Address(0xC6336000 + n)))
    return st.builds(
        lambda start, length, form: form.format(start, length, ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask),
        starts,
        st.sampled_from(lengths),
        st.sampled_from(["{}/{}", " {}/{} ", "{0}/{2}"]),
    )


ranges = st.lists(written(*range(18, 33)), max_size=5)


def canonical(declared: list[str]) -> tuple[str, ...]:
    """The canonical form of a list that nothing is wrong with."""
    checked = inbound(senderIpAddresses=declared)
    assert checked.errors == ()
    return checked.settings.sender_ip_addresses  # type: ignore[union-attr]


def covered(items: Any) -> list[ipaddress.IPv4Network]:
    """The addresses of a list, in the one form that two lists of the same addresses share."""
    return list(ipaddress.collapse_addresses(ipaddress.IPv4Network(item.strip(), strict=False) for item in items))


@given(ranges)
def test_the_canonical_form_covers_the_same_addresses(declared: list[str]) -> None:
    """Failing: mail of a partner is refused, or mail of somebody else is let in."""
    form = canonical(declared)
    assert covered(form) == covered(declared)
    assert all(ipaddress.IPv4Network(item).prefixlen >= 24 for item in form), "what the service takes"
    assert len(set(form)) == len(form)


@given(st.data(), ranges)
def test_the_canonical_form_is_one(data: st.DataObject, declared: list[str]) -> None:
    """Failing: a list in another order, or as the service shows it, is drift at every look."""
    form = canonical(declared)
    assert canonical(list(form)) == form
    assert canonical(data.draw(st.permutations(declared + declared[:2]))) == form
    shown = observed(Direction.INBOUND, {"Name": "n", "SenderIPAddresses": data.draw(st.permutations(form))})
    assert shown.sender_ip_addresses == form  # type: ignore[union-attr]


@given(ranges)
def test_for_reading_the_same_addresses_are_put_together(declared: list[str]) -> None:
    """Failing: a sentence names other addresses than the tenant has, or a range stands in it as sixty-four."""
    form = canonical(declared)
    shown = collapsed(form)
    assert covered(shown) == covered(form)
    assert collapsed(shown) == shown
    assert canonical(list(shown)) == form or any(ipaddress.IPv4Network(item).prefixlen < 18 for item in shown)
    narrow = [item for item in shown if ipaddress.IPv4Network(item).prefixlen == 24]
    assert [str(network) for network in covered(narrow)] == sorted(narrow, key=ipaddress.IPv4Network)


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from([*NEAR, "192.0.2.1-192.0.2.9"])), max_size=9))
def test_what_is_no_range_stays_where_it_is(items: list[str]) -> None:
    """Failing: a list of domains, or a value that is newer than this code, is changed where it is shown."""
    shown = collapsed(items)
    others = [item for item in dict.fromkeys(items) if item not in NEAR]
    assert [item for item in shown if not item.startswith("198.51.")] == others


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_a_range_and_its_parts_in_the_tenant_are_the_same(order: tuple[int, ...]) -> None:
    """Failing: a range that was written out is changed back and forth at every deployment (E23)."""
    declared = inbound(senderIpAddresses=["198.51.100.77/22", "198.51.101.0/24"]).settings
    parts = [f"198.51.{100 + index}.0/24" for index in order]
    row = new_parameters(declared) | {"SenderIPAddresses": parts}
    assert changes(observed(Direction.INBOUND, row), declared) == ()
    assert new_parameters(declared)["SenderIPAddresses"] == sorted(parts)


def test_the_widest_range_becomes_sixty_four_and_one_item_to_read() -> None:
    """Failing: a partner's range that can be written out is not, or what differs in it takes a page to say."""
    declared = inbound(senderIpAddresses=["198.51.64.0/18"], restrictDomainsToIpAddresses=True).settings
    assert len(inputs(declared)["senderIpAddresses"]) == 64  # type: ignore[arg-type]
    assert mail_flow(declared).endswith("from 198.51.64.0/18")
    (change,) = changes(
        declared, inbound(senderIpAddresses=["198.51.64.0/19"], restrictDomainsToIpAddresses=True).settings
    )
    assert str(change) == "senderIpAddresses: 198.51.64.0/18 => 198.51.64.0/19"


@pytest.mark.parametrize("text", ["0.0.0.0/0", "10.0.0.0/8", "198.51.100.0/17", "1.2.3.4/1"])
def test_no_remedy_is_a_number_that_nobody_can_follow(text: str) -> None:
    """Failing: somebody is told to write sixteen million ranges (A37c)."""
    (finding,) = inbound(senderIpAddresses=[text]).findings
    assert finding.rule == "V6"
    assert "ask the partner for" in finding.remedy
    assert not any(word.isdigit() for word in finding.sentence().split())
    assert ("everybody" in finding.reason) == (text == "0.0.0.0/0")


def test_a_secret_range_is_not_shown_in_its_other_spellings() -> None:
    """Failing: a secret list is printed as soon as a sentence puts its ranges together."""
    declared = {"senderIpAddresses": ["203.0.112.0/24", "203.0.113.0/24", "203.0.114.0/23"]}
    hide_secrets(Direction.INBOUND, declared | {"secretProperties": ["senderIpAddresses"]})
    for shown in (collapsed(canonical(declared["senderIpAddresses"])), ("203.0.112.0/23",), ("203.0.114.0/23",)):
        assert "203.0." not in redacted(f"mail is refused unless it comes from {', '.join(shown)}")
    dash = {"senderIpAddresses": ["203.0.99.0-203.0.102.255"]}
    hide_secrets(Direction.INBOUND, dash | {"secretProperties": ["senderIpAddresses"]})
    (finding,) = inbound(**dash).findings
    assert "203.0.100.0/23" in finding.remedy
    assert "203.0." not in redacted(str(finding), parts=True)
