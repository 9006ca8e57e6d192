"""Declarations of the wrong shape: misspelled names, YAML's surprises, values of the wrong type."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from exchange_online.connectors import Direction
from regulated_partners.partners import read_partner
from regulated_partners.partners.declaration import Inbound
from tests.regulated_partners.partners.declared import FABRIKAM, accepted, fabrikam, said, sent

#: What is written in the file, and words of the finding by path. These are all the findings.
YAML: list[tuple[str, str, dict[str, str]]] = [
    ("a domain, taken for true", "domains: [on, fabrikam.com]", {"domains[0]": "true is not a text; put it into"}),
    ("a domain, taken for false", "domains: [no]", {"domains[0]": "false is not a text"}),
    ("a number for a name", "name: 4711", {"name": "4711 is not a text; put it into quotation marks."}),
    ("a number with a dot", "comment: 1.5", {"comment": "1.5 is not a text"}),
    ("a date", "comment: 2026-01-02", {"comment": "2026-01-02 is not a text"}),
    ("a base 60 number", "name: 12:30:45", {"name": "45045 is not a text"}),
    ("a list in a list", "domains: [[fabrikam.com]]", {"domains[0]": "a list is not a text"}),
    ("a mapping for an item", "domains:\n  - domain: fabrikam.com", {"domains[0]": "a mapping is not a text"}),
    ("null among domains", "domains: [fabrikam.com, null]", {"domains[1]": "null is not a text"}),
    ("a text for a list", "domains: fabrikam.com", {"domains": "write each item on a line of its own, after '- '"}),
    ("no domains", "domains: []", {"domains": "the list is empty; write at least one item."}),
    ("domains left empty", "domains:", {"domains": "the list is empty"}),
    ("name left empty", "name:", {"name": "null is not a text"}),
    ("empty name", 'name: ""', {"name": "the text is empty; write it."}),
    ("quoted true", 'enabled: "true"', {"enabled": "'true' is not true or false; write one"}),
    ("enabled left empty", "enabled:", {"enabled": "null is not true or false"}),
    ("one for true", "adoptExisting: 1", {"adoptExisting": "1 is not true or false"}),
    ("a text for a mapping", "inbound: forceTls", {"inbound": "'forceTls' is not a mapping; write 'name:"}),
    ("a list for a mapping", "outbound: [a]", {"outbound": "a list is not a mapping"}),
    ("a list for settings", "inbound: {settings: [a]}", {"inbound.settings": "a list is not a mapping"}),
    (
        "no such choice",
        "inbound: {connectionSecurity: forcedTls}",
        {"inbound.connectionSecurity": "'forcedTls' is none of its values; write one of 'forceTls' or"},
    ),
    (
        "a choice of the other direction",
        "inbound: {connectionSecurity: selfSignedCertificate}",
        {"inbound.connectionSecurity": "is none of its values"},
    ),
    (
        "the choice none, which YAML leaves a text, and null, which it does not",
        "inbound: {restrictDomainsBy: null}",
        {"inbound.restrictDomainsBy": "null is none of its values; write one of 'certificate',"},
    ),
    (
        "a number among the settings",
        "outbound: {settings: {smtpDaneMode: 1}}",
        {"outbound.settings.smtpDaneMode": "1 is not a text, true or false, or a list of texts"},
    ),
    (
        "settings named like the types of a reader of YAML",
        "inbound: {settings: {string: 1, boolean: {a: b}, tuple: [1]}}",
        {
            "inbound.settings.string": "1 is not",
            "inbound.settings.boolean": "a mapping is not",
            "inbound.settings.tuple[0]": "1 is not a text",
        },
    ),
    ("a name that YAML takes for true", "inbound: {settings: {on: a}}", {"inbound.settings.1": "is not a text"}),
    ("a number as name", "7: a", {"7": "a name is a text; put it into quotation marks."}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "written", "expected"), YAML, ids=[what for what, _, _ in YAML])
def test_surprises_of_yaml_are_explained(what: str, written: str, expected: dict[str, str]) -> None:
    """A failure means that somebody reads a validator's message, or finds the wrong line, for a slip in YAML."""
    found = said({**FABRIKAM, **yaml.safe_load(written)})
    assert found.keys() == expected.keys(), what
    for path, words in expected.items():
        assert words in found[path]


