"""The JSON Schema that editors complete stack files from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from exchange_online.connectors import Direction
from regulated_partners.partners import read_partner, read_stack
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.schema import FILE, main, schema
from tests.regulated_partners.partners.declared import FABRIKAM, fabrikam

ROOT = Path(__file__).parents[3]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
PREFIX = "regulated-partners:"


def refusals(**settings: object) -> list[str]:
    """What the schema says against a stack file with these settings."""
    config = {"config": {f"{PREFIX}{name}": value for name, value in settings.items()}}
    return [error.json_path for error in Draft202012Validator(schema()).iter_errors(config)]


def test_the_file_is_current() -> None:
    """A failure means that editors complete from older models: run `python -m regulated_partners.partners.schema`."""
    done = subprocess.run(
        [sys.executable, "-m", "regulated_partners.partners.schema", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_old_file_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure means that the check above is green whatever the file holds."""
    copy = tmp_path / FILE.name
    copy.write_text(FILE.read_text(encoding="utf-8").replace("certificateName", "certName", 1), encoding="utf-8")
    monkeypatch.setattr("regulated_partners.partners.schema.FILE", copy)
    assert main(["--check"]) == 1
    assert (
        capsys.readouterr().err
        == "stack.schema.json is not what the models say: run python -m regulated_partners.partners.schema\n"
    )
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_outside_of_a_project_it_says_so(tmp_path: Path) -> None:
    """Failing: who installed the package, and starts this anywhere, reads a traceback about a file of ours."""
    command = [sys.executable, "-m", "regulated_partners.partners.schema"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("run this in the directory of a project.\n")
    (tmp_path / "stacks").mkdir()
    subprocess.run(command, cwd=tmp_path, check=True)
    assert (tmp_path / "stacks" / FILE.name).read_text(encoding="utf-8") == FILE.read_text(encoding="utf-8")


def test_it_is_a_valid_schema() -> None:
    """A failure means that an editor ignores the schema."""
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_our_own_stacks_are_accepted(path: Path) -> None:
    """A failure means that the examples are wrong, or that the schema refuses what works."""
    text = path.read_text(encoding="utf-8")
    stack: dict[str, Any] = yaml.safe_load(text)
    assert list(Draft202012Validator(schema()).iter_errors(stack)) == []
    assert text.startswith("# yaml-language-server: $schema=stack.schema.json\n")
    declared = read_stack(stack["config"])
    assert [str(finding) for finding in declared.findings] == []
    assert declared.partners


def test_there_are_stacks() -> None:
    """A failure means that the test above looked at nothing."""
    assert {path.name for path in STACKS} >= {"Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.production.yaml"}


#: Declarations whose shape both the schema and the models refuse, and the place that the schema shows.
MISSHAPEN: list[tuple[dict[str, Any], str]] = [
    (fabrikam("name"), ""),
    (fabrikam("domains"), ""),
    (fabrikam(name=5), ".name"),
    (fabrikam(name=""), ".name"),
    (fabrikam(domains=[]), ".domains"),
    (fabrikam(domains="fabrikam.com"), ".domains"),
    (fabrikam(domains=[True]), ".domains[0]"),
    (fabrikam(enabled="yes"), ".enabled"),
    (fabrikam(comment=5), ".comment"),
    (fabrikam(domain=["a.com"]), ""),
    (fabrikam(inbound="forceTls"), ".inbound"),
    (fabrikam(inbound={"connectionSecurity": "tls"}), ".inbound.connectionSecurity"),
    (fabrikam(inbound={"restrictDomainsBy": "ip"}), ".inbound.restrictDomainsBy"),
    (fabrikam(inbound={"senderIpAddress": []}), ".inbound"),
    (fabrikam(inbound={"settings": {"efUsers": 5}}), ".inbound.settings.efUsers"),
    (fabrikam(outbound={"connectionSecurity": "forceTls"}), ".outbound.connectionSecurity"),
    (fabrikam(outbound={"smartHosts": "mx.a.com"}), ".outbound.smartHosts"),
    (fabrikam(outbound={"tlsDomain": ["a.com"]}), ".outbound.tlsDomain"),
    (fabrikam(outbound={"settings": {"smtpDaneMode": [1]}}), ".outbound.settings.smtpDaneMode"),
]


@pytest.mark.parametrize(("declared", "place"), MISSHAPEN)
def test_what_the_models_refuse_by_shape_the_editor_refuses_too(declared: dict[str, Any], place: str) -> None:
    """A failure means that an editor shows no line under a mistake which stops the deployment."""
    assert read_partner(declared)[0] is None
    assert refusals(partners=[declared]) == [f"$.config['{PREFIX}partners'][0]{place}"]


def test_everything_that_can_be_declared_is_accepted() -> None:
    """A failure means that an editor underlines what works."""
    declared = fabrikam(
        comment="SEC-1",
        enabled=False,
        adoptExisting=True,
        protect=True,
        aliases=["Old name"],
        inbound={
            "name": "From Fabrikam",
            "comment": "a",
            "connectionSecurity": "opportunisticTls",
            "restrictDomainsBy": "ipAddresses",
            "senderIpAddresses": ["192.0.2.1"],
            "certificateName": None,
            "settings": {"efSkipLastIp": True, "efUsers": ["a@b.com"], "trustedOrganizations": None},
        },
        outbound={
            "connectionSecurity": "recipientCertificateMatchesDomain",
            "tlsDomain": "in.fabrikam.com",
            "smartHosts": ["mx.fabrikam.com"],
            "validationRecipients": ["a@fabrikam.com"],
            "settings": {"smtpDaneMode": "None"},
        },
    )
    assert read_partner(declared)[0] is not None
    assert refusals(partners=[declared], cloud="gcc-high", tenant="t", clientId="c", protect=False) == []


@pytest.mark.parametrize("direction", Direction)
def test_connectors_beside_the_partners_are_described_too(direction: Direction) -> None:
    """A failure means that an editor neither completes nor checks adopted connectors."""
    domains = "senderDomains" if direction is Direction.INBOUND else "recipientDomains"
    right: dict[str, Any] = {"name": "C", domains: ["a.com"], "comment": None, "protect": True, "aliases": ["B"]}
    key = KEYS[direction]
    assert refusals(**{key: [right]}) == []
    for wrong in ({**right, "name": 5}, {**right, domains: "a.com"}, {**right, "x": 1}, {domains: ["a.com"]}):
        assert len(refusals(**{key: [wrong]})) == 1, wrong
    assert len(refusals(**{key: [{**right, "connectorType": "Hybrid"}]})) == 1


def test_clouds_and_lists_have_their_shape() -> None:
    """A failure means that an editor accepts a cloud that does not exist."""
    assert refusals(cloud="germany") == [f"$.config['{PREFIX}cloud']"]
    assert refusals(partners=FABRIKAM) == [f"$.config['{PREFIX}partners']"]


@pytest.mark.parametrize("name", ["partnres", "Cloud", "x"])
def test_a_misspelled_setting_is_marked(name: str) -> None:
    """Failing: an editor completes settings, and shows nothing where a misspelled one removes every partner."""
    assert refusals(**{name: []}) == ["$.config"]
    others = {"config": {"acme:partnres": 1, "pulumi:tags": {}, f"{PREFIX}partners": []}}
    assert list(Draft202012Validator(schema()).iter_errors(others)) == []


@pytest.mark.parametrize("name", [f"{PREFIX}partners", "partners", "Config", "encryptionSalt", "x"])
def test_what_pulumi_does_not_read_is_marked(name: str) -> None:
    """Failing: an editor shows nothing where a lost indentation hides every partner (A58c)."""
    own = {"config": {f"{PREFIX}partners": []}, "environment": ["e"], "encryptionsalt": "v1", "encryptedkey": "x"}
    assert list(Draft202012Validator(schema()).iter_errors({**own, "secretsprovider": "passphrase"})) == []
    assert [error.json_path for error in Draft202012Validator(schema()).iter_errors({**own, name: []})] == ["$"]
    nested: dict[str, Any] = {"config": {"regulated-partners": {"partners": []}}}
    assert [error.json_path for error in Draft202012Validator(schema()).iter_errors(nested)] == ["$.config"]
