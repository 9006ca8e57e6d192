"""Acknowledgements in a stack file."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
import yaml

from regulated_partners.partners import read_partner
from regulated_partners.partners.acknowledgements import declared_names, in_force, read_acknowledgements
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import judge

_PARTNER = {"name": "Fabrikam", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com"}
_GIVEN = {"reason": "SEC-1", "expires": "2026-11-22"}
TODAY = datetime.date(2026, 11, 22)


def test_it_changes_no_connector() -> None:
    """An acknowledgement, or taking it back, would itself be a change to the tenant."""
    plain, acknowledged = (Partner.model_validate(_PARTNER | extra) for extra in ({}, {"acknowledge": _GIVEN}))
    assert judge(plain).halves == judge(acknowledged).halves


@pytest.mark.parametrize("as_text", [True, False])
def test_it_is_read_from_a_preview_and_from_a_saved_plan(as_text: bool) -> None:
    """A preview holds lists as JSON texts, a saved plan as lists: in one of them nothing would be acknowledged."""
    lists = {
        "regulated-partners:partners": [{**_PARTNER, "acknowledge": _GIVEN}],
        "regulated-partners:acknowledge": [{"partner": "Contoso", "reason": "SEC-2", "expires": "2027-01-31"}],
    }
    found = read_acknowledgements({key: json.dumps(value) for key, value in lists.items()} if as_text else lists)
    assert found.problems == ()
    fabrikam, contoso = found.of("fabrikam"), found.of("Contoso")
    assert fabrikam is not None
    assert contoso is not None
    assert (fabrikam.reason, contoso.reason) == ("SEC-1", "SEC-2")
    assert found.of("Nobody") is None


def test_it_is_read_from_a_file_that_stacks_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that shares its partners with others could acknowledge nothing at the partner; or a file that is not
    there would end the review."""
    (tmp_path / "Pulumi.yaml").write_text("name: regulated-partners\n", encoding="utf-8")
    (tmp_path / "partners.yaml").write_text(
        yaml.safe_dump({"partners": [{**_PARTNER, "acknowledge": _GIVEN}]}), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    config = {"regulated-partners:partnersFile": "partners.yaml"}
    found = read_acknowledgements(config)
    assert (found.problems, [each.partner for each in found.given]) == ((), ["Fabrikam"])
    assert declared_names(config) == {"Fabrikam"}
    (problem,) = read_acknowledgements({"regulated-partners:partnersFile": "elsewhere.yaml"}).problems
    assert "do not count" in problem


def test_it_counts_until_its_last_day() -> None:
    """A forgotten acknowledgement would let every later weakening pass; or one would end a day early."""
    (found,) = read_acknowledgements({"regulated-partners:acknowledge": [{"partner": "A", **_GIVEN}]}).given
    assert in_force(found, TODAY)
    assert not in_force(found, TODAY + datetime.timedelta(days=1))
    assert not in_force(None, TODAY)


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-22 00:00:00 +0000 UTC"])
def test_a_day_is_read_as_yaml_and_the_engine_write_it(day: str) -> None:
    """A date without quotation marks would be refused. Source: measured with CLI 3.259."""
    (found,) = read_acknowledgements(
        {"regulated-partners:acknowledge": [{"partner": "A", "reason": "x", "expires": day}]}
    ).given
    assert found.expires == TODAY


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"partner": "A", "reason": "", "expires": "2026-11-22"}, "reason cannot be read"),
        ({"partner": "A", "reason": "x"}, "expires cannot be read"),
        ({"partner": "A", "reason": "x", "expires": "soon"}, "expires cannot be read"),
        ({"reason": "x", "expires": "2026-11-22"}, "partner cannot be read"),
        ("yes", "it cannot be read"),
    ],
)
def test_one_that_cannot_be_read_does_not_count_and_is_told(broken: object, said: str) -> None:
    """A word in the wrong place would count as consent, or end the review."""
    found = read_acknowledgements({"regulated-partners:acknowledge": [broken]})
    assert found.given == ()
    (problem,) = found.problems
    assert problem.startswith("acknowledge[0] does not count")
    assert said in problem


def test_the_program_refuses_a_wrong_one_in_words() -> None:
    """The mistake would be noticed only when the change is already waiting to be merged."""
    _, findings = read_partner({**_PARTNER, "acknowledge": {"reason": "SEC-1", "expire": "soon"}})
    assert [finding.path for finding in findings] == ["acknowledge.expire"]
    assert "did you mean expires?" in findings[0].text
