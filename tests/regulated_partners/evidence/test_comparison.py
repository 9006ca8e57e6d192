"""What changed since an earlier report."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from regulated_partners.errors import CannotRunError
from regulated_partners.evidence import Report, as_html, compared, read_earlier
from regulated_partners.evidence.report import Change
from regulated_partners.probing.verdicts import Verdict
from tests.regulated_partners.evidence.records import (
    FABRIKAM,
    NOW,
    Project,
    connectors,
    everything,
    inventory,
    server,
    verified,
)

WOODGROVE = {**FABRIKAM, "name": "Woodgrove Hospital", "domains": ["woodgrove.org"]}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.of(tmp_path, FABRIKAM)


def kept(report: Report, path: Path) -> Report:
    """As it comes back from the file that `--json` wrote."""
    path.write_text(report.model_dump_json(by_alias=True, indent=2), encoding="utf-8")
    earlier, _ = read_earlier(path)
    assert earlier == report
    return earlier


def told(earlier: Report, now: Report) -> list[tuple[str, bool]]:
    return [(f"{one.partner} {one.text}", one.worse) for one in compared(earlier, now, "e.json", "00").changes]


def test_nothing_changed_is_said(project: Project, tmp_path: Path) -> None:
    """Failing: a comparison of two equal months tells of changes, or says nothing at all."""
    everything(project)
    report = project.report()
    earlier = kept(report, tmp_path / "earlier.json")
    assert told(earlier, report) == []
    page = as_html(report.model_copy(update={"compared": compared(earlier, report, "earlier.json", "00")}))
    assert "Nothing that this report tells has changed." in page


def test_what_got_worse_is_said(project: Project, tmp_path: Path) -> None:
    """Failing: a partner whose server broke since the last report is only found by reading both."""
    everything(project)
    earlier = kept(project.report(), tmp_path / "earlier.json")
    later = NOW + datetime.timedelta(days=30)
    project.give(verified("partner", server(project.pair, Verdict.FAILED), started=later))
    found = told(earlier, project.report(now=later))
    assert found[0] == ("Fabrikam Bank was proven, is contradicted.", True)
    assert any("receiving servers" in text and "was proven, is contradicted" in text for text, _ in found)
    better = told(project.report(now=later), earlier)
    assert ("Fabrikam Bank was contradicted, is proven.", False) in better
    assert ("The earlier report is dated later than this one", True) in [(text[1:48], worse) for text, worse in better]


def test_partners_that_come_and_go_are_said(project: Project, tmp_path: Path) -> None:
    """Failing: a partner vanishes from the reports without a word."""
    earlier = kept(project.report(), tmp_path / "earlier.json")
    project.declare(WOODGROVE)
    assert told(earlier, project.report()) == [
        ("Woodgrove Hospital is new: not proven.", False),
        ("Fabrikam Bank was in the earlier report (not proven), and is not in this one.", True),
    ]


def test_other_certificates_connectors_and_exceptions_are_said(project: Project, tmp_path: Path) -> None:
    """Failing: another key, another connector of the same name, or a new waiver pass unseen while all stays proven."""
    everything(project)
    earlier = kept(project.report(), tmp_path / "earlier.json")
    end = datetime.datetime(2027, 9, 1, tzinfo=datetime.UTC)
    project.give(verified("partner", server(project.pair, not_after=end), started=NOW))
    inbound, outbound = connectors(project.pairs)
    other = replace(inbound, guid="11111111-1111-1111-1111-111111111111")
    project.give(inventory([other, outbound], started=NOW))
    project.declare(
        FABRIKAM,
        waivers=[
            {"policy": "connector-enabled", "partner": "Fabrikam Bank", "reason": "SEC-2", "expires": "2027-01-01"}
        ],
    )
    found = [text for text, _ in told(earlier, project.report())]
    assert len(found) == 3
    assert "shows another certificate" in found[1]
    assert "until 2027-09-01; it was" in found[1]
    assert "the connector is another one: Guid" in found[0]
    assert "new waiver of connector-enabled until 2027-01-01: SEC-2." in found[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "damaged"),
        ("[]", "is no report of this tool"),
        ('{"tool": "regulated-partners", "command": "drift", "format": 1}', "is no report of this tool"),
        ('{"tool": "regulated-partners", "command": "report", "format": 9}', "another format"),
        ('{"tool": "regulated-partners", "command": "report", "format": 1}', "damaged at"),
    ],
)
def test_what_is_no_earlier_report_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Failing: a mistaken file for --compare ends in a traceback, or in a report that says everything is new."""
    path = tmp_path / "earlier.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CannotRunError, match=words):
        read_earlier(path)
    with pytest.raises(CannotRunError, match="cannot be read"):
        read_earlier(tmp_path / "nothing.json")


def test_of_many_changes_the_bad_ones_come_first(project: Project) -> None:
    """Failing: what got worse stands below hundreds of lines about certificates, or the page gets too large."""
    report = project.report()
    changes = [Change(partner="P", stack="production", text=f"is fine {number}.") for number in range(1500)]
    changes.append(Change(partner="P", stack="production", text="got worse.", worse=True))
    whole = compared(report, report, "e.json", "00").model_copy(update={"changes": tuple(changes)})
    page = as_html(report.model_copy(update={"compared": whole}))
    assert page.index("got worse.") < page.index("is fine 0.")
    assert "and 501 more, which the JSON of this report has" in page
