"""What a second run says about a partner whose certificate or MX record has changed."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from exchange_online.connectors import Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import certificate_facts
from regulated_partners.probing.verdicts import Finding, Judgement, Verdict
from regulated_partners.verify.baseline import (
    Baseline,
    Observation,
    Observed,
    Watch,
    changes_since,
    read_baseline,
    updated,
    write_baseline,
)
from tests.support.certificate_factory import NOW, Issued, intermediate, issued

LATER = NOW + datetime.timedelta(days=40)
NAME = "mail.fabrikam.com"


def certificate(**changes: Any) -> Issued:
    """A certificate of the partner."""
    arguments: dict[str, Any] = {"common_name": NAME, "issuer": intermediate(), "names": [NAME], **changes}
    return issued(arguments.pop("common_name"), arguments.pop("issuer"), **arguments)


def seen(each: Issued | None = None, mx: tuple[str, ...] | None = None) -> Observation:
    """What a run saw at the partner's server."""
    facts = None if each is None else certificate_facts(each.certificate)
    return Observation("Fabrikam Bank", Direction.OUTBOUND, "mx1.fabrikam.com", facts, mx)


def second_run(before: Observation, after: Observation) -> tuple[Finding, ...]:
    """What the second run says."""
    return changes_since(updated(Baseline(), [before], NOW, accept=False), after)


def test_nothing_changed() -> None:
    """Failing: every run reports something, until nobody reads it."""
    same = certificate()
    assert second_run(seen(same, ("a", "b")), seen(same, ("B", "a"))) == ()


def test_a_plain_renewal_is_information() -> None:
    """Failing: a renewal, which happens every few weeks, alarms somebody."""
    old = certificate()
    (new_key,) = second_run(seen(old), seen(certificate()))
    assert (new_key.check, new_key.level) == ("baseline.renewal", "info")
    assert "a new key" in new_key.text
    (same_key,) = second_run(seen(old), seen(certificate(key=old.key)))
    assert "the same key" in same_key.text


def test_another_issuer_is_a_warning() -> None:
    """Failing: peers that pin the issuer break without notice."""
    (found,) = second_run(seen(certificate()), seen(certificate(issuer=intermediate("Other CA"))))
    assert (found.check, found.level) == ("baseline.issuer", "warning")
    assert "Other CA" in found.text


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"common_name": "mx.fabrikam.com"}, "error"),
        ({"names": ["mx.fabrikam.com"]}, "error"),
        ({"names": []}, "error"),
        ({"names": [NAME, "mx.fabrikam.com"]}, "warning"),
    ],
)
def test_other_names(changes: dict[str, Any], level: str) -> None:
    """Failing: the name changes at renewal, and mail is refused before anybody knows."""
    (found,) = second_run(seen(certificate()), seen(certificate(**changes)))
    assert (found.check, found.level) == ("baseline.name", level)


def test_the_mx_record_moves() -> None:
    """Failing: the partner moves to a hosted provider, whose certificate has another name, unnoticed."""
    (found,) = second_run(seen(mx=("mx1.fabrikam.com",)), seen(mx=("mx0a.pphosted.com", "mx0b.pphosted.com")))
    assert (found.check, found.level) == ("baseline.mx", "warning")
    assert "mx0a.pphosted.com" in found.text


def test_a_change_stays_reported_until_it_is_accepted() -> None:
    """Failing: the second run after a bad renewal is silent."""
    start = updated(Baseline(), [seen(certificate())], NOW, accept=False)
    bad = seen(certificate(names=["other.example"]))
    after = updated(start, [bad], LATER, accept=False)
    assert changes_since(after, bad)
    assert changes_since(updated(after, [bad], LATER, accept=True), bad) == ()


def test_the_file_is_the_same_after_a_run_without_news(tmp_path: Path) -> None:
    """Failing: each run makes a commit."""
    path = tmp_path / "baseline.json"
    one, judgement = seen(certificate(), ("mx",)), Judgement("server", "mx", Verdict.PASSED)
    Watch(path, accept=False).compared([Observed(judgement, (one,))], NOW)
    before = path.read_bytes()
    (found,) = Watch(path, accept=False).compared([Observed(judgement, (one,))], LATER)
    assert (path.read_bytes(), found.findings) == (before, ())
    assert sorted(path.parent.iterdir()) == [path]


def test_a_change_fails_the_judgement(tmp_path: Path) -> None:
    """Failing: a lost name is a remark under a green verdict."""
    path = tmp_path / "baseline.json"
    judgement = Judgement("server", "mx", Verdict.PASSED)
    Watch(path, accept=False).compared([Observed(judgement, (seen(certificate()),))], NOW)
    bad = Observed(judgement, (seen(certificate(names=[])),))
    (found,) = Watch(path, accept=False).compared([bad], LATER)
    assert found.verdict is Verdict.FAILED
    (accepted,) = Watch(path, accept=True).compared([bad], LATER)
    assert accepted.verdict is Verdict.PASSED
    (after,) = Watch(path, accept=False).compared([bad], LATER)
    assert after.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"entries": {"a": 1}}', '{"format": 2, "entries": {}}', "\x00\xff"]
)
def test_a_broken_file_is_said_and_left_alone(tmp_path: Path, content: str) -> None:
    """Failing: a damaged baseline is replaced by an empty one, and everything it knew is forgotten."""
    path = tmp_path / "baseline.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(CannotRunError, match=r"baseline\.json"):
        read_baseline(path)
    assert path.read_text(encoding="latin-1") == content


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    """Failing: the wrong path ends with a traceback."""
    with pytest.raises(CannotRunError, match="cannot be written"):
        write_baseline(tmp_path / "missing" / "baseline.json", Baseline())
