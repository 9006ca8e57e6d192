"""`verify listen` as a user starts it, with senders that show different certificates."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.regulated_partners.conftest import Ended
from tests.support.engine import ROOT
from tests.verify_servers.pki import CLIENT, SERVER, Issued, Pki, self_signed, write_chain
from tests.verify_servers.postfix import Listener, Postfix
from tests.verify_servers.processes import free_port, listens

NAME = "mail.fabrikam.test"
Start = Callable[..., "Running"]


@dataclass
class Running:
    """The command, listening."""

    process: subprocess.Popen[str]
    port: int

    def send(
        self, *, chain: tuple[Path, Path] | None = None, tls: bool = True, sender: str = "a@fabrikam.test"
    ) -> None:
        """Sends a message as a partner's server does: key and chain, over TLS or in clear text."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="out.fabrikam.test", timeout=10) as client:
            if tls:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                if chain is not None:
                    context.load_cert_chain(chain[1], chain[0])
                client.starttls(context=context)
            client.sendmail(sender, ["test@contoso.test"], "Subject: test\r\n\r\nsecret text\r\n")

    def ended(self) -> Ended:
        """Waits for the end."""
        stdout, stderr = self.process.communicate(timeout=60)
        return Ended(self.process.returncode, stdout, stderr)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    """A CA, whose root is in roots.pem."""
    pki = Pki()
    (tmp_path / "roots.pem").write_text(pki.root.pem)
    return pki


@pytest.fixture
def start(tmp_path: Path, pki: Pki) -> Iterator[Start]:
    """Starts the command for a partner with these inbound settings."""
    running: list[Running] = []
    assert pki.root

    def begin(*options: str, minutes: float = 1, **inbound: object) -> Running:
        port, project = free_port("127.0.0.1"), _project(tmp_path / "project", inbound)
        command = [
            sys.executable,
            "-m",
            "regulated_partners",
            "verify",
            "listen",
            "--for",
            "Fabrikam Bank",
            "--stack",
            "dev",
        ]
        command += ["--cwd", str(project), "--listen", f"127.0.0.1:{port}", "--minutes", str(minutes)]
        command += ["--roots", str(tmp_path / "roots.pem"), *options]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(Running(process, port))
        end = time.monotonic() + 40
        while minutes >= 1 and not listens("127.0.0.1", port):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.1)
        return running[-1]

    yield begin
    for each in running:
        each.process.kill()
        each.process.communicate()


