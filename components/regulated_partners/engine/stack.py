"""A stack as its settings file describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from regulated_partners.engine.project import StackFile, read_stack_file
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.yaml_text import load

#: The namespace of the stack's settings.
PROJECT = "regulated-partners"


@dataclass(frozen=True)
class Stack:
    """A stack of this project.

    Attributes:
        root: the directory of Pulumi.yaml.
        file: what its settings file says about its surroundings.
        text: the settings file, character by character.
        config: the settings, by their names with namespace.
    """

    root: Path
    file: StackFile
    text: str
    config: Mapping[str, object]

    @property
    def name(self) -> str:
        return self.file.stack

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def secrets_provider(self) -> str | None:
        return self.file.secrets_provider

    @property
    def backend_url(self) -> str | None:
        return self.file.backend_url

    @property
    def local(self) -> bool:
        """Whether its tenant is the emulator, which it is where no cloud is named."""
        return self.setting("cloud") in (None, "local")

    def setting(self, name: str) -> object:
        """A setting of the project, None where there is none."""
        return self.config.get(f"{PROJECT}:{name}")

    @property
    def protects(self) -> bool:
        """Whether Pulumi refuses to delete its connectors: as the program decides (regulated_partners.protection)."""
        declared = self.setting("protect")
        if declared is None:
            return not self.local
        return declared is True or declared == "true"


def read_stack_settings(directory: Path | None, name: str) -> Stack:
    """The stack of the project that `directory` lies in; the current directory unless given.

    Raises:
        CannotRunError: where no project is found, or the stack's settings are missing or are no mapping.
    """
    root = project_root(directory or Path.cwd())
    file = read_stack_file(root, name)
    text = file.path.read_bytes().decode("utf-8")
    try:
        content = load(text)
    except yaml.YAMLError as error:
        raise CannotRunError(f"{file.path} is not valid YAML: {' '.join(str(error).split())}.") from None
    config = content.get("config") if isinstance(content, dict) else None
    if config is not None and not isinstance(config, dict):
        raise CannotRunError(f"{file.path}: config is not a mapping; write 'name: value' lines below it.")
    return Stack(root, file, text, {str(key): value for key, value in (config or {}).items()})


def project_root(directory: Path) -> Path:
    """The directory of Pulumi.yaml, which is `directory` or one above it. Raises CannotRunError."""
    start = directory.resolve()
    for candidate in (start, *start.parents):
        if (candidate / "Pulumi.yaml").is_file():
            return candidate
    raise CannotRunError(
        f"There is no Pulumi.yaml in {start} or above it: run the command in the project's directory, or name "
        "that with --cwd."
    )
