"""`verify partner` as a user starts it, against the servers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.regulated_partners.conftest import Ended
from tests.support.engine import ROOT
from tests.verify_servers.world import NAME, World

Run = Callable[..., Ended]

#: Name, and the rest of the declaration.
_PARTNERS: dict[str, dict[str, object]] = {
    "Good Bank": {"domains": ["fabrikam.test"]},
    "Late Bank": {"domains": ["expired.fabrikam.test"]},
    "Lenient Bank": {
        "domains": ["self-signed.fabrikam.test", "*.self-signed.fabrikam.test"],
        "outbound": {"connectionSecurity": "selfSignedCertificate"},
    },
    "Wild Bank": {"domains": ["*.good.fabrikam.test"]},
    "Closed Bank": {"domains": ["silent.fabrikam.test"]},
    "Relayed Bank": {
        "domains": ["nothere.fabrikam.test"],
        "outbound": {"smartHosts": ["mx-good.fabrikam.test", "mx-wildcard.fabrikam.test"]},
    },
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose stack `dev` declares the partners."""
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    (project / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    partners = [{"name": name, "certificateName": NAME, **rest} for name, rest in _PARTNERS.items()]
    content = {"config": {"regulated-partners:cloud": "local", "regulated-partners:partners": partners}}
    (project / "stacks" / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content))
    return project


