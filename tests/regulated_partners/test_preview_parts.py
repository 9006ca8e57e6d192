"""What `preview` and `drift` do without an engine: how many at a time, in which order, how long a text may be."""

from __future__ import annotations

import threading
import time

import pytest

from exchange_online.connectors import Direction
from regulated_partners.engine.previews import without_their_failure
from regulated_partners.review import MAXIMUM, Drift, Setting, issue
from regulated_partners.review.stacks import Previewed, run_all


def drift(number: int, *, found: str = "mail is delivered") -> Drift:
    return Drift(
        owner=f"Partner {number}",
        name=f"Partner {number} - outbound",
        direction=Direction.OUTBOUND,
        before="mail is delivered only over TLS",
        found=found,
        effects=(),
        settings=(Setting("TlsSettings", "DomainValidation", "x" * 900),) if found else (),
        outcome="",
        repair=(),
    )


@pytest.mark.parametrize("parallel", [1, 2, 10])
def test_no_more_run_than_were_asked_for(parallel: int) -> None:
    """A failure means that twenty tenants start twenty engines at once, or that the order of the table changes."""
    names = [f"s{number}" for number in range(6)]
    running, most, lock = 0, 0, threading.Lock()

    def preview(name: str) -> Previewed:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.1 if name == "s0" else 0.03)
        with lock:
            running -= 1
        return Previewed(name, problem="x")

    assert [each.stack for each in run_all(names, preview, parallel)] == names
    assert most == min(parallel, len(names))


def test_a_log_has_a_line_when_a_stack_begins_and_when_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure means minutes of silence in a pipeline, or a log full of escape sequences."""
    run_all(["a", "b\x1b[2J"], lambda name: Previewed(name, problem="x"), 1)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "a: previewing ...",
        "a: could not run",
        r"b\x1b[2J: previewing ...",
        r"b\x1b[2J: could not run",
    ]


def test_an_issue_has_room_for_what_it_says() -> None:
    """A failure means that drift of a big tenant has no issue at all, because the service refuses the text."""
    text = issue("dev", [drift(number) for number in range(500)])
    assert len(text) <= MAXIMUM
    shown = text.count("### Partner")
    assert f"And {500 - shown} connectors more" in text
    assert "500 connectors of 500 partners" in text


def test_an_issue_is_not_steered_by_names_of_others() -> None:
    """A failure means that a connector's name in the tenant can mention people or add a table to our issue."""
    hostile = Drift(**{**vars(drift(1)), "owner": "@everyone | <img>", "name": "#1 `x`\n## y"})
    text = issue("dev", [hostile])
    assert "@everyone" not in text
    assert "<img>" not in text
    assert "\n## y" not in text


def test_the_same_drift_is_the_same_text() -> None:
    """A failure means that the issue is written anew every night."""
    assert issue("dev", [drift(1), drift(2)]) == issue("dev", [drift(1), drift(2)])
    assert "The connector is gone." in issue("dev", [drift(1, found="")])
    assert "1 connector of 1 partner in" in issue("dev", [drift(1)])


def test_only_the_failure_of_policies_is_left_out() -> None:
    """A failure means that a broken declaration passes as a policy's violation, with a plan of nothing."""
    kept = {"severity": "error", "message": "error: partners[0].domains: x"}
    failed = {"severity": "error", "message": "error: preview failed\n"}
    assert without_their_failure({"diagnostics": [kept, failed]}) == {"diagnostics": [kept]}
