"""A real Postfix: one instance, many listeners, each with its own address and its own fault."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.verify_servers.processes import Server, listens
from tools.servers import program


@dataclass(frozen=True)
class Listener:
    """An address of the instance, with settings of smtpd that differ there."""

    address: str
    settings: tuple[str, ...] = ()


class Postfix:
    """A running instance.

    Args:
        folder: empty, and open to the account `postfix` (so is every folder above it).
        port: of all listeners.
        listeners: at least one.
        settings: of smtpd, for all listeners.
    """

    def __init__(self, folder: Path, port: int, listeners: Sequence[Listener], settings: Sequence[str]) -> None:
        self.log = folder / "log" / "mail.log"
        self._folder, self._etc = folder, folder / "etc"
        # Postfix starts as root only, and gives its privileges up then.
        self._root = _privilege()
        for name in ("etc", "spool", "data", "log"):
            (folder / name).mkdir(mode=0o755)
        self._run("chown", "postfix", str(folder / "data"))
        (self._etc / "main.cf").touch()
        (self._etc / "master.cf").write_text(Path("/usr/share/postfix/master.cf.dist").read_text())
        self._configure(folder, settings)
        for listener in listeners:
            self._listen(listener, port)
        try:
            self._server = Server(
                [*self._root, program("postfix"), "-c", str(self._etc), "start-fg"],
                folder / "log" / "start.log",
                lambda: all(listens(listener.address, port) for listener in listeners),
            )
        except BaseException:
            self._stop_master()
            raise

    def stop(self) -> None:
        """Ends it, and removes its files, some of which are root's."""
        self._stop_master()
        self._server.stop()
        self._run("rm", "-rf", str(self._folder))

    def _stop_master(self) -> None:
        """By the id that the master process has noted: it has left the group of the process that started it."""
        subprocess.run(
            [*self._root, program("postfix"), "-c", str(self._etc), "stop"], check=False, capture_output=True
        )

    def _configure(self, folder: Path, settings: Sequence[str]) -> None:
        self._postconf("-MX", "smtp/inet")
        self._postconf("-F", "*/*/chroot=n")
        self._postconf(
            "-e",
            "compatibility_level=3.6",
            f"queue_directory={folder / 'spool'}",
            f"data_directory={folder / 'data'}",
            "myhostname=mail.fabrikam.test",
            "inet_interfaces=127.0.0.1",
            "inet_protocols=ipv4",
            "mynetworks=127.0.0.0/8",
            "mydestination=",
            "alias_maps=",
            f"maillog_file={self.log}",
            f"maillog_file_prefixes={folder}",
            # Newer versions keep their log from others, and the tests may run as somebody else.
            "maillog_file_permissions=0644",
            # One address of the tests asks many times a minute, and none of it waits for a name server.
            "smtpd_client_connection_rate_limit=0",
            "smtpd_peername_lookup=no",
            *settings,
        )

    def _listen(self, listener: Listener, port: int) -> None:
        name = f"{listener.address}:{port}/inet"
        self._postconf("-Me", f"{name}={listener.address}:{port} inet n - n - - smtpd")
        for setting in listener.settings:
            self._postconf("-Pe", f"{name}/{setting}")

    def _postconf(self, *arguments: str) -> None:
        self._run(program("postconf"), "-c", str(self._etc), *arguments)

    def _run(self, *command: str) -> None:
        subprocess.run([*self._root, *command], check=True, capture_output=True)


def _privilege() -> list[str]:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0:
        return [sudo, "-n"]
    raise RuntimeError("Postfix starts as root only: run the tests as root, or allow sudo without a password.")
