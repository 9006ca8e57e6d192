"""Which connectors of a tenant stand together on its page."""

from __future__ import annotations

import pytest

from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.page.pairs import pairs


def inbound(name: str, *domains: str) -> StoredObject:
    return StoredObject(Kind.INBOUND, name, {"SenderDomains": tuple(f"smtp:{domain};1" for domain in domains)})


def outbound(name: str, *domains: str) -> StoredObject:
    return StoredObject(Kind.OUTBOUND, name, {"RecipientDomains": domains})


def together(*connectors: StoredObject) -> list[tuple[str | None, str | None]]:
    """The names of each pair's connectors."""
    found = pairs(
        [item for item in connectors if item.kind is Kind.INBOUND],
        [item for item in connectors if item.kind is Kind.OUTBOUND],
    )
    return [(_name(pair.inbound), _name(pair.outbound)) for pair in found]


def _name(item: StoredObject | None) -> str | None:
    return None if item is None else item.name


def test_the_same_domains_come_before_a_shared_one() -> None:
    """Failing: a partner's picture has another partner's connector in it, although its own is there."""
    wide, exact = inbound("wide", "a.example", "b.example"), inbound("exact", "B.example")
    assert together(wide, exact, outbound("out", "b.example")) == [("wide", None), ("exact", "out")]
    assert together(wide, outbound("out", "b.example")) == [("wide", "out")]


def test_every_connector_is_there_once() -> None:
    """Failing: the page leaves a connector out, or shows one twice."""
    first, second = inbound("first", "a.example"), inbound("second", "a.example")
    out, other, none = outbound("out", "a.example"), outbound("other", "c.example"), outbound("none")
    assert together(first, second, out, other, none) == [
        ("first", "out"),
        ("second", None),
        (None, "other"),
        (None, "none"),
    ]
    assert together() == []


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (("Fabrikam Bank - inbound", "Fabrikam Bank - outbound"), "Fabrikam Bank"),
        (("Dogs and Cats, Inc. - inbound", "Dogs and Cats, Inc. - outbound"), "Dogs and Cats, Inc."),
        (("Fabrikam in", "Fabrikam inbound"), "Fabrikam"),
        (("Fabrikam", "Fabrikam"), "Fabrikam"),
        (("Fabrikam", "Fabrikam out"), "Fabrikam"),
        (("Inbound", "Outbound"), "Inbound / Outbound"),
        (("From bank", "From us"), "From"),
    ],
)
def test_the_title_is_what_the_names_share(names: tuple[str, str], title: str) -> None:
    """Failing: a pair is called by half a word, or by none that a person knows."""
    (found,) = pairs([inbound(names[0], "a.example")], [outbound(names[1], "a.example")])
    assert found.title == title
