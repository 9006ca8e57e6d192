"""The installer: which way to the CLI it takes, what it leaves behind, what it says when no way works."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from regulated_partners.engine.install.cache import EXECUTABLES, Version, staged
from tests.regulated_partners.engine.installing import PINNED, ROOT, command, environment, install, layout, script

UNREACHABLE = "https://127.0.0.1:1"
NEWER = Version(PINNED.major, PINNED.minor + 1, 0)
OLDER = Version(PINNED.major, PINNED.minor - 1, 9)

GO = f"""
echo "$@" >> "$HOME/go-calls"
case $1 in
  build) while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
         sleep "${{GO_SECONDS:-0}}"
         printf '#!/bin/sh\\necho v{PINNED}\\n' > "$out"; chmod 755 "$out" ;;
  list)  echo "$HOME/sdk" ;;
esac
"""


def pretend_installation(directory: Path, version: Version | str, names: tuple[str, ...] = EXECUTABLES) -> Path:
    for name in names:
        script(directory / name, f"echo v{version}")
    return directory


def pretend_go(cache: Path, body: str = GO) -> Path:
    """A `go` that writes down its arguments and makes a `pulumi` at once."""
    for path in ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python"):
        script(cache / "sdk" / path, "true")
    return script(cache / "go" / "go", body).parent


def test_new_enough_cli_on_path_is_used(tmp_path: Path) -> None:
    """Failing means that minutes go into building what is already installed."""
    own = pretend_installation(tmp_path / "own", NEWER)
    answer = install(environment(tmp_path, path=[own]), "--link", str(tmp_path / "bin"))
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{own}\n"
    assert not (tmp_path / "bin").exists()


def test_cli_on_path_takes_the_place_of_links(tmp_path: Path) -> None:
    """Failing means that .venv/bin keeps shadowing the CLI that the user has installed since."""
    links = tmp_path / "bin"
    links.mkdir()
    (links / "pulumi").symlink_to(layout(tmp_path).release / "pulumi")
    own = pretend_installation(tmp_path / "own", PINNED)
    answer = install(environment(tmp_path, path=[links, own]), "--link", str(links))
    assert answer.stdout == f"{own}\n"
    assert list(links.iterdir()) == []


def test_a_build_without_a_home_has_caches_all_the_same(tmp_path: Path) -> None:
    """Failing means that `go` says "module cache not found" in a container, whose user has no home."""
    go = pretend_go(tmp_path, f'echo "${{HOME:-none}}" >> {tmp_path}/homes\n' + GO.replace("$HOME", str(tmp_path)))
    variables = {**environment(tmp_path, path=[go], PULUMI_RELEASES_URL=UNREACHABLE)}
    del variables["HOME"]
    answer = install(variables)
    assert answer.returncode == 0, answer.stderr
    (home,) = set((tmp_path / "homes").read_text(encoding="utf-8").split())
    assert Path(home).is_dir()


@pytest.mark.parametrize(
    ("version", "names", "reason"),
    [
        (OLDER, EXECUTABLES, f"is {OLDER}, and {PINNED} or newer of major 3 is needed"),
        (Version(4, 0, 0), EXECUTABLES, "or newer of major 3 is needed"),
        ("3.999.0-dev", EXECUTABLES, "does not answer `pulumi version` with a released version"),
        (NEWER, ("pulumi",), "comes without pulumi-language-python, pulumi-language-python-exec"),
    ],
)
def test_cli_on_path_that_will_not_do(
    tmp_path: Path, version: Version | str, names: tuple[str, ...], reason: str
) -> None:
    """Failing means that an old or incomplete CLI is used and fails later, in the engine's words."""
    own = pretend_installation(tmp_path / "own", version, names)
    answer = install(environment(tmp_path, path=[own]), "--route", "path")
    assert answer.returncode == 1
    assert reason in answer.stderr


