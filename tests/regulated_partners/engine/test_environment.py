"""The environment of the Pulumi CLI: which stacks are given defaults, and which are refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from regulated_partners.engine.environment import stack_variables
from regulated_partners.engine.pulumi_cli import Operation, commands
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import read_stack_file

REMOTE = "azblob://state?storage_account=bank"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: regulated-partners\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    declare(tmp_path, "dev", "config:\n  regulated-partners:cloud: local\n")
    declare(tmp_path, "production", "config:\n  regulated-partners:cloud: commercial\n")
    return tmp_path


def declare(root: Path, stack: str, content: str) -> None:
    (root / "stacks" / f"Pulumi.{stack}.yaml").write_text(content, encoding="utf-8")


def variables(root: Path, stack: str, **environment: str) -> dict[str, str]:
    return stack_variables(read_stack_file(root, stack), {"PULUMI_HOME": str(root / "home"), **environment})


def test_local_stack_needs_nothing(root: Path) -> None:
    """Failing means that `make up` on a fresh clone asks for a backend or a passphrase."""
    found = variables(root, "dev")
    assert found["PULUMI_BACKEND_URL"] == f"file://{root}/.state?metadata=skip"
    assert (root / ".state").is_dir()
    assert found["PULUMI_CONFIG_PASSPHRASE"]
    assert found["PATH"].startswith(f"{sys.prefix}/bin")


def test_local_stack_keeps_what_the_user_set(root: Path) -> None:
    """Failing means that the user's own backend or passphrase is overridden without a word."""
    found = variables(root, "dev", PULUMI_BACKEND_URL=REMOTE, PULUMI_CONFIG_PASSPHRASE_FILE="/run/secret")
    assert "PULUMI_BACKEND_URL" not in found
    assert "PULUMI_CONFIG_PASSPHRASE" not in found
    assert "PULUMI_CONFIG_PASSPHRASE" not in variables(root, "dev", PULUMI_CONFIG_PASSPHRASE="")


def test_no_other_stack_is_given_a_backend(root: Path) -> None:
    """Failing means that production's state is put into a working copy, and the next run creates everything anew."""
    with pytest.raises(
        CannotRunError, match=r"production is not local.*set PULUMI_BACKEND_URL .*or run `pulumi login`"
    ):
        variables(root, "production")


def test_no_other_stack_is_given_a_passphrase(root: Path) -> None:
    """Failing means that production's secrets are encrypted with a passphrase that everyone can read here."""
    with pytest.raises(CannotRunError, match="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE") as caught:
        variables(root, "production", PULUMI_BACKEND_URL=REMOTE)
    assert "storage_account" not in str(caught.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"PULUMI_BACKEND_URL": REMOTE, "PULUMI_CONFIG_PASSPHRASE": "x"},
        {"PULUMI_BACKEND_URL": REMOTE, "PULUMI_CONFIG_PASSPHRASE_FILE": "/run/secret"},
        {"PULUMI_BACKEND_URL": "https://api.example.invalid"},
        {"PULUMI_ACCESS_TOKEN": "x"},
    ],
)
def test_other_stack_with_its_surroundings_is_left_alone(root: Path, environment: dict[str, str]) -> None:
    """Failing means that a correctly set-up pipeline is refused, or that something is added to it."""
    found = variables(root, "production", **environment)
    assert not [name for name in found if name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE")]


def test_secrets_provider_of_the_stack_file_is_enough(root: Path) -> None:
    """Failing means that a stack with a key vault is refused, or is created with a passphrase instead."""
    declare(root, "production", "secretsprovider: azurekeyvault://v.vault.azure.net/keys/k\nconfig: {}\n")
    variables(root, "production", PULUMI_BACKEND_URL=REMOTE)
    select, _ = commands(Operation.UP, read_stack_file(root, "production"), [])
    assert select[-2:] == ["--secrets-provider", "azurekeyvault://v.vault.azure.net/keys/k"]


def test_backend_of_the_project_file_or_the_login_counts(root: Path) -> None:
    """Failing means that someone who ran `pulumi login` is told to run it."""
    (root / "home").mkdir()
    (root / "home" / "credentials.json").write_text('{"current": "https://api.example.invalid"}', encoding="utf-8")
    variables(root, "production")
    (root / "home" / "credentials.json").unlink()
    with (root / "Pulumi.yaml").open("a", encoding="utf-8") as file:
        file.write(f"backend:\n  url: {REMOTE}\n")
    variables(root, "production", PULUMI_CONFIG_PASSPHRASE="x")


def test_unknown_stack_is_named_with_those_there_are(root: Path) -> None:
    """Failing means that a typing error makes a new, empty stack."""
    with pytest.raises(CannotRunError, match=r"no stack prodction.*Stacks of this project: dev, production\."):
        read_stack_file(root, "prodction")


def test_qualified_name_finds_its_file(root: Path) -> None:
    """Failing means that `organization/regulated-partners/dev` is not found."""
    assert read_stack_file(root, "organization/regulated-partners/dev").settings.local


@pytest.mark.parametrize("content", ["config: [unclosed", "\t- x"])
def test_broken_stack_file_is_a_sentence(root: Path, content: str) -> None:
    """Failing means that a slip in the YAML ends in a traceback."""
    declare(root, "dev", content)
    with pytest.raises(CannotRunError, match=r"Pulumi\.dev\.yaml is not valid YAML: .*line 1"):
        read_stack_file(root, "dev")


def test_only_up_and_preview_make_a_stack(root: Path) -> None:
    """Failing means that looking for drift, or destroying, makes a stack in the wrong backend."""
    stack = read_stack_file(root, "dev")
    creating = {operation for operation in Operation if "--create" in commands(operation, stack, [])[0]}
    assert creating == {Operation.UP, Operation.PREVIEW}
