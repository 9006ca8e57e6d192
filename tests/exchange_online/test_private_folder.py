"""What a command keeps for a moment is for its user alone, and goes, also where a command was killed."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from exchange_online.private_folder import OLD_SECONDS, private_folder


def _left(at: Path, name: str, seconds: float) -> Path:
    folder = at / name
    folder.mkdir()
    (folder / "inbound.json").write_text("{}", encoding="ascii")
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_what_a_killed_command_has_left_goes_with_a_later_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing, comments of connectors stay on the machine for good; or a run beside it loses its own, or others go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old = _left(tmp_path, "exchange-online-command-killed", OLD_SECONDS + 60)
    beside = _left(tmp_path, "exchange-online-command-beside", OLD_SECONDS - 60)
    runs = _left(tmp_path, f"exchange-online-runs-{os.getuid()}", OLD_SECONDS + 60)
    foreign = _left(tmp_path, "somebody-else", OLD_SECONDS + 60)
    link = tmp_path / "exchange-online-command-link"
    link.symlink_to(foreign)
    os.utime(link, (time.time() - OLD_SECONDS - 60,) * 2, follow_symlinks=False)

    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not old.exists()
    assert not folder.exists()
    assert sorted(tmp_path.iterdir()) == sorted([beside, runs, foreign, link])
    assert [(one / "inbound.json").exists() for one in (beside, runs, foreign)] == [True, True, True]
