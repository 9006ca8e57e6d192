"""What adoption calls a partner."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.adopt import Unnamed, partner_names, shared_part


@pytest.mark.parametrize(
    ("inbound", "outbound", "expected"),
    [
        ("Fabrikam Bank - inbound", "Fabrikam Bank - outbound", "Fabrikam Bank"),
        ("Contoso Inbound Connector", "Contoso Outbound Connector", "Contoso"),
        ("Inbound from Contoso", "Outbound to Contoso", "Contoso"),
        ("TLS from Contoso", "TLS to Contoso", "Contoso"),
        ("FTLS-contoso-in", "FTLS-contoso-out", "FTLS-contoso"),
        ("FabrikamInbound", "FabrikamOutbound", "Fabrikam"),
        ("InboundFabrikam", "OutboundFabrikam", "Fabrikam"),
        ("Dogs and Cats, Inc. (in)", "Dogs and Cats, Inc. (out)", "Dogs and Cats, Inc"),
        ("fabrikam IN", "Fabrikam OUT", "fabrikam"),
        ("Contoso In", "Contoso Internet", "Contoso"),
        ("Inbound connector", "Outbound connector", None),
        ("A", "B", None),
        ("Partner TLS in", "Partner TLS out", None),
    ],
)
def test_the_shared_words_name_the_partner(inbound: str, outbound: str, expected: str | None) -> None:
    """Failure means: partners get names that no administrator would give them."""
    assert shared_part(inbound, outbound) == expected


def test_without_shared_words_the_domain_names_the_partner() -> None:
    """Failure means: two unrelated names give a partner a meaningless name."""
    assert partner_names([Unnamed("alpha", "omega", "*.fabrikam.com")], []) == ("fabrikam.com",)


def test_same_words_are_told_apart_by_the_domain() -> None:
    """Failure means: two partners would share a name, which the program refuses."""
    pairs = [Unnamed("Bank in", "Bank out", "a.example"), Unnamed("bank in 2", "bank out 2", "b.example")]
    assert partner_names(pairs, []) == ("Bank (a.example)", "bank (b.example)")
    assert partner_names(pairs[:1], ["BANK"]) == ("Bank (a.example)",)


_NAMES = st.text(max_size=64)
_PAIRS = st.lists(
    st.builds(Unnamed, _NAMES, _NAMES, st.sampled_from(["a.example", "*.b.example", "c" * 60 + ".example"]))
)


@given(_PAIRS, st.lists(_NAMES))
def test_names_are_unique_and_short_enough(pairs: list[Unnamed], taken: list[str]) -> None:
    """Failure means: adoption of some tenant writes partners that the program refuses."""
    names = partner_names(pairs, taken)
    assert len(names) == len(pairs)
    folded = [name.casefold() for name in [*names, *taken]]
    assert len({name.casefold() for name in names} - {name.casefold() for name in taken}) == len(names), folded
    assert all(1 <= len(name) <= 53 and name == name.strip() for name in names)
