"""Where a run starts: without a home, behind a proxy, in a directory of any name, on a terminal of any encoding."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from regulated_partners.engine.environment import stack_variables
from regulated_partners.engine.install.cache import home_directory, link
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import read_stack_file
from tests.regulated_partners.engine.installing import ROOT, script


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: mail\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  regulated-partners:partners: []\n", encoding="utf-8")
    return tmp_path


def test_a_stack_without_a_cloud_is_local(project: Path) -> None:
    """Failing means that the provider goes to the emulator while the command asks where the state is kept."""
    found = stack_variables(read_stack_file(project, "dev"), {"HOME": str(project)})
    assert found["PULUMI_BACKEND_URL"] == (project / ".state").as_uri() + "?metadata=skip"


@pytest.mark.parametrize(
    ("given", "kept"),
    [({}, ""), ({"no_proxy": "intranet.example"}, "intranet.example,"), ({"no_grpc_proxy": "a"}, "a,")],
)
def test_loopback_never_goes_through_a_proxy(project: Path, given: dict[str, str], kept: str) -> None:
    """Failing means that behind a company's proxy every run ends in 128 lines of gRPC tracebacks."""
    environment = {"HOME": str(project), "https_proxy": "http://127.0.0.1:9", **given}
    found = stack_variables(read_stack_file(project, "dev"), environment)
    assert found["no_grpc_proxy"] == f"{kept}127.0.0.1,localhost"


def test_an_unknown_user_has_a_home_and_a_name(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing means that a container with any user id ends in `Could not determine home directory`."""

    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = stack_variables(read_stack_file(project, "dev"), {})
    private = tmp_path / f"regulated-partners-{os.getuid()}"
    assert found["HOME"] == str(private)
    assert found["USER"] == f"uid-{os.getuid()}"
    assert private.stat().st_mode & 0o777 == 0o700
    private.chmod(0o755)
    with pytest.raises(CannotRunError, match="set HOME to a directory of its own"):
        home_directory({})
    assert "HOME" not in stack_variables(read_stack_file(project, "dev"), {"HOME": str(project), "USER": "somebody"})


def test_a_project_that_cannot_be_written_is_a_sentence(project: Path, tmp_path: Path) -> None:
    """Failing means that a read-only checkout ends in PermissionError with a traceback."""
    (project / ".state").write_text("in the way", encoding="utf-8")
    with pytest.raises(CannotRunError, match=r"keeps its state in .*\.state, which cannot be made"):
        stack_variables(read_stack_file(project, "dev"), {"HOME": str(project)})
    (tmp_path / "bin").write_text("in the way", encoding="utf-8")
    with pytest.raises(CannotRunError, match=r"cannot be linked into .*bin .*put /cli on PATH"):
        link(Path("/cli"), tmp_path / "bin")


@pytest.mark.parametrize("name", ["Ärger mit Größe & co", "it's $HOME; (a)"])
def test_make_works_in_a_directory_of_any_name(tmp_path: Path, name: str) -> None:
    """Failing means that after half a minute of set-up the shell says `not found`, or runs half of the path."""
    copy = tmp_path / name
    script(copy / ".venv" / "bin" / "python", 'printf "%s|" "$0" "$@"; echo "$PATH" | cut -d: -f1')
    shutil.copy(ROOT / "Makefile", copy)
    done = subprocess.run(
        ["make", "--no-print-directory", "-o", "venv", "-o", "cli", "-o", "servers", "up", "preview", "destroy", "env",
         "drift", "review", "emulator", "test", "STACK=dev"],
        cwd=copy, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert [line.split("|")[3] for line in said[:7]] == [
        "up", "preview", "destroy", "env", "drift", "review", "emulator"
    ]  # fmt: skip
    assert said[7].endswith(f"|{copy}/.venv/bin")


def review_of_a_plan(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    plan = (ROOT / "tests/regulated_partners/review/plans/partner-added.json").read_text(encoding="utf-8")
    (tmp_path / "plan.json").write_text(plan.replace("Contoso", "Gr\\u00f6\\u00dfe \\ud83d\\ude00"), encoding="utf-8")
    assert "\\ud83d" in (tmp_path / "plan.json").read_text(encoding="utf-8"), "the plan has no such name any longer"
    return subprocess.run(
        [sys.executable, "-m", "regulated_partners", "review", "plan.json", *arguments],
        cwd=tmp_path, capture_output=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
    )  # fmt: skip


def test_output_that_is_not_utf8_degrades(tmp_path: Path) -> None:
    """Failing means that a log in ASCII ends in UnicodeEncodeError, or in JSON that nothing can read."""
    done = review_of_a_plan(tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert rb"Gr\u00f6\u00dfe \ud83d\ude00" in done.stdout.replace(b"\\\\", b"\\")
    as_json = json.loads(review_of_a_plan(tmp_path, "--json", PYTHONIOENCODING="ascii").stdout.decode("ascii"))
    assert "Größe \N{GRINNING FACE}" in json.dumps(as_json, ensure_ascii=False)
    posix = review_of_a_plan(tmp_path, LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert posix.returncode == 0, posix.stderr
