"""Partners that several stacks share, and what is different in each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from regulated_partners.partners import DeclaredStack, read_stack
from tests.regulated_partners.partners.declared import settings

ROOT = Path(__file__).parents[3]
SCHEMAS = ("partners.schema.json", "stack.schema.json")

FILE = """
partners:
  - name: Fabrikam Bank
    domains: [fabrikam.com]
    certificateName: mail.fabrikam.com
    comment: yes
    outbound: {validationRecipients: [postmaster@fabrikam.com]}
  - name: Woodgrove Hospital
    domains: [woodgrove.org]
    certificateName: "*.woodgrove.org"
"""


def stack(directory: Path, text: str = FILE, **named: object) -> DeclaredStack:
    """The stack with this shared file and these settings."""
    (directory / "partners.yaml").write_text(text, encoding="utf-8")
    return read_stack(settings(**{"partnersFile": "partners.yaml", **named}), directory)


def said(declared: DeclaredStack) -> list[str]:
    return [str(finding) for finding in declared.findings]


def test_all_of_the_file_and_the_stacks_own(tmp_path: Path) -> None:
    """A failure means that a partner of the file or of the stack is missing, and its connectors are removed."""
    own = {"name": "Own", "domains": ["own.com"], "certificateName": "mail.own.com"}
    declared = stack(tmp_path, partners=[own])
    assert said(declared) == []
    assert [partner.name for partner in declared.partners] == ["Fabrikam Bank", "Woodgrove Hospital", "Own"]
    assert declared.partners[0].comment == "yes", "`yes` is a text, as in a stack file"


def test_an_override_changes_what_it_names(tmp_path: Path) -> None:
    """A failure means that a stack has the other stack's settings, or loses what it did not override."""
    override = {"enabled": False, "comment": None, "outbound": {"connectionSecurity": "trustedCertificationAuthority"}}
    declared = stack(tmp_path, partnerOverrides={"fabrikam bank": override})
    assert said(declared) == []
    bank, hospital = declared.partners
    assert (bank.enabled, bank.comment) == (False, None)
    assert bank.outbound.connection_security == "trustedCertificationAuthority"
    assert bank.outbound.validation_recipients == ("postmaster@fabrikam.com",)
    assert hospital.enabled


def test_a_partner_is_left_out(tmp_path: Path) -> None:
    """A failure means that a test environment talks to a partner that it must not talk to."""
    declared = stack(tmp_path, leaveOut=["Woodgrove Hospital"])
    assert [partner.name for partner in declared.partners] == ["Fabrikam Bank"]
    assert said(declared) == []


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, "partners.yaml: partners[1].domains[0]: "),
        ({"leaveOut": ["Fabrikam Bank"]}, "partners.yaml: partners[1].domains[0]: "),
        ({"partnerOverrides": {"Woodgrove Hospital": {"comment": "x"}}}, "partners.yaml: partners[1].domains[0]: "),
        (
            {"partnerOverrides": {"Woodgrove Hospital": {"domains": ["x"]}}},
            "partnerOverrides.Woodgrove Hospital.domains[0]: ",
        ),
        (
            {"partnerOverrides": {"Fabrikam Bank": {"inbound": {"restrictDomainsBy": "nothing"}}}},
            "partnerOverrides.Fabrikam Bank.inbound.restrictDomainsBy: ",
        ),
        (
            {"partners": [{"name": "Own", "domains": ["x"], "certificateName": "mail.own.com"}]},
            "partners[0].domains[0]: ",
        ),
    ],
)
def test_findings_say_where_the_value_stands(tmp_path: Path, named: dict[str, Any], expected: str) -> None:
    """A failure means that somebody looks for a mistake in the wrong file."""
    declared = stack(tmp_path, FILE.replace("[woodgrove.org]", "[woodgrove]"), **named)
    assert any(text.startswith(expected) for text in said(declared)), said(declared)