@pytest.mark.parametrize(
    ("where", "written", "meant"),
    [
        ("", "domain", "domains"),
        ("", "certificatName", "certificateName"),
        ("", "Domains", "domains"),
        ("", "in-bound", "inbound"),
        ("", "adoptExistng", "adoptExisting"),
        ("inbound", "connectionSecurty", "connectionSecurity"),
        ("inbound", "senderIPAddresses", "senderIpAddresses"),
        ("inbound", "restrictDomains", "restrictDomainsBy"),
        ("outbound", "smartHost", "smartHosts"),
        ("outbound", "tlsDomains", "tlsDomain"),
    ],
)
def test_a_misspelled_name_gets_a_suggestion(where: str, written: str, meant: str) -> None:
    """A failure means that a typing error silently falls back to a default, or takes long to find."""
    changed: dict[str, Any] = {where: {written: "x"}} if where else {written: "x"}
    path = f"{where}.{written}" if where else written
    assert said(fabrikam(**changed)) == {path: f"there is no such name here; did you mean {meant}?"}


@pytest.mark.parametrize("written", ["domain", "domainss", "Domains"])
def test_a_misspelled_name_is_not_missing_as_well(written: str) -> None:
    """A failure means two findings for one slip."""
    assert said(fabrikam("domains", **{written: ["fabrikam.com"]})).keys() == {written}


def test_names_like_no_other_get_the_list() -> None:
    """A failure means that somebody learns only that a name is wrong, and not which are right."""
    (text,) = said(fabrikam(string="x")).values()
    assert "the names are name, domains, certificateName," in text
    (text,) = said(fabrikam(inbound={"xyz": "x"})).values()
    assert "connectionSecurity, restrictDomainsBy" in text


@pytest.mark.parametrize(
    ("declared", "missing"),
    [({}, {"name", "domains"}), (fabrikam("name"), {"name"}), (fabrikam("domains"), {"domains"})],
)
def test_what_is_needed_is_asked_for(declared: dict[str, Any], missing: set[str]) -> None:
    """A failure means that an incomplete declaration is accepted, or that the question is not clear."""
    found = said(declared)
    assert {path for path, text in found.items() if text == "this is needed; write it."} == missing


@pytest.mark.parametrize(
    ("declared", "shown"), [(None, "null"), ("Fabrikam", "'Fabrikam'"), (5, "5"), ([], "a list"), (True, "true")]
)
def test_a_partner_is_a_mapping(declared: object, shown: str) -> None:
    """A failure means a traceback for `- ` with nothing behind it."""
    assert said(declared) == {"": f"{shown} is not a mapping; write 'name: value' lines."}


def test_a_long_value_is_shown_in_part() -> None:
    """A failure means that one wrong value floods the log."""
    (text,) = said(fabrikam(enabled="x" * 10_000)).values()
    assert len(text) < 200


def test_a_value_that_prints_itself_oddly_is_named_by_its_type() -> None:
    """A failure means that a Pulumi output in a program's declaration ends in a traceback, or shows an address."""

    class Output:
        def __deepcopy__(self, memo: object) -> object:
            raise TypeError("cannot be copied")

    assert said(fabrikam(certificateName=Output())) == {
        "certificateName": "this Output is not a text; put it into quotation marks."
    }


def test_braces_in_a_value_do_no_harm() -> None:
    """A failure means that a value is taken for a template of the message."""
    assert "'{x}'" in said(fabrikam(enabled="{x}"))["enabled"]


def test_names_in_pythons_spelling_are_understood() -> None:
    """A failure means that a program has to write the names of the stack file."""
    declared = {
        "name": "F",
        "domains": ["a.com"],
        "certificate_name": "b.com",
        "inbound": Inbound(certificate_name="c.com"),
    }
    assert sent(Direction.INBOUND, declared)["TlsSenderCertificateName"] == "c.com"
    assert sent(Direction.OUTBOUND, declared)["TlsDomain"] == "b.com"


def test_reading_leaves_the_declaration_as_it_was() -> None:
    """A failure means that a second look at the same file sees something else."""
    declared = fabrikam(inbound={"connectionSecurity": 1, "settings": {"a": 1}}, outbound={"x": 1})
    before = repr(declared)
    read_partner(declared)
    assert repr(declared) == before
    assert accepted(FABRIKAM).name == "Fabrikam Bank"
