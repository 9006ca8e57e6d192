"""Secret values: which they are, where they may stand, and what is made of a stack's file that holds them encrypted."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from regulated_partners.errors import CannotRunError
from regulated_partners.names import PREFIX
from regulated_partners.partners import read_stack_file, secret_places, secrets_of
from regulated_partners.partners.schema import schema
from regulated_partners.verify.declared import named_partners

SECURE = {"secure": "v1:abcdefgh:ciphertext"}
PARTNER: dict[str, Any] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com", "*.fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1234",
    "enabled": False,
    "outbound": {"smartHosts": ["mx1.fabrikam.com", "mx2.fabrikam.com"], "settings": {"smtpDaneMode": "None"}},
}
CONNECTOR: dict[str, Any] = {"name": "Raw in", "senderDomains": ["open.example"], "comment": "raw", "aliases": ["Old"]}


def replaced(value: Any, *path: str | int, by: object) -> Any:
    """A copy with another value at a path."""
    changed = copy.deepcopy(value)
    below = changed
    for step in path[:-1]:
        below = below[step]
    below[path[-1]] = by
    return changed


def config(**settings: object) -> dict[str, object]:
    return {PREFIX + name: value for name, value in settings.items()}


def as_engine_hands_on(settings: dict[str, object]) -> dict[str, object]:
    return {name: json.dumps(value) for name, value in settings.items()}


def test_the_secret_values_and_no_others() -> None:
    """Failing, a secret would be declared in the open, or a preview would show nothing of a partner any more."""
    filed = replaced(PARTNER, "comment", by=SECURE)
    filed = replaced(filed, "domains", 1, by=SECURE)
    filed = replaced(filed, "outbound", "smartHosts", 0, by=SECURE)
    whole = config(partners=[PARTNER, {**PARTNER, "name": "B", "aliases": ["A"]}], inboundConnectors=[CONNECTOR])
    found = secret_places(
        as_engine_hands_on(whole),
        config(
            partners=[filed, {**PARTNER, "name": "B", "aliases": ["A"]}],
            inboundConnectors=[{**CONNECTOR, "comment": SECURE}],
        ),
    )
    assert found.places == {
        "partners[0].comment",
        "partners[0].domains[1]",
        "partners[0].outbound.smartHosts[0]",
        "inboundConnectors[0].comment",
    }
    assert found.values == {"SEC-1234", "*.fabrikam.com", "mx1.fabrikam.com", "raw"}
    assert (found.refused, found.doubtful) == ((), ())
    assert secrets_of(found, whole) == {
        "partners": ({"comment", "domains", "outbound.smartHosts"}, frozenset()),
        "inboundConnectors": ({"comment"},),
        "outboundConnectors": (),
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "Fabrikam Bank"),
        (("enabled",), "false"),
        (("outbound", "settings", "smtpDaneMode"), "None"),
        (("aliases",), ["Old"]),
        (("acknowledge",), {"reason": "x", "expires": "2030-01-01"}),
    ],
)
def test_where_no_secret_can_be(path: tuple[str, ...], value: object) -> None:
    """Failing, a secret would be in a URN, or nobody could say what a partner's connectors do."""
    held = replaced(PARTNER, *path, by=value)
    found = secret_places(
        as_engine_hands_on(config(partners=[held])), config(partners=[replaced(PARTNER, *path, by=SECURE)])
    )
    (refused,) = found.refused
    assert refused.path.startswith(f"partners[0].{path[0]}")
    assert "a secret cannot stand here" in refused.text


@pytest.mark.parametrize(
    "filed",
    [
        pytest.param({}, id="no file, or an environment of Pulumi ESC"),
        pytest.param(config(partners=[PARTNER]), id="another file: nothing is secret in it"),
        pytest.param(config(partners=[{**PARTNER, "comment": SECURE}] * 2), id="more partners"),
        pytest.param(config(partners=[{**PARTNER, "comment": SECURE, "certificateName": "b.c"}]), id="another value"),
        pytest.param(config(partners=[{"name": "Fabrikam Bank", "comment": SECURE}]), id="less of a partner"),
    ],
)
def test_in_doubt_every_text_is_secret(filed: dict[str, object]) -> None:
    """Failing, a secret that the stack's file does not show would be declared in the open."""
    whole = config(partners=[PARTNER])
    found = secret_places(as_engine_hands_on(whole), filed)
    assert found.doubtful == ("partners",)
    assert found.refused == ()
    (secret,) = secrets_of(found, whole)["partners"]
    assert secret == {"comment", "domains", "certificateName", "outbound.smartHosts"}


def test_a_misspelled_name_is_said_as_such(project: Path) -> None:
    """Failing, somebody would look for why a secret cannot stand in `coment`, and not for the misspelling."""
    first = {**PARTNER, "coment": "x", "inbound": {"settings": {"efUser": "x"}}}
    filed = {**PARTNER, "coment": SECURE, "inbound": {"settings": {"efUser": SECURE}}}
    found = secret_places(as_engine_hands_on(config(partners=[first])), config(partners=[filed]))
    assert found.refused == ()
    assert found.places == {"partners[0].coment", "partners[0].inbound.settings.efUser"}
    write(project, partners=[filed], inboundConnectors=[{**CONNECTOR, "coment": SECURE}])
    errors = {error.path: error.text for error in read_stack_file(project, "dev").declared.errors}
    assert "did you mean comment" in errors["partners[0].coment"]
    assert "did you mean comment" in errors["inboundConnectors[0].coment"]
    assert "ciphertext" not in str(errors)