def test_a_text_names_the_other_place_too(tmp_path: Path) -> None:
    """A failure means that `belongs to partners[0]` sends the reader to the wrong list."""
    own = {"name": "Own", "domains": ["fabrikam.com"], "certificateName": "mail.own.com"}
    (text,) = said(stack(tmp_path, partners=[own]))
    assert text.startswith("partners[0].domains[0]: fabrikam.com belongs to partners.yaml: partners[0] (Fabrikam Bank)")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "partners.yaml: it has no list of partners"),
        ("partners:", "partners.yaml: partners is not a list"),
        ("partner: []", "partners.yaml: only 'partners' may stand in it, and there is partner"),
        ("partners: [", "partners.yaml: it is not valid YAML in line 1"),
        ("partners:\n  - {name: A, name: B}", "partners.yaml: it is not valid YAML in line 2: the key 'name' stands"),
    ],
)
def test_a_file_that_says_nothing_is_an_error(tmp_path: Path, text: str, expected: str) -> None:
    """A failure means that an empty or broken file removes every connector of every stack."""
    declared = stack(tmp_path, text)
    assert [str(error).startswith(expected) for error in declared.errors] == [True], said(declared)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A failure means that a renamed file removes every connector."""
    declared = read_stack(settings(partnersFile="stacks/partners.yaml"), tmp_path)
    assert [error.path for error in declared.errors] == ["stacks/partners.yaml"]
    assert "a path from the project's directory" in str(declared.errors[0])


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"partnerOverrides": {"Fabrikan Bank": {}}}, "partnerOverrides.Fabrikan Bank: the shared file has no partner"),
        ({"leaveOut": ["Woodgrove"]}, "leaveOut[0]: the shared file has no partner 'Woodgrove'; did you mean"),
        ({"partnerOverrides": {"Fabrikam Bank": None}}, "partnerOverrides.Fabrikam Bank: this is not a mapping"),
        ({"partnerOverrides": {"Fabrikam Bank": {"name": "X"}}}, "partnerOverrides.Fabrikam Bank.name: an override"),
        ({"partnerOverrides": []}, "partnerOverrides: this is not a mapping"),
        ({"leaveOut": "Fabrikam Bank"}, "leaveOut: this is not a list"),
        ({"leaveOut": [5]}, "leaveOut[0]: 5 is not a text; put it into quotation marks."),
        ({"leaveOut": ["2024-01-31 00:00:00 +0000 UTC"]}, "leaveOut[0]: 2024-01-31 is a point in time to YAML"),
        (
            {"partnerOverrides": {"2024-01-31 00:00:00 +0000 UTC": {}}},
            "partnerOverrides.2024-01-31 00:00:00 +0000 UTC: 2024-01-31 is a point in time to YAML",
        ),
        ({"partners": "x"}, "partners: this is not a list"),
        ({"partnersFile": ["x"]}, "partnersFile: this is not a path"),
        ({"partnersFile": None, "leaveOut": ["Fabrikam Bank"]}, "leaveOut: it speaks of the partners of a shared file"),
    ],
)
def test_a_misspelled_name_is_an_error(tmp_path: Path, named: dict[str, Any], expected: str) -> None:
    """A failure means that an override that was meant for a partner is silently ignored."""
    declared = stack(tmp_path, **named)
    assert any(str(error).startswith(expected) for error in declared.errors), said(declared)


def test_the_guide_and_the_schemas_agree_with_the_program(tmp_path: Path) -> None:
    """A failure means that what the guide shows does not work, or that an editor marks it as wrong."""
    guide = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    file, staging, bounded = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    config = yaml.safe_load(staging)["config"]
    named = {name.removeprefix("regulated-partners:"): value for name, value in config.items()}
    declared = stack(tmp_path, file, **{**named, "partnersFile": "partners.yaml"})
    assert said(declared) == []
    assert [(partner.name, partner.enabled) for partner in declared.partners] == [("Fabrikam Bank", False)]

    known = {name: json.loads((ROOT / "stacks" / name).read_text(encoding="utf-8")) for name in SCHEMAS}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(content)) for name, content in known.items()
    )
    of_file, of_stack = (Draft202012Validator(known[name], registry=registry) for name in SCHEMAS)
    assert list(of_file.iter_errors(yaml.safe_load(file))) == []
    assert list(of_stack.iter_errors(yaml.safe_load(staging))) == []
    assert list(of_stack.iter_errors(yaml.safe_load(bounded))) == []
    assert list(of_file.iter_errors({"partners": [{"name": "A", "domain": ["a.com"]}]}))
    assert list(of_stack.iter_errors({"config": {"regulated-partners:partnerOverrides": {"A": {"name": "B"}}}}))


def test_a_stack_without_a_file_is_as_before(tmp_path: Path) -> None:
    """A failure means that stacks which share nothing are read differently."""
    own = {"name": "Own", "domains": ["x"], "certificateName": "mail.own.com"}
    assert [error.path for error in read_stack(settings(partners=[own]), tmp_path).errors] == ["partners[0].domains[0]"]
