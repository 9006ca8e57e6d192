"""Who declared, and who gave an exception: what git says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from regulated_partners.evidence import Report
from regulated_partners.evidence.report import PartnerReport
from tests.regulated_partners.evidence.records import FABRIKAM, STACK, Project

WAIVER = {"policy": "connector-enabled", "partner": "Fabrikam Bank", "reason": "SEC-2", "expires": "2027-01-01"}
OTHER = {**WAIVER, "policy": "comment-names-owner", "reason": "SEC-3"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.of(tmp_path, FABRIKAM)


def git(project: Project, *arguments: str, author: str = "Ada <script>", day: str = "2026-11-01") -> None:
    moment = f"{day}T08:00:00+00:00"
    who = {"NAME": author, "EMAIL": "a@contoso.com", "DATE": moment}
    variables = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    subprocess.run(
        ["git", "-C", str(project.root), "-c", "commit.gpgsign=false", *arguments],
        env={**os.environ, **variables, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"},
        check=True,
        capture_output=True,
    )


def commit(project: Project, **by: str) -> None:
    git(project, "add", ".")
    git(project, "commit", "--message", "x", **by)


def given_by(report: Report) -> dict[str, str]:
    partner: PartnerReport = report.partners[0]
    return {one.policy or one.kind: one.given_by for one in partner.exceptions}


def test_who_gave_an_exception_is_who_committed_its_lines(project: Project) -> None:
    """Failing: the auditor is told that whoever touched the file last has given every waiver in it."""
    acknowledged: dict[str, Any] = {**FABRIKAM, "acknowledge": {"reason": "SEC-4", "expires": "2027-02-01"}}
    git(project, "init")
    project.declare(FABRIKAM, waivers=[WAIVER])
    commit(project, author="Ada", day="2026-11-01")
    project.declare(acknowledged, waivers=[WAIVER])
    commit(project, author="Bob", day="2026-11-02")
    project.declare(acknowledged, waivers=[WAIVER, OTHER])
    found = given_by(project.report())
    assert found["connector-enabled"].startswith("Ada, 2026-11-01, commit ")
    assert found["acknowledgement"].startswith("Bob, 2026-11-02, commit ")
    assert found["comment-names-owner"] == "nobody yet: it is not committed"
    stack = project.report().stacks[0]
    assert stack.commit.startswith("Bob, 2026-11-02, commit ")
    assert stack.commit.endswith("; changed since, and not committed")
    assert "the change is not committed" in stack.remarks[0]


def test_an_acknowledgement_may_stand_in_the_shared_file_or_beside(project: Project) -> None:
    """Failing: of a partner in a shared file nobody knows who acknowledged what."""
    git(project, "init")
    shared = project.root / "stacks" / "partners.yaml"
    shared.write_text(
        'partners:\n  - name: Fabrikam Bank\n    domains: [fabrikam.com]\n    certificateName: mail.fabrikam.com\n'
        '    acknowledge:\n      reason: "SEC-4"\n      expires: 2027-02-01\n    # Something else, of another day.\n',
        encoding="utf-8",
    )  # fmt: skip
    project.declare(partnersFile="stacks/partners.yaml", acknowledge=[])
    commit(project, author="Ada", day="2026-11-01")
    shared.write_text(shared.read_text(encoding="utf-8").replace("another", "some"), encoding="utf-8")
    commit(project, author="Bob", day="2026-11-02")
    assert given_by(project.report())["acknowledgement"].startswith("Ada, 2026-11-01")
    gone = [{"partner": "Tailspin", "reason": "SEC-5", "expires": "2027-02-01"}]
    project.declare(partnersFile="stacks/partners.yaml", acknowledge=gone)
    commit(project, author="Eve", day="2026-11-03")
    ((owner, other),) = project.report().stacks[0].exceptions
    assert (owner, other.given_by[:15]) == ("tailspin", "Eve, 2026-11-03")


def test_without_git_nobody_can_say(project: Project) -> None:
    """Failing: a folder that was copied to the auditor's machine ends in an error, or names somebody."""
    project.declare(FABRIKAM, waivers=[WAIVER])
    report = project.report()
    assert given_by(report)["connector-enabled"].startswith("nobody can say")
    assert report.stacks[0].commit.startswith("nobody can say")
    assert report.commit == ""


def test_a_waiver_changes_no_verdict_and_is_shown_with_the_policy(project: Project) -> None:
    """Failing: what was waived passes for kept, or what the declaration lacks for proven."""
    off = {**FABRIKAM, "enabled": False}
    project.declare(off)
    (before,) = project.report().partners
    assert [text.partition(":")[0] for text in before.policies.violated].count("connector-enabled") == 2
    project.declare(off, waivers=[WAIVER])
    (after,) = project.report().partners
    assert (after.policies.waived, after.standing) == (("connector-enabled",), before.standing)
    assert not any(text.startswith("connector-enabled") for text in after.policies.violated)
    assert after.policies.kept == before.policies.kept
    assert after.expiry is not None
    assert after.expiry.what == "waiver of connector-enabled"


def test_what_was_applied_is_told_with_the_review_of_its_plan(project: Project) -> None:
    """Failing: the auditor cannot follow from the reviewed plan to what is in the tenant."""
    head = {"format": 1, "tool": "regulated-partners", "stack": STACK, "started": "2026-11-20T08:00:00+00:00"}
    update = {"kind": "update", "result": "succeeded", "startTime": "2026-11-20T09:00:00.000Z", "author": "Ada"}
    updates = [
        {**update, "version": 2, "planned": True, "message": "Plan sha256:ab12", "commit": "c0ffee"},
        {
            **update,
            "startTime": "2026-11-19T09:00:00.000Z",
            "version": 1,
            "planned": True,
            "message": "by hand",
            "commit": "c0ffee",
            "dirty": True,
        },
        {**update, "startTime": "2026-11-18T09:00:00.000Z", "version": 0, "message": "Add a partner"},
    ]
    project.give({**head, "command": "history", "updates": updates})
    plan: dict[str, Any] = {"plan": {"sha256": "AB12"}, "otherWays": [], "otherWaysProblem": None}
    project.give({**head, "command": "review", "partners": [], **plan})
    applied = project.report().stacks[0].applied
    # The same history, given twice, and as a state in files has it: without numbers.
    later = {**head, "started": "2026-11-21T08:00:00+00:00", "command": "history"}
    project.give({**later, "updates": [{**one, "version": 0} for one in updates]})
    assert len(project.report().stacks[0].applied) == 5
    assert [(one.number, one.plan, one.review, one.commit) for one in applied] == [
        (2, "ab12", 2, "c0ffee"),
        (1, "a plan; which one the history does not say", None, "c0ffee and changes that were not committed"),
        (0, "no saved plan", None, ""),
    ]
