"""A stack as its settings file and the project file describe it."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_online.admin_api import settings_from
from regulated_partners.adopt import with_declarations
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import StackFile, read_stack, read_stack_file, setting_names
from regulated_partners.partners.stack_file import OF_THE_PLUGIN
from tests.regulated_partners.partners.declared import FABRIKAM


def stack(root: Path, text: str, project: str = "name: acme-mail\nruntime: python\n") -> StackFile:
    """The stack `dev` of a project."""
    (root / "Pulumi.yaml").write_text(project, encoding="utf-8")
    (root / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    return read_stack_file(root, "dev")


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("config:\n  regulated-partners:partners: []\n", True),
        ("", True),
        ("config:\n", True),
        ("config: {'regulated-partners:cloud': local}", True),
        ("config: {'regulated-partners:cloud': commercial}", False),
    ],
)
def test_a_stack_without_a_cloud_is_local(tmp_path: Path, text: str, local: bool) -> None:
    """Failing: the provider treats a stack as local, and the command asks where its state is (PU-24)."""
    found = stack(tmp_path, text)
    assert (found.settings.local, found.settings.protects) == (local, not local)


@pytest.mark.parametrize("default", ["commercial", "{value: commercial}", "{default: commercial, description: x}"])
def test_the_project_file_may_say_what_stacks_do_not(tmp_path: Path, default: str) -> None:
    """Failing: a cloud that the project file sets for all stacks is local for the command, which starts an emulator."""
    project = f"name: x\nruntime: python\nconfig:\n  regulated-partners:cloud: {default}\n"
    assert not stack(tmp_path, "config: {}", project).settings.local
    assert stack(tmp_path, "config: {'regulated-partners:cloud': local}", project).settings.local


@pytest.mark.parametrize(
    ("config", "local"),
    [
        ("{'exchange-online:cloud': local}", True),
        ("{'exchange-online:cloud': commercial, 'exchange-online:tenant': contoso.example}", False),
        ("{'exchange-online:cloud': china, 'regulated-partners:cloud': china}", False),
    ],
)
def test_a_stack_of_the_plugin_says_its_tenant_in_the_plugins_words(tmp_path: Path, config: str, local: bool) -> None:
    """Failing: `inventory` and `drift` of a program in another language look at the emulator, and find all well."""
    found = stack(tmp_path, f"config: {config}")
    assert found.settings.local is local
    assert found.key("tenant") == ("exchange-online:tenant" if "tenant" in config else "regulated-partners:tenant")
    assert found.settings.tenant == ("contoso.example" if "tenant" in config else None)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            "{'exchange-online:cloud': dod, 'regulated-partners:cloud': china}",
            "regulated-partners:cloud: china and exchange-online:cloud: dod",
        ),
        (
            "{'exchange-online:cloud': dod, 'exchange-online:tenant': a, 'regulated-partners:tenant': b}",
            "regulated-partners:tenant: b and exchange-online:tenant: a",
        ),
        ("{'exchange-online:tenant': a}", "has exchange-online:tenant and no exchange-online:cloud"),
        (
            "{'exchange-online:cloud': Commercial}",
            "exchange-online:cloud: there is no cloud 'Commercial'",
        ),
    ],
)
def test_two_tenants_in_one_file_are_refused(tmp_path: Path, config: str, words: str) -> None:
    """Failing: a stack in the middle of its migration is looked at in one tenant and deployed in the other."""
    with pytest.raises(CannotRunError, match=words):
        stack(tmp_path, f"config: {config}")


def test_what_the_plugin_shares_is_what_a_connection_is_made_of() -> None:
    """Failing: a new setting of the connection counts for the plugin, and no command knows it."""
    asked: list[str] = []

    def setting(name: str) -> None:
        asked.append(name)

    settings_from(setting)
    assert {*asked, "knownWays", "ownershipMark"} == set(OF_THE_PLUGIN) <= set(setting_names())


def test_it_is_found_from_below_with_its_partners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: a command works only in one directory, or reads the shared file from another one than the program."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "partners.yaml").write_text(f"partners: [{FABRIKAM!r}]", encoding="utf-8")
    stack(tmp_path, "config: {'regulated-partners:partnersFile': partners.yaml}")
    monkeypatch.chdir(tmp_path / "infra")
    found = read_stack_file(None, "organization/acme-mail/dev")
    assert (found.root, found.project) == (tmp_path, "acme-mail")
    assert [pair.name for pair in found.declared.pairs] == ["Fabrikam Bank"]
    assert found.declared.findings == ()


def test_settings_under_the_projects_own_name_are_refused(tmp_path: Path) -> None:
    """Failing: `adopt` and `verify` see a stack without partners, because they stand under the project's name."""
    (finding,) = stack(tmp_path, "config:\n  partners: []\n").declared.errors
    assert str(finding).startswith("acme-mail:partners: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("config: [1]", "config is not a mapping"),
        ("config: {a: 1, a: 2}", "the key 'a' stands here a second time"),
        ("\udcff", "it is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    """Failing: a slip in the file ends in a traceback, or half of the file counts."""
    stack(tmp_path, "")
    (tmp_path / "Pulumi.dev.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CannotRunError, match=r"Pulumi\.dev\.yaml.*" + words.replace("it is", "is")):
        read_stack_file(tmp_path, "dev")


@pytest.mark.parametrize(
    ("cloud", "words"),
    [
        ("Local", r"there is no cloud 'Local'; did you mean local\?"),
        ("Commercial", r"there is no cloud 'Commercial'; did you mean commercial\?"),
        ("azure", "there is no cloud 'azure'; write one of local, commercial, gcc-high, dod, china"),
        ("[local]", "a list is not a text"),
        ("true", "true is not a text"),
    ],
)
def test_a_cloud_that_there_is_not_is_no_local_stack(tmp_path: Path, cloud: str, words: str) -> None:
    """Failing: a misspelled cloud gives a real stack a made-up passphrase and an emulator, and what is said is that its
    own passphrase is wrong (E34)."""
    with pytest.raises(CannotRunError, match=rf"Pulumi\.dev\.yaml: regulated-partners:cloud: {words}") as caught:
        stack(tmp_path, f"config:\n  regulated-partners:cloud: {cloud}\n  regulated-partners:partners: [x]\n")
    assert "partners[0]: 'x' is not a mapping" in str(caught.value)


@pytest.mark.parametrize("text", ["", "config:\n", "config:\n  regulated-partners:cloud:\n"])
def test_no_cloud_is_the_local_one_everywhere(tmp_path: Path, text: str) -> None:
    """Failing: a stack file without a cloud is local for the program and not for the command (A01, A02)."""
    assert stack(tmp_path, text).settings.local


def test_a_directory_without_a_project_is_a_sentence(tmp_path: Path) -> None:
    """Failing: the command that is run in the wrong directory ends in a traceback."""
    with pytest.raises(CannotRunError, match=r"There is no Pulumi\.yaml in .* or above it"):
        read_stack_file(tmp_path, "dev")


@pytest.mark.parametrize("key", ["partners", "regulated-partners:config:partners", "regulated-partners:partners"])
def test_a_setting_is_found_in_each_spelling(tmp_path: Path, key: str) -> None:
    """Failing: a list without the namespace counts for the engine and not for a command (E32), or `adopt` writes a
    second one beside it, of which one does not count."""
    project = "name: regulated-partners\nruntime: python\n"
    found = stack(tmp_path, f"config:\n  {key}:\n    - {FABRIKAM!r}\n", project)
    assert [partner.name for partner in found.declared.partners] == ["Fabrikam Bank"]
    other = {"name": "Own", "domains": ["own.com"], "certificateName": "mail.own.com"}
    added = with_declarations(found.text, {found.spelled("regulated-partners:partners"): [other]})
    declared = read_stack(found.config_in(added))
    assert [partner.name for partner in declared.partners] == ["Fabrikam Bank", "Own"]
    assert declared.findings == ()
