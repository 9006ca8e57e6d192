"""The second way to the CLI: the official archive, from a real HTTPS server on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from regulated_partners.engine.install.cache import EXECUTABLES, Version
from regulated_partners.engine.install.release import DEFAULT_BASE_URL, archive_name
from regulated_partners.errors import RouteError
from tests.regulated_partners.engine.installing import PINNED, environment, install, layout
from tests.regulated_partners.engine.release_server import (
    ReleaseServer,
    archive,
    pretend_cli,
    release_files,
    release_server,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReleaseServer]:
    with release_server(tmp_path) as running:
        yield running


def fetch(server: ReleaseServer, cache: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    trusted = {"PULUMI_RELEASES_URL": server.url, "SSL_CERT_FILE": str(server.ca_file), **variables}
    return install(environment(cache, **trusted), "--route", "release", "--link", str(cache / "bin"))


def test_verified_archive_is_installed_once(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that a machine with a network gets no CLI, or downloads it again on every run."""
    server.publish(PINNED, archive(release_files(PINNED)))
    first = fetch(server, tmp_path)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == str(layout(tmp_path).release)
    assert sorted(path.name for path in layout(tmp_path).release.iterdir()) == sorted(EXECUTABLES)
    said = subprocess.run([tmp_path / "bin" / "pulumi", "version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"v{PINNED}\n"
    asked = len(server.requested)
    second = fetch(server, tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    assert len(server.requested) == asked


def refused(server: ReleaseServer, cache: Path) -> str:
    answer = fetch(server, cache)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert not layout(cache).release.exists()
    assert not list(layout(cache).home.iterdir())
    assert not (cache / "bin").exists()
    return answer.stderr


def test_wrong_checksum_installs_nothing(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that a tampered archive is run with the rights of the pipeline."""
    server.publish(PINNED, archive(release_files(PINNED)), checksum="a" * 64)
    message = refused(server, tmp_path)
    assert "does not match its checksum" in message
    assert f"should be {'a' * 64}" in message


def test_truncated_archive_installs_nothing(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that a broken download leaves a CLI that fails later in odd ways."""
    server.publish(PINNED, archive(release_files(PINNED)))
    server.cut_off.add(f"/{archive_name(PINNED)}")
    assert "broke off after" in refused(server, tmp_path)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"pulumi/pulumi": pretend_cli(PINNED)}, "does not hold"),
        ({**release_files(PINNED), "pulumi/pulumi": pretend_cli("3.1.0")}, "does not run here as version"),
        ({f"../pulumi/{name}": b"#!/bin/sh\n" for name in EXECUTABLES}, "does not hold"),
    ],
    ids=["incomplete", "another version", "paths that lead out"],
)
def test_archive_with_other_contents_installs_nothing(
    server: ReleaseServer, tmp_path: Path, files: dict[str, bytes], complaint: str
) -> None:
    """Failing means that something which is not this version of Pulumi counts as it."""
    server.publish(PINNED, archive(files))
    assert complaint in refused(server, tmp_path)


def test_archive_that_is_none_installs_nothing(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that a proxy's login page, served with its own checksum, ends in a traceback."""
    server.publish(PINNED, b"<html>please log in</html>")
    assert "cannot be unpacked" in refused(server, tmp_path)


def test_missing_release_is_named(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that nobody can tell which URL their mirror lacks."""
    message = refused(server, tmp_path)
    assert f"{server.url}/pulumi-{PINNED}-checksums.txt answered 404" in message


def test_checksum_file_without_the_archive_is_named(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that an archive without a checksum is installed unverified."""
    server.publish(PINNED, archive(release_files(PINNED)))
    server.answers[f"/pulumi-{PINNED}-checksums.txt"] = b"0000  something-else.tar.gz\n"
    assert f"has no sha256 checksum for {archive_name(PINNED)}" in refused(server, tmp_path)


def test_server_that_is_not_trusted_is_refused(server: ReleaseServer, tmp_path: Path) -> None:
    """Failing means that certificates are not verified, and anyone on the way can serve the CLI."""
    server.publish(PINNED, archive(release_files(PINNED)))
    answer = fetch(server, tmp_path, SSL_CERT_FILE="/dev/null")
    assert answer.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in answer.stderr
    assert server.requested == []


def test_plain_http_is_refused(tmp_path: Path) -> None:
    """Failing means that the checksum itself can come from anyone on the way."""
    answer = install(environment(tmp_path, PULUMI_RELEASES_URL="http://127.0.0.1:9"), "--route", "release")
    assert "PULUMI_RELEASES_URL must be an https:// URL" in answer.stderr


def test_no_network_is_known_quickly(tmp_path: Path) -> None:
    """Failing means that an air-gapped runner hangs, or does not learn what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    started = time.monotonic()
    answer = install(environment(tmp_path, PULUMI_RELEASES_URL=f"https://127.0.0.1:{port}"), "--route", "release")
    assert answer.returncode == 1
    assert "cannot be reached" in answer.stderr
    assert "set PULUMI_RELEASES_URL to a mirror" in answer.stderr
    assert time.monotonic() - started < 10


def test_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing means that a firewall which drops packets keeps the set-up waiting for ever."""
    from regulated_partners.engine.install import release

    monkeypatch.setattr(release, "REACH_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PULUMI_RELEASES_URL", f"https://127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(RouteError):
            release.fetch_release(PINNED, tmp_path)
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "x86_64", "pulumi-v3.259.0-linux-x64.tar.gz"),
        ("Linux", "aarch64", "pulumi-v3.259.0-linux-arm64.tar.gz"),
        ("Darwin", "arm64", "pulumi-v3.259.0-darwin-arm64.tar.gz"),
    ],
)
def test_archive_names_are_those_published(
    system: str, machine: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing means that the download asks for a file that Pulumi does not publish."""
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert archive_name(Version(3, 259, 0)) == expected
    assert DEFAULT_BASE_URL == "https://get.pulumi.com/releases/sdk"


def test_platform_without_a_release_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing means that such a platform gets a 404 instead of the reason."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(RouteError, match="publishes none for Linux on riscv64"):
        archive_name(PINNED)
