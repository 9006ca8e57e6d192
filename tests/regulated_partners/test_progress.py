"""A run that takes long says what it does, and one that does not is not talked about."""

from __future__ import annotations

import io
import os
import pty
import threading
import time

import pytest

from regulated_partners import progress
from regulated_partners.progress import Progress
from tests.support.terminal import written_to


def test_a_quick_step_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that `up` of one partner fills a log with what takes a moment."""
    with Progress(60) as shown:
        shown.step("Selecting")
        shown.step("Reading")
    assert capsys.readouterr().err == ""


def test_a_long_step_is_said_and_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing means that a pipeline is silent until somebody cancels it."""
    monkeypatch.setattr(progress, "AGAIN_AFTER", 0.01)
    # Not what pytest keeps: that loses what another thread writes while it is looked at.
    seen = io.StringIO()
    monkeypatch.setattr("sys.stderr", seen)
    with Progress(0.01) as shown:
        shown.step("Listing the connectors")
        while "s)\n" not in seen.getvalue():
            time.sleep(0.01)
    first, second, *_ = seen.getvalue().splitlines()
    assert first == "Listing the connectors ..."
    assert second.startswith("Listing the connectors ... (")
    assert not [each for each in threading.enumerate() if "_watch" in each.name]


def test_a_step_without_patience_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that the commands that always take long begin in silence."""
    with Progress() as shown:
        shown.step("Comparing")
        assert capsys.readouterr().err == "Comparing ...\n"
        shown.say("One more thing.")
    assert capsys.readouterr() == ("", "One more thing.\n")


def test_a_terminal_is_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing means that what moves on a terminal is still there when the Pulumi CLI writes to it."""
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr("sys.stderr", terminal)
        with Progress() as shown:
            shown.step("Comparing")
            shown.pause()
    written = written_to(ours).decode()
    os.close(ours)
    assert "Comparing" in written
    assert written.rstrip().endswith(("\x1b[?25h", "\x1b[2K")), repr(written[-60:])
