"""The set-up of the servers that the tests of `verify partner` run."""

from __future__ import annotations

import os
import shutil

import pytest

from tools import servers


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the servers."""
    monkeypatch.setattr(servers, "_SERVER_FOLDERS", "")
    monkeypatch.setenv("PATH", "")


def test_where_everything_is_there_nothing_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: every `make test` installs packages."""
    assert servers.missing_packages() == ()
    assert servers.main() == 0
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("nothing_installed")
def test_without_privileges_the_command_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing: on a machine of an ordinary user the tests fail without saying what to install."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    assert servers.main() == 1
    said = capsys.readouterr().err
    assert "sudo apt-get install --no-install-recommends postfix knot unbound openssl" in said


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_program_is_named() -> None:
    """Failing: a test that needs a server fails with a message that helps nobody."""
    with pytest.raises(RuntimeError, match=r"keymgr is not installed: run `sudo apt-get install .* knot`"):
        servers.program("keymgr")
