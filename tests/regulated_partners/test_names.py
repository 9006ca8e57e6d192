"""The type tokens: what they are for ever, and that one table knows them."""

from __future__ import annotations

import re

import pytest

from exchange_online.connectors import TOKENS, Direction
from exchange_online.names import Face, type_of
from regulated_partners.names import COMPONENT_TOKENS, is_partner, is_unknown, partner_of
from tests.support.engine import ROOT

#: As states hold them.
DYNAMIC, NATIVE = "pulumi-python:dynamic/exchange-online", "exchange-online:index"
GOLDEN = {
    f"{DYNAMIC}:InboundConnector": Direction.INBOUND,
    f"{DYNAMIC}:OutboundConnector": Direction.OUTBOUND,
    f"{NATIVE}:InboundConnector": Direction.INBOUND,
    f"{NATIVE}:OutboundConnector": Direction.OUTBOUND,
}
PARTNERS = {"regulated-partners:index:RegulatedPartner", f"{NATIVE}:RegulatedPartner"}

#: The module that makes the tokens, for each of the two packages.
TABLES = {"providers/exchange_online/names.py", "components/regulated_partners/names.py"}

_LITERAL = re.compile(
    r"pulumi-python:dynamic"
    r"|exchange-online:(?:index:)?(?:Inbound|Outbound|Regulated)"
    r"|regulated-partners:index"
    r"|PACKAGE\}:index"
    r"|['\"](?:exchange-online:|dynamic/exchange-online|exchange-online:index:?)['\"]"
)


def test_the_tokens_are_those_that_states_hold() -> None:
    """Failing, the next `up` of every stack deletes its connectors and creates them again under another type."""
    assert GOLDEN == TOKENS
    assert set(COMPONENT_TOKENS.values()) == PARTNERS


def test_no_other_source_spells_a_token() -> None:
    """Failing, some command or policy knows one face only, and passes the other over in silence."""
    found = {
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("providers", "components", "policies", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _LITERAL.search(line) and str(path.relative_to(ROOT)) not in TABLES
    }
    assert found == set()


@pytest.mark.parametrize(
    "token",
    [
        "exchange-online:index:MailFlowRule",
        "exchange-online:InboundConnector",
        "exchange-online:index/inboundConnector:InboundConnector",
        "exchange-online:other:InboundConnector",
        f"{NATIVE}:inboundConnector",
        f"{DYNAMIC}:Resource",
        f"{DYNAMIC}/more:InboundConnector",
    ],
)
def test_a_type_of_the_package_that_nobody_knows(token: str) -> None:
    """Failing, a later version's resource, or a misspelled one, is taken for something that has nothing to do with
    mail."""
    assert is_unknown(token)
    assert token not in TOKENS


@pytest.mark.parametrize(
    "token",
    [
        *GOLDEN,
        *sorted(PARTNERS),
        "pulumi:pulumi:Stack",
        "pulumi:providers:exchange-online",
        "pulumi-python:dynamic:Resource",
        "pulumi-python:dynamic/exchange-online-2:Thing",
        "exchange-online-2:index:InboundConnector",
        "my:index:exchange-online",
        "",
    ],
)
def test_what_is_known_or_another_packages(token: str) -> None:
    """Failing, a stack with resources of other packages could be neither reviewed nor deployed under the pack."""
    assert not is_unknown(token)


@pytest.mark.parametrize("face", Face)
def test_the_partner_of_a_connector(face: Face) -> None:
    """Failing, the connectors of a partner pass for connectors of their own, and waivers and acknowledgements of the
    partner count for nothing."""
    parent = f"urn:pulumi:dev::p::my:index:Team${COMPONENT_TOKENS[face]}::Fabrikam $ :: Sons"
    assert partner_of(parent) == "Fabrikam $ :: Sons"
    assert is_partner(type_of(parent))
    for other in ("", "urn:pulumi:dev::p::my:index:RegulatedPartner::F", f"{parent.split('$', maxsplit=1)[0]}::F"):
        assert partner_of(other) is None


def test_a_face_is_known_by_its_package() -> None:
    """Failing, `adopt` enters connectors into a state under the other face's type."""
    assert {face: {found for found in GOLDEN if Face.of(found) is face} for face in Face} == {
        Face.DYNAMIC: {token for token in GOLDEN if token.startswith(DYNAMIC)},
        Face.NATIVE: {token for token in GOLDEN if token.startswith(NATIVE)},
    }
