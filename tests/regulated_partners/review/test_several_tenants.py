"""A program of the native face with a provider for each tenant: what happens in one is not told of the other."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction
from exchange_online.names import Face
from regulated_partners.effects import EffectKind
from regulated_partners.engine.previews import read_preview, read_refresh
from regulated_partners.names import explicit_provider
from regulated_partners.review import Review, review_of
from tests.regulated_partners.review.recordings import TODAY

_TOKEN = Direction.INBOUND.token(Face.NATIVE)
_PREFIX = "urn:pulumi:dev::mail::"
_DEFAULT = "default_0_1_0"


def _state(resource: str, provider: str, **settings: object) -> dict[str, Any]:
    inputs = {"name": "Fabrikam", "senderDomains": ["fabrikam.com"], "requireTls": True, **settings}
    reference = f"{_PREFIX}pulumi:providers:exchange-online::{provider}::0b0f"
    of_type = {"type": _TOKEN, "urn": f"{_PREFIX}{_TOKEN}::{resource}", "provider": reference}
    return {**of_type, "custom": True, "inputs": inputs, "outputs": inputs}


def _step(op: str, *, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> dict[str, Any]:
    states = {name: state for name, state in (("oldState", old), ("newState", new)) if state}
    return {"op": op, "urn": (new or old or {})["urn"], **states}


def _review(*steps: dict[str, Any]) -> Review:
    return review_of(read_preview({"steps": list(steps)}), TODAY)


def _moved(here: str, there: str) -> Review:
    return _review(
        _step("delete", old=_state("old", here, name="Old")), _step("create", new=_state("new", there, name="New"))
    )


def test_a_connector_takes_the_place_of_none_in_another_tenant() -> None:
    """Failing, forced TLS is taken away in one tenant and called a change of names, because another has it."""
    review = _moved("contoso", "northwind")
    assert {owner.name: owner.kinds for owner in review.owners}["Old (contoso)"] == {EffectKind.WEAKENS}
    assert "takes the place" not in str(review)


@pytest.mark.parametrize("provider", ["contoso", _DEFAULT])
def test_in_its_own_tenant_it_does(provider: str) -> None:
    """Failing, a partner under a new name is told as one that loses its protection."""
    assert "takes the place" in str(_moved(provider, provider))


def test_two_of_one_name_are_two() -> None:
    """Failing, two connectors of different tenants are one entry, and the consent to the one covers the other."""
    weaker = {"requireTls": False}
    review = _review(
        _step("update", old=_state("a", "contoso"), new=_state("a", "contoso", **weaker)),
        _step("update", old=_state("b", "northwind"), new=_state("b", "northwind", comment="new")),
    )
    kinds = {owner.name: owner.kinds for owner in review.owners}
    assert kinds.keys() == {"Fabrikam (contoso)", "Fabrikam (northwind)"}
    assert EffectKind.WEAKENS in kinds["Fabrikam (contoso)"]
    assert EffectKind.WEAKENS not in kinds["Fabrikam (northwind)"]
    assert (review.existing, review.touched) == (2, 2)


def test_drift_names_the_tenant() -> None:
    """Failing, nobody knows in which of the tenants somebody changed the connector."""
    drifted = _state("a", "contoso", requireTls=False)
    plan = read_refresh({"steps": [_step("update", old=_state("a", "contoso"), new=drifted)]}, "dev")
    assert [drift.owner for drift in review_of(plan, TODAY).drifts] == ["Fabrikam (contoso)"]


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        (f"{_PREFIX}pulumi:providers:exchange-online::contoso::0b0f", "contoso"),
        (f"{_PREFIX}pulumi:providers:exchange-online::default tenant::0b0f", "default tenant"),
        (f"{_PREFIX}pulumi:providers:exchange-online::defaults::0b0f", "defaults"),
        (f"{_PREFIX}pulumi:providers:exchange-online::a::b::0b0f", "a::b"),
        (f"{_PREFIX}pulumi:providers:exchange-online::{_DEFAULT}::0b0f", ""),
        (f"{_PREFIX}pulumi:providers:exchange-online::default_0_2_0_alpha_1::0b0f", ""),
        (f"{_PREFIX}pulumi:providers:exchange-online::default::0b0f", ""),
        (f"{_PREFIX}pulumi:providers:pulumi-python::default::0b0f", ""),
        ("", ""),
    ],
)
def test_which_provider_is_of_the_program(reference: str, name: str) -> None:
    """Failing, the stack's own tenant is told as one of several, or one of several as the stack's own."""
    assert explicit_provider(reference) == name
