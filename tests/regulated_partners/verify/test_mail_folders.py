"""A folder or a maildir of messages: each is judged, and there is one table."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from regulated_partners.cli.main import main
from regulated_partners.verify.mail_folders import MANY
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import message
from tests.support.outlook_file import Item, outlook_file

GOOD = message(m.STORED, m.BORDER_TLS)


def _maildir(folder: Path) -> None:
    for place in ("cur", "new", "tmp", ".Archive/cur", ".Archive/new"):
        (folder / place).mkdir(parents=True)
    for number in range(MANY):
        (folder / "cur" / f"{number:03}.host:2,S").write_text(GOOD)
    (folder / ".Archive" / "cur" / "900.host:2,S").write_text(message(m.STORED, m.BORDER_CLEAR))
    (folder / "new" / "901.host").write_bytes(outlook_file(Item(GOOD.partition("\n\n")[0])))
    (folder / "new" / "902.host").write_bytes(b"%PDF-1.7")
    (folder / "tmp" / "903.host").write_text("half a mess")
    for name in ("dovecot.index.log", "dovecot-uidlist", ".DS_Store"):
        (folder / name).write_bytes(b"\x00\x01")
    os.mkfifo(folder / "cur" / "pipe")


def test_a_maildir_with_one_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: a folder is not read, what is no message in it counts as one, or thousands of messages fill the log."""
    _maildir(tmp_path / "box")
    assert main(["verify", "message", str(tmp_path / "box")]) == 1
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.startswith("inbound"))
    assert row.split() == ["inbound", str(MANY + 2), str(MANY + 1), "1", str(MANY + 1), "1"]
    heads = "direction  partner  messages  passed  failed  TLS 1.2  clear"
    assert shown.splitlines()[0].split() == heads.split()
    assert f"not read: {tmp_path}/box/new/902.host: a PDF" in shown
    assert "FAILED" in shown
    assert "PASSED" not in shown
    assert f"verify message: {MANY + 1} passed, 1 unknown, 1 failed" in shown


def test_json_has_every_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: an auditor's record holds the table alone."""
    _maildir(tmp_path / "box")
    assert main(["verify", "message", str(tmp_path / "box"), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["judgements"]) == MANY + 3


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: a wrong folder looks like a finding about the partner."""
    assert main(["verify", "message", str(tmp_path)]) == 2
    assert "holds no files" in capsys.readouterr().err


def test_files_beyond_the_limit_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing: the first files of a folder pass for all of them."""
    monkeypatch.setattr("regulated_partners.cli.verify_message.MOST_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.eml").write_text(GOOD)
    assert main(["verify", "message", str(tmp_path)]) == 1
    assert "more than 2 files" in " ".join(capsys.readouterr().out.split())