def test_every_failed_way_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    """Failing means that someone behind a firewall reads a traceback, or not what they could install."""
    answer = install(environment(tmp_path, PULUMI_RELEASES_URL=UNREACHABLE))
    assert answer.returncode == 1
    assert answer.stdout == ""
    lines = [line for line in answer.stderr.splitlines() if line.startswith("  - ")]
    assert [line.split(":")[0] for line in lines] == [
        "  - on PATH",
        "  - release archive",
        "  - build from the Go module",
    ]
    assert "apt-get install golang-go" in lines[2]
    assert f"The Pulumi CLI {PINNED} or newer is needed" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("go: go.mod requires go >= 1.25.11 (running go 1.24.4; GOTOOLCHAIN=local)", "this Go is too old"),
        (
            'go: x@v1: Get "https://proxy.invalid/x": dial tcp: lookup proxy.invalid: no such host',
            "allow the Go module",
        ),
        ("go: writing: no space left on device", "ran out of disk space"),
        ("something else broke", "`go build` failed (something else broke)"),
    ],
)
def test_failed_build_says_why(tmp_path: Path, said: str, reason: str) -> None:
    """Failing means that a build which cannot work looks like a defect of this project."""
    go = pretend_go(tmp_path, f"echo '{said}' >&2; exit 1")
    answer = install(environment(tmp_path, path=[go]), "--route", "build")
    assert answer.returncode == 1
    assert reason in answer.stderr
    assert not layout(tmp_path).build.exists()


def test_build_is_pinned_and_made_once(tmp_path: Path) -> None:
    """Failing means that the build is of another version, needs a C compiler, or runs again each time."""
    go = pretend_go(tmp_path)
    variables = environment(tmp_path, path=[go])
    first = install(variables, "--route", "build", "--link", str(tmp_path / "bin"))
    assert first.returncode == 0, first.stderr
    calls = (tmp_path / "go-calls").read_text(encoding="utf-8").splitlines()
    assert f"Version=v{PINNED}" in calls[0]
    assert "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" in calls[0]
    second = install(variables, "--route", "build", "--link", str(tmp_path / "bin"))
    assert (second.returncode, second.stderr, second.stdout) == (0, "", first.stdout)
    assert (tmp_path / "go-calls").read_text(encoding="utf-8").splitlines() == calls
    for name in EXECUTABLES:
        assert (tmp_path / "bin" / name).resolve().parent == Path(first.stdout.strip())


def test_two_builds_at_once_are_one(tmp_path: Path) -> None:
    """Failing means that two working copies build the same thing twice, or trample on each other's half."""
    go = pretend_go(tmp_path)
    variables = environment(tmp_path, path=[go], GO_SECONDS="1.5")
    processes = [
        subprocess.Popen(
            command("--route", "build"), cwd=ROOT, env=dict(variables), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert answers[0][0] == answers[1][0]
    assert (tmp_path / "go-calls").read_text(encoding="utf-8").count("build ") == 1
    assert sum("waiting for it" in errors for _, errors in answers) == 1


def test_killed_build_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """Failing means that a cancelled pipeline leaves a half CLI which every later run uses, or a lock for ever."""
    go = pretend_go(tmp_path)
    slow = environment(tmp_path, path=[go], GO_SECONDS="30")
    process = subprocess.Popen(command("--route", "build"), cwd=ROOT, env=dict(slow), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (tmp_path / "go-calls").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not layout(tmp_path).build.exists()
    again = install(environment(tmp_path, path=[go]), "--route", "build")
    assert again.returncode == 0, again.stderr
    assert sorted(path.name.partition("-")[0] for path in layout(tmp_path).home.iterdir()) == ["build", "host"]


def test_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Failing means that a read-only home directory shows as a traceback."""
    blocked = tmp_path / "file"
    blocked.touch()
    variables = {**environment(tmp_path, path=[pretend_go(tmp_path)]), "XDG_CACHE_HOME": str(blocked)}
    answer = install(variables, "--route", "build")
    assert answer.returncode == 1
    assert "cannot be written" in answer.stderr
    assert "set XDG_CACHE_HOME" in answer.stderr


def test_staged_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """Failing means that an interrupted installation replaces a good one."""
    final = tmp_path / "final"
    final.mkdir()
    (final / "good").touch()

    def interrupted() -> None:
        with staged(final) as directory:
            (directory / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in final.iterdir()] == ["good"]
    with staged(final) as directory:
        (directory / "new").touch()
    assert [path.name for path in final.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [final]


def test_alive_line_of_a_long_build(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that a CI runner kills a build of minutes because it printed nothing."""
    from regulated_partners.engine.install.cache import Heartbeat

    now = [0.0]
    heartbeat = Heartbeat(lambda: "still building", clock=lambda: now[0])
    for second in range(0, 91):
        now[0] = float(second)
        heartbeat.tick()
    assert capsys.readouterr().err.splitlines() == [f"  … still building ({n} s)" for n in (30, 60, 90)]


def test_help_needs_nothing(tmp_path: Path) -> None:
    """Failing means that the installer needs a package that is not there before the set-up."""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'components')!r}); "
         "from regulated_partners.engine.install.ensure import main; main(['--help'])"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
