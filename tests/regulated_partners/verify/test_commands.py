"""`verify message` and `verify certificate` as a user starts them, on the example stack."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from regulated_partners.cli.main import main
from tests.regulated_partners.conftest import Ended
from tests.regulated_partners.verify import messages as m
from tests.regulated_partners.verify.messages import message
from tests.support.certificate_factory import Issued, issued
from tests.support.engine import ROOT

NAME = "mail.fabrikam.com"
NOW = datetime.datetime.now(datetime.UTC)

Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `verify` in a directory, which needs neither a tenant nor the Pulumi CLI."""

    def start(*arguments: str, stdin: bytes = b"") -> Ended:
        command = [sys.executable, "-m", "regulated_partners", "verify", *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, input=stdin, capture_output=True, check=False, timeout=60
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    return start


@pytest.fixture
def stack(tmp_path: Path) -> tuple[str, ...]:
    """The options for a stack with one partner."""
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "stacks/Pulumi.dev.yaml"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    return ("--for", "Fabrikam Bank", "--stack", "dev", "--cwd", str(project))


def test_a_good_and_a_bad_message(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: the exit code, which pipelines act on, is wrong."""
    good, bad = tmp_path / "good.eml", tmp_path / "bad.eml"
    good.write_text(message(m.STORED, m.AUTHENTICATED, m.BORDER_TLS))
    bad.write_text(message(m.STORED, m.BORDER_CLEAR))
    fine = run("message", str(good), *stack).succeeded()
    assert "PASSED" in fine.stdout
    assert "a certificate for mail.fabrikam.com" in " ".join(fine.stdout.split())
    both = run("message", str(good), str(bad), *stack, "--json")
    assert both.exit_code == 1
    assert [each["verdict"] for each in both.document["judgements"]] == ["passed", "failed"]


def test_a_strangers_message_and_the_gateways_addresses(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: a stranger's message ends with exit code 0, or addresses of gateways cannot be named."""
    stranger = tmp_path / "stranger.eml"
    stranger.write_text(message(m.STORED, m.BORDER_TLS).replace("fabrikam.com", "example.net"))
    ended = run("message", str(stranger), "--for", "Humongous Insurance", *stack[2:])
    assert ended.exit_code == 1
    assert ended.stdout.startswith("UNKNOWN")
    assert "192.0.2.25 contradicts it" in " ".join(ended.stdout.split())
    behind = tmp_path / "behind.eml"
    behind.write_text(message(m.STORED, m.GATEWAY_TO_EXCHANGE, m.PARTNER_TO_GATEWAY))
    both = run("message", str(behind), "--gateway", "pphosted.com", "--gateway", "192.0.2.77", *stack, "--json")
    assert [each["partner"] for each in both.succeeded().document["judgements"]] == [None, "Fabrikam Bank"]


def test_standard_input(run: Run) -> None:
    """Failing: headers cannot be piped in."""
    ended = run("message", "-", stdin=message(m.OUTBOUND_TLS).encode())
    assert ended.succeeded().stdout.startswith("PASSED  standard input  outbound")


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50_000, b"Received: (" * 900_000])
def test_bad_input_gives_a_verdict(run: Run, content: bytes) -> None:
    """Failing: bad input ends with a traceback, a hang, or a green verdict."""
    started = time.monotonic()
    ended = run("message", "-", stdin=content)
    assert (ended.exit_code, ended.stderr) == (1, "")
    assert "UNKNOWN" in ended.stdout
    assert time.monotonic() - started < 20


def test_wrong_usage(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: a mistake on the command line looks like a finding."""
    (tmp_path / "m.eml").write_text(message(m.BORDER_TLS))
    run("message", "missing.eml").could_not_run("missing.eml cannot be read")
    run("message", "m.eml", "--for", "Fabrikam Bank").could_not_run("--stack")
    run("message", "m.eml", "--direction", "sideways").could_not_run("sideways")
    run("message", "m.eml", "--evidence", "e.pdf").could_not_run(".json")
    run("message", "m.eml", *stack[2:], "--for", "Fabrikam Bnak").could_not_run("Did you mean 'Fabrikam Bank'?")
    run("message").could_not_run("FILE")


def _pem(path: Path, *certificates: Issued) -> Path:
    path.write_bytes(b"".join(each.pem for each in certificates))
    return path


def test_a_certificate_from_first_to_last(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: roots, baseline or evidence do not reach the verdict."""
    authority = issued("Lab Root", None, is_ca=True, now=NOW)
    roots = _pem(tmp_path / "roots.pem", authority)
    good = _pem(tmp_path / "good.pem", issued(NAME, authority, names=[NAME], now=NOW))
    baseline, record = tmp_path / "baseline.json", tmp_path / "record.json"
    options = [*stack, "--direction", "outbound", "--roots", str(roots), "--baseline", str(baseline)]
    first = run("certificate", str(good), *options, "--evidence", str(record)).succeeded()
    assert "PASSED" in first.stdout
    assert json.loads(record.read_text())["judgements"][0]["notAfter"]
    renewed = _pem(tmp_path / "renewed.pem", issued(NAME, authority, names=[NAME], now=NOW))
    second = run("certificate", str(renewed), *options, "--json").succeeded()
    assert [each["check"] for each in second.document["judgements"][0]["findings"]] == ["baseline.renewal"]
    other = _pem(tmp_path / "other.pem", issued("x.example", authority, names=["x.example"], now=NOW))
    third = run("certificate", str(other), *options, "--json")
    assert third.exit_code == 1
    assert [each["check"] for each in third.document["judgements"][0]["findings"]] == ["name", "baseline.name"]


def test_public_roots_are_the_default(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: a private CA passes for a public one."""
    lab = issued("Lab Root", None, is_ca=True, now=NOW)
    pem = _pem(tmp_path / "private.pem", issued(NAME, lab, names=[NAME], now=NOW))
    ended = run("certificate", str(pem), *stack, "--direction", "inbound", "--json")
    assert ended.exit_code == 1
    assert ended.document["judgements"][0]["findings"][0]["check"] == "chain"


def test_certificate_usage(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: a wrong file or option ends with a traceback or with 1."""
    (tmp_path / "no.pem").write_text("nothing")
    options = [*stack, "--direction", "inbound"]
    run("certificate", str(tmp_path / "no.pem"), *options).could_not_run("holds no certificate")
    run("certificate", str(tmp_path / "missing.pem"), *options).could_not_run("cannot be read")
    run("certificate", str(tmp_path / "no.pem"), *options, "--update-baseline").could_not_run("--baseline")
    run("certificate", str(tmp_path / "no.pem"), *stack).could_not_run("--direction")
    pem = _pem(tmp_path / "x.pem", issued(NAME, None, now=NOW))
    run("certificate", str(pem), *options, "--roots", str(tmp_path / "no.pem")).could_not_run("no PEM certificates")


def test_a_stack_with_wrong_declarations(run: Run, tmp_path: Path, stack: tuple[str, ...]) -> None:
    """Failing: a certificate is judged against a declaration that Pulumi refuses."""
    file = Path(stack[-1]) / "stacks" / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("certificateName: mail.fabrikam.com", "certificateNam: mail.fabrikam.com"))
    (tmp_path / "m.eml").write_text(message(m.BORDER_TLS))
    run("message", str(tmp_path / "m.eml"), *stack).could_not_run("partners[0]")


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: an option has no help, or `verify` is not registered."""
    for subcommand in ("message", "traffic", "certificate", "service"):
        assert main(["verify", subcommand, "--help"]) == 0
        assert "Exit codes" in capsys.readouterr().out
    assert main(["verify"]) == 2
