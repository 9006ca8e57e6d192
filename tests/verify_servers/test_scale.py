"""1,000 partners, each with a domain, a mail host and a certificate name of its own, in a minute and 300 MB."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml
from aiosmtpd.controller import Controller

from tests.support.engine import ROOT
from tests.verify_servers.name_servers import NameServers, Zone
from tests.verify_servers.pki import Pki, write_chain
from tests.verify_servers.processes import free_port

_PARTNERS = 1000
_ADDRESSES = tuple(f"127.0.23.{number}" for number in range(1, 21))
_SECONDS, _MEGABYTES = 60, 300
_HOST = "*.partners.test"


class _TakesNothing:
    """The probe sends no message, so there is nothing to handle."""


@contextmanager
def _mail_servers(folder: Path, port: int) -> Iterator[None]:
    pki = Pki("Scale")
    (folder / "roots.pem").write_text(pki.root.pem)
    key, chain = write_chain(folder, "server", pki.leaf(_HOST, (_HOST,)), pki.intermediate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with ExitStack() as running:
        for address in _ADDRESSES:
            controller = Controller(_TakesNothing(), hostname=address, port=port, tls_context=context)
            controller.start()
            running.callback(controller.stop)
        yield


def _zone() -> Zone:
    lines = []
    for number in range(_PARTNERS):
        lines.append(f"p{number} MX 10 mx{number}\nmx{number} A {_ADDRESSES[number % len(_ADDRESSES)]}")
    return Zone("partners.test", "\n".join(lines))


def _project(folder: Path) -> Path:
    partners = [
        {
            "name": f"Partner {number}",
            "domains": [f"p{number}.partners.test"],
            "certificateName": f"mx{number}.partners.test",
        }
        for number in range(_PARTNERS)
    ]
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    content = {"config": {"regulated-partners:cloud": "local", "regulated-partners:partners": partners}}
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content))
    return folder


def _measured(command: list[str], output: Path) -> tuple[int, float, float]:
    """Runs a command. Returns its exit code, the seconds it took and the megabytes it needed at most."""
    begin, most = time.monotonic(), 0.0
    with output.open("wb") as stdout:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=stdout)
        while process.poll() is None:
            # Not ru_maxrss: that begins with the size of the process that started this one.
            most = max(most, _peak(process.pid))
            time.sleep(0.1)
    return process.returncode, time.monotonic() - begin, most


def _peak(pid: int) -> float:
    """The largest size of a process so far, megabytes. Source: proc(5), VmHWM."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def test_a_thousand_partners(tmp_path: Path) -> None:
    """Failing: a nightly run over a large organization takes too long, or more memory than a small runner has."""
    port, project, output = free_port(*_ADDRESSES), _project(tmp_path / "project"), tmp_path / "run.json"
    names = tmp_path / "names"
    names.mkdir()
    servers = NameServers(names, (free_port("127.0.0.1"), free_port("127.0.0.1")), (_zone(),))
    try:
        with _mail_servers(tmp_path, port):
            command = [
                sys.executable,
                "-m",
                "regulated_partners",
                "verify",
                "partner",
                "--all",
                "--json",
                "--stack",
                "dev",
            ]
            command += ["--cwd", str(project), "--roots", str(tmp_path / "roots.pem"), "--port", str(port)]
            command += ["--resolver", f"127.0.0.1:{servers.port}"]
            code, seconds, megabytes = _measured(command, output)
    finally:
        servers.stop()
    judgements = json.loads(output.read_text())["judgements"]
    assert code == 0
    assert len(judgements) == 2 * _PARTNERS
    assert {each["verdict"] for each in judgements} == {"passed"}
    assert seconds < _SECONDS
    assert 20 < megabytes < _MEGABYTES
