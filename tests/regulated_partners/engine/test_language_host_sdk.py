"""SDKs in Python from the language host: made by the generator, linked into a project; real ones in tests/engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulated_partners.engine.install.go_tools import GENERATOR as TOOL
from regulated_partners.engine.install.go_tools import TOOLS, YAML
from regulated_partners.engine.install.pinned import pinned_version
from regulated_partners.engine.language_host.generating import (
    GENERATOR,
    GenerationError,
    generate_package,
    link_packages,
)
from tests.regulated_partners.engine.installing import script


def test_without_the_generator_it_says_what_to_do(tmp_path: Path) -> None:
    """Failing, `pulumi package add` ends in `Method not implemented!`, or in a traceback."""
    with pytest.raises(GenerationError, match=r"no pulumi-generate on PATH.*--tool generator --link"):
        generate_package(str(tmp_path), "{}", {}, "", path=str(tmp_path))


def test_what_the_generator_refuses_is_said(tmp_path: Path) -> None:
    """Failing, a schema with a mistake gives an empty SDK, and the program that uses it fails later."""
    script(tmp_path / GENERATOR, "cat >/dev/null; echo 'no such type' >&2; exit 1")
    with pytest.raises(GenerationError, match="The SDK was not generated: no such type"):
        generate_package(str(tmp_path / "out"), json.dumps({"name": "x"}), {}, "", path=f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize("before", ["", "pulumi>=3\n", "pulumi>=3", "pulumi>=3\nsdks/a-b\n"])
def test_an_sdk_is_linked_once(tmp_path: Path, before: str) -> None:
    """Failing, `pulumi package add` breaks the line before, or adds the SDK again whenever it is run."""
    (tmp_path / "requirements.txt").write_text(before, encoding="utf-8")
    module = tmp_path / "sdks" / "a-b" / "a_b"
    module.mkdir(parents=True)
    (module / "pulumi-plugin.json").touch()
    for _ in range(2):
        assert "  import a_b" in link_packages(tmp_path, {"sdks/a-b": "b"})
    lines = (tmp_path / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [*(["pulumi>=3"] if before else []), "sdks/a-b"]


def test_a_project_with_a_pyproject_is_told(tmp_path: Path) -> None:
    """Failing, a project that has no requirements.txt gets one that nobody reads."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert "Add sdks/a-b to the dependencies of pyproject.toml." in link_packages(tmp_path, {"sdks/a-b": "b"})
    assert not (tmp_path / "requirements.txt").exists()


def test_the_tools_are_pinned() -> None:
    """Failing, two machines build two different hosts, or a change of the generator's source builds none."""
    assert str(pinned_version(YAML.module / "go.mod", "github.com/pulumi/pulumi-yaml")) == "1.25.0"
    assert (YAML.module / "go.sum").is_file()
    assert (TOOL.module / TOOL.package / "main.go").is_file()
    assert len({tool.digest for tool in TOOLS.values()}) == len(TOOLS)