def test_a_list_that_is_one_secret() -> None:
    """Failing, names that somebody meant to be secret would be in URNs."""
    found = secret_places(as_engine_hands_on(config(partners=[PARTNER])), config(partners=SECURE))
    assert {finding.path for finding in found.refused} == {
        "partners[0].name",
        "partners[0].enabled",
        "partners[0].outbound.settings.smtpDaneMode",
    }


def test_a_secret_in_an_override(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing, a stack's own secret would be public because the partner stands in a shared file."""
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (tmp_path / "partners.yaml").write_text(yaml.safe_dump({"partners": [PARTNER, {**PARTNER, "name": "Bank No. 2"}]}))
    monkeypatch.chdir(tmp_path)
    override = {"bank no. 2": {"comment": "hidden", "inbound": {"certificateName": "in.fabrikam.com"}}}
    whole = config(partnersFile="partners.yaml", partnerOverrides=override)
    held = as_engine_hands_on(config(partnerOverrides=override))
    found = secret_places(held, config(partnerOverrides=replaced(override, "bank no. 2", "comment", by=SECURE)))
    assert found.places == {"partnerOverrides.bank no. 2.comment"}
    assert secrets_of(found, whole)["partners"] == (frozenset(), frozenset({"comment"}))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without a stack."""
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    return tmp_path


def write(project: Path, **settings: object) -> None:
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config(**settings)}))


def test_commands_without_the_engine_read_what_is_not_secret(project: Path) -> None:
    """Failing, `verify`, `adopt` and `review` would refuse a stack that `up` takes, or show ciphertext."""
    first = replaced(replaced(PARTNER, "comment", by=SECURE), "outbound", "smartHosts", 1, by=SECURE)
    second = {**PARTNER, "name": "B", "domains": [SECURE], "certificateName": SECURE}
    third = {**PARTNER, "name": "C", "domains": [SECURE, "c.example"], "comment": SECURE}
    write(project, partners=[first, second, third], inboundConnectors=[{**CONNECTOR, "comment": SECURE}])
    declared = read_stack_file(project, "dev").declared
    assert declared.errors == ()
    assert [pair.name for pair in declared.pairs] == ["Fabrikam Bank", "B", "C"]
    assert declared.pairs[0].secret == {"comment", "outbound.smartHosts"}
    assert declared.pairs[0].domains == ("fabrikam.com", "*.fabrikam.com")
    assert "comment" not in declared.pairs[0].inbound.inputs
    assert declared.pairs[1].secret == {"domains", "certificateName"}
    assert [connector.checked.unknown for connector in declared.connectors] == [{"comment"}]
    assert "ciphertext" not in repr((declared.pairs, declared.connectors, declared.findings))


def test_nothing_is_proven_about_a_secret(project: Path) -> None:
    """Failing, `verify` would look at a server that nobody declared, and say that all is well."""
    write(project, partners=[{**PARTNER, "comment": SECURE}, {**PARTNER, "name": "B", "domains": [SECURE]}])
    stack = read_stack_file(project, "dev")
    assert [pair.name for pair in named_partners(stack, ["Fabrikam Bank"])] == ["Fabrikam Bank"]
    for names in ((), ("b",)):
        with pytest.raises(CannotRunError, match="only the engine can read, so nothing was verified:\n  B: domains\n"):
            named_partners(stack, names)


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ({"partners": SECURE}, "partners", "all of it is one secret"),
        ({"partners": [{**PARTNER, "name": SECURE}]}, "partners[0].name", "a secret cannot stand here"),
        ({"partners": [{**PARTNER, "enabled": SECURE}]}, "partners[0].enabled", "a secret cannot stand here"),
        ({"inboundConnectors": [{**CONNECTOR, "name": SECURE}]}, "inboundConnectors[0].name", "a secret cannot stand"),
        (
            {"inboundConnectors": [{**CONNECTOR, "aliases": [SECURE]}]},
            "inboundConnectors[0].aliases",
            "a secret cannot",
        ),
        (
            {"inboundConnectors": [{**CONNECTOR, "secretProperties": ["comment"]}]},
            "inboundConnectors[0].secretProperties",
            "config set --secret --path",
        ),
        (
            {"partners": [replaced(PARTNER, "outbound", "settings", by={"secretProperties": ["comment"]})]},
            "partners[0].outbound.settings.secretProperties",
            "leave it out",
        ),
    ],
)
def test_a_secret_that_cannot_be_is_refused_without_the_engine_too(
    project: Path, settings: dict[str, object], path: str, words: str
) -> None:
    """Failing, a command would crash on a stack's file, or go by a declaration that `up` refuses."""
    write(project, **settings)
    errors = read_stack_file(project, "dev").declared.errors
    assert [error.path for error in errors] == [path]
    assert words in errors[0].text
    assert "ciphertext" not in str(errors[0])


def test_the_editor_takes_a_secret_where_one_can_be() -> None:
    """Failing, every secret would be underlined in the editor, or a secret name would not be."""
    validator = jsonschema.Draft202012Validator(schema())

    def valid(**settings: object) -> bool:
        return bool(validator.is_valid({"config": config(**settings)}))

    kept = replaced(replaced(PARTNER, "comment", by=SECURE), "domains", 0, by=SECURE)
    kept = replaced(kept, "outbound", "settings", by={"linkForModifiedConnector": SECURE})
    assert valid(partners=[kept], partnerOverrides={"x": {"certificateName": SECURE, "comment": None}})
    assert valid(inboundConnectors=[{**CONNECTOR, "comment": SECURE, "senderDomains": [SECURE]}])
    assert not valid(partners=[{**PARTNER, "name": SECURE}])
    assert not valid(partners=[{**PARTNER, "enabled": SECURE}])
    assert not valid(inboundConnectors=[{**CONNECTOR, "name": SECURE}])