def _project(project: Path, inbound: dict[str, object]) -> Path:
    (project / "stacks").mkdir(parents=True, exist_ok=True)
    (project / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    partner = {"name": "Fabrikam Bank", "domains": ["fabrikam.test"], "certificateName": NAME, "inbound": inbound}
    config = {"regulated-partners:cloud": "local", "regulated-partners:partners": [partner]}
    (project / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return project


def chain(folder: Path, pki: Pki, leaf: Issued) -> tuple[Path, Path]:
    """Key and chain in files."""
    return write_chain(folder, "client", leaf, pki.intermediate)


def test_a_partner_with_the_right_certificate(start: Start, pki: Pki, tmp_path: Path) -> None:
    """Failing: the one thing that no probe sees, the sender's certificate, is not recorded; or the text is."""
    evidence = tmp_path / "evidence.md"
    running = start("--evidence", str(evidence))
    running.send(chain=chain(tmp_path, pki, pki.leaf(NAME, (NAME,), usages=SERVER + CLIENT)))
    ended = running.ended().succeeded()
    for words in ("PASSED", "message from out.fabrikam.test [127.0.0.1]", "TLSv1.3", NAME):
        assert words in ended.stdout, ended.stdout
    assert NAME in evidence.read_text()
    assert "secret text" not in evidence.read_text() + ended.stdout


@pytest.fixture
def postfix_folder() -> Iterator[Path]:
    """A folder that Postfix's own account can reach."""
    with tempfile.TemporaryDirectory(prefix="verify-sender-") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "postfix").mkdir(mode=0o755)
        yield Path(folder)


def test_a_real_postfix_sends(start: Start, pki: Pki, postfix_folder: Path) -> None:
    """Failing: what works with Python's own client does not work with a partner's mail server."""
    running = start()
    key, pem = chain(postfix_folder, pki, pki.leaf(NAME, (NAME,)))
    port = free_port("127.0.25.1")
    settings = [
        f"relayhost=[127.0.0.1]:{running.port}",
        "smtp_tls_security_level=encrypt",
        f"smtp_tls_chain_files={key},{pem}",
        "smtpd_relay_restrictions=permit_mynetworks,reject",
    ]
    sender = Postfix(postfix_folder / "postfix", port, [Listener("127.0.25.1")], settings)
    try:
        with smtplib.SMTP("127.0.25.1", port, timeout=10) as client:
            client.sendmail("a@fabrikam.test", ["test@contoso.test"], "Subject: test\r\n\r\ntext\r\n")
        ended = running.ended().succeeded()
    finally:
        sender.stop()
    assert "message from mail.fabrikam.test [127.0.0.1]" in ended.stdout
    assert "CN=mail.fabrikam.test; CN=Test intermediate" in ended.stdout


def test_clear_text(start: Start) -> None:
    """Failing: a partner who sends in clear text is not noticed before RequireTls refuses the mail."""
    running = start()
    running.send(tls=False)
    ended = running.ended()
    text = " ".join(ended.stdout.split())
    assert ended.exit_code == 1
    assert "451 5.7.3 STARTTLS is required" in text
    assert "550 5.7.51 TenantInboundAttribution" in text


def test_no_client_certificate(start: Start) -> None:
    """Failing: TLS without a certificate passes for a connector that goes by the certificate."""
    running = start()
    running.send()
    ended = running.ended()
    assert ended.exit_code == 1
    assert "showed no certificate, although it was asked for one" in " ".join(ended.stdout.split())


def test_addresses_instead_of_a_certificate(start: Start) -> None:
    """Failing: the address of the sender is not compared with the declared ones."""
    running = start(restrictDomainsBy="ipAddresses", senderIpAddresses=["198.51.100.10"])
    running.send()
    ended = running.ended()
    assert ended.exit_code == 1
    assert "127.0.0.1, which is not among the declared senderIpAddresses" in " ".join(ended.stdout.split())


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("other", "matches no name in the certificate"),
        ("self-signed", "self-signed"),
        ("unknown", "not among the trusted roots"),
    ],
)
def test_a_certificate_that_does_not_count(start: Start, pki: Pki, tmp_path: Path, leaf: str, words: str) -> None:
    """Failing: OpenSSL ends the handshake, and nobody learns what the partner had shown."""
    running, stranger = start(), Pki("Stranger")
    files = {
        "other": lambda: chain(tmp_path, pki, pki.leaf("mail.else.test", ("mail.else.test",))),
        "self-signed": lambda: write_chain(tmp_path, "client", self_signed(NAME)),
        "unknown": lambda: chain(tmp_path, stranger, stranger.leaf(NAME, (NAME,))),
    }[leaf]()
    try:
        running.send(chain=files)
    except (ssl.SSLError, OSError, smtplib.SMTPException):
        running.send(tls=False)
    ended = running.ended()
    assert ended.exit_code == 1
    assert words in " ".join(ended.stdout.split())


def test_a_certificate_that_is_not_for_clients(start: Start, pki: Pki, tmp_path: Path) -> None:
    """Failing: the most current way in which forced TLS breaks, a certificate without clientAuth, stays unnoticed."""
    running = start()
    files = chain(tmp_path, pki, pki.leaf(NAME, (NAME,), usages=SERVER))
    with pytest.raises((ssl.SSLError, OSError, smtplib.SMTPException)):
        running.send(chain=files)
    # What Postfix does with opportunistic TLS after a failed handshake.
    running.send(tls=False)
    ended = running.ended()
    text = " ".join(ended.stdout.split())
    assert ended.exit_code == 1
    assert "does not hold clientAuth" in text
    assert "A TLS handshake before it had failed" in text


def test_nothing_comes(start: Start) -> None:
    """Failing: a partner who never sent anything counts as proven."""
    ended = start(minutes=0.02).ended()
    assert ended.exit_code == 2
    assert "NOT REACHABLE FROM HERE" in ended.stdout


def test_a_message_of_another_domain(start: Start, pki: Pki, tmp_path: Path) -> None:
    """Failing: a message to which the connector does not apply is taken for its proof."""
    running = start()
    running.send(chain=chain(tmp_path, pki, pki.leaf(NAME, (NAME,))), sender="a@elsewhere.test")
    assert "to which the connector does not apply" in " ".join(running.ended().succeeded().stdout.split())


@pytest.mark.parametrize("at", ["nonsense", "127.0.0.1", "127.0.0.1:0", "localhost:25"])
def test_a_wrong_place(start: Start, at: str) -> None:
    """Failing: a mistyped address ends in a traceback."""
    ended = start("--listen", at, minutes=0.02).ended()
    assert ended.exit_code == 2
    assert "is no ADDRESS:PORT" in " ".join(ended.stderr.replace("│", " ").split())


def test_a_port_that_is_taken(start: Start) -> None:
    """Failing: a listener that cannot listen ends in a traceback."""
    first = start()
    start("--listen", f"127.0.0.1:{first.port}", minutes=0.02).ended().could_not_run("cannot be listened at")