@pytest.fixture
def run(world: World, project: Path, tmp_path: Path) -> Run:
    """Runs `verify partner` on the project; `online=False` leaves out what leads to the servers."""

    def start(*arguments: str, online: bool = True) -> Ended:
        options = ["--roots", str(world.roots), "--stack", "dev", "--cwd", str(project)]
        if online:
            options += ["--resolver", world.resolver, "--port", str(world.port)]
            options += ["--https-port", str(world.https_port), "--timeout", "5"]
        done = subprocess.run(
            [sys.executable, "-m", "regulated_partners", "verify", "partner", *arguments, *options],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return start


def test_a_sound_partner(run: Run) -> None:
    """Failing: the command alarms for a partner with whom everything works, or shows nothing that proves it."""
    ended = run("Good Bank").succeeded()
    for words in ("PASSED", "TLSv1.3", "mail.fabrikam.test", "DANE is valid at every server", "2 passed"):
        assert words in ended.stdout, ended.stdout
    assert "Probing server addresses: 1" in ended.stderr


def test_a_partner_whose_certificate_expired(run: Run) -> None:
    """Failing: a pipeline is green, and mail bounces; or nobody learns who must act."""
    ended = run("Late Bank")
    assert ended.exit_code == 1
    text = " ".join(ended.stdout.split())
    assert "FAILED mx-expired.fabrikam.test [127.0.21.2]" in text
    assert "Who must act: partner." in text
    assert "450 4.4.317 Cannot connect to remote server [Message=CertificateExpired]" in text


def test_a_partner_who_cannot_be_reached(run: Run) -> None:
    """Failing: where port 25 is closed the partner is blamed, or counts as proven."""
    ended = run("Closed Bank")
    assert ended.exit_code == 2
    assert "NOT REACHABLE FROM HERE" in ended.stdout
    assert "--from" in ended.stdout


def test_the_example_stack(world: World, tmp_path: Path) -> None:
    """Failing: what the README shows is not what the command says about the example partners."""
    command = [
        sys.executable,
        "-m",
        "regulated_partners",
        "verify",
        "partner",
        "--all",
        "--stack",
        "dev",
        "--cwd",
        str(ROOT),
    ]
    command += ["--roots", str(world.roots), "--resolver", world.resolver, "--port", str(world.port)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    text = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stderr
    assert "PASSED mail.fabrikam.com [127.0.21.17]" in text
    assert "450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject:" in text
    assert "verify partner: 8 passed, 1 failed" in text


def test_all_partners_as_json(run: Run) -> None:
    """Failing: a pipeline cannot read the result, or a partner is left out."""
    ended = run("--all", "--json")
    assert ended.exit_code == 1
    verdicts = {(each["partner"], each["kind"], each["subject"]): each for each in ended.document["judgements"]}
    assert {partner for partner, _, _ in verdicts} == set(_PARTNERS)
    relayed = [key for key in verdicts if key[0] == "Relayed Bank"]
    assert ("Relayed Bank", "domain", "smart hosts") in relayed
    assert len(relayed) == 3
    server = next(each for key, each in verdicts.items() if key[:2] == ("Lenient Bank", "server"))
    assert server["verdict"] == "passed"
    assert server["transcript"][0].startswith("S: 220 ")
    assert server["notAfter"]


def test_a_wildcard_is_said_to_be_represented(run: Run) -> None:
    """Failing: an operator believes that every subdomain was looked at."""
    said = "Subdomains with other servers were not probed"
    assert said in " ".join(run("Wild Bank").succeeded().stdout.split())
    assert said not in " ".join(run("Lenient Bank").succeeded().stdout.split())


def test_a_probe_made_elsewhere(run: Run, tmp_path: Path) -> None:
    """Failing: where port 25 is closed there is no way to a verdict."""
    probe = tmp_path / "probe.json"
    here = run("Good Bank", "Late Bank", "--save-probe", str(probe), "--json")
    there = run("Good Bank", "Late Bank", "--from", str(probe), "--json", online=False)
    assert there.exit_code == here.exit_code == 1
    wanted = [(each["subject"], each["verdict"]) for each in here.document["judgements"]]
    assert [(each["subject"], each["verdict"]) for each in there.document["judgements"]] == wanted
    assert there.stderr == ""
    assert all(each["facts"][0]["name"] == "probe made" for each in there.document["judgements"])


def test_a_probe_of_other_declarations(run: Run, tmp_path: Path) -> None:
    """Failing: a partner whom the probe does not hold counts as proven."""
    probe = tmp_path / "probe.json"
    run("Good Bank", "--save-probe", str(probe)).succeeded()
    ended = run("Late Bank", "--from", str(probe), online=False)
    assert ended.exit_code == 1
    assert "The probe holds nothing about expired.fabrikam.test" in " ".join(ended.stdout.split())


@pytest.mark.parametrize("content", ["", "{}", "[1, 2", '{"format": 2, "started": "2026-01-01T00:00:00Z"}', "\x00\xff"])
def test_a_file_that_is_no_probe(run: Run, tmp_path: Path, content: str) -> None:
    """Failing: a wrong file ends in a traceback, or in a verdict."""
    probe = tmp_path / "probe.json"
    probe.write_text(content)
    run("Good Bank", "--from", str(probe), online=False).could_not_run("is no probe of this command")


def test_the_baseline_reports_changes(run: Run, tmp_path: Path) -> None:
    """Failing: the MX record moves to another provider, and nobody notices before mail is refused."""
    baseline = tmp_path / "baseline.json"
    run("Good Bank", "--baseline", str(baseline)).succeeded()
    kept = json.loads(baseline.read_text())
    assert {key.rpartition(" / ")[2] for key in kept["entries"]} == {"fabrikam.test", "mail.fabrikam.test"}
    for entry in kept["entries"].values():
        if entry["mx"]:
            entry["mx"] = ["mx.elsewhere.test"]
        else:
            entry["certificate"] |= {"issuer": "CN=Another", "sha256": "0" * 64}
    baseline.write_text(json.dumps(kept))
    ended = run("Good Bank", "--baseline", str(baseline), "--fail-on", "warning")
    text = " ".join(ended.stdout.split())
    assert ended.exit_code == 1
    assert "The MX record of fabrikam.test changed" in text
    assert "The certificate's issuer changed" in text


def test_evidence_and_metrics(run: Run, tmp_path: Path) -> None:
    """Failing: an auditor gets no record of what was seen, or monitoring no metric."""
    files = {name: tmp_path / name for name in ("run.md", "run.json", "run.prom", "run.xml")}
    options = ["--evidence", str(files["run.md"]), "--evidence", str(files["run.json"])]
    run("Late Bank", *options, "--prometheus", str(files["run.prom"]), "--junit", str(files["run.xml"]))
    assert "C: STARTTLS" in files["run.md"].read_text()
    assert json.loads(files["run.json"].read_text())["verdict"] == "failed"
    assert 'verdict="failed"} 1' in files["run.prom"].read_text()
    assert ElementTree.parse(files["run.xml"]).getroot().get("failures") == "1"  # noqa: S314 - a file of our own


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name the partners to verify, or write --all"),
        (["Good Bank", "--all"], "name the partners to verify, or write --all"),
        (["God Bank"], "Did you mean 'Good Bank'?"),
        (["Good Bank", "--from", "missing.json"], "cannot be read"),
        (["Good Bank", "--save-probe", "no/folder/probe.json"], "cannot be written"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], words: str) -> None:
    """Failing: the person who mistyped gets a traceback instead of a sentence."""
    ended = run(*arguments)
    assert ended.exit_code == 2
    assert words in " ".join(ended.stderr.replace("│", " ").split())
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("resolver", ["nonsense", "127.0.0.1:99999", "[::1"])
def test_a_resolver_that_is_none(run: Run, resolver: str) -> None:
    """Failing: a mistyped resolver ends in a traceback."""
    ended = run("Good Bank", "--resolver", resolver, online=False)
    ended.could_not_run("is no resolver")
