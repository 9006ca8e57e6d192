"""What the project file and a stack file say that matters before the engine runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from regulated_partners.errors import CannotRunError


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """The part of a stack's settings that decides about its surroundings.

    stack: the name as given, possibly organization/project/stack. path: the settings file.
    secrets_provider: `secretsprovider`, None when not set; Source: Pulumi stack settings file reference.
    backend_url: `backend.url` of the project file, None when not set.
    """

    stack: str
    path: Path
    secrets_provider: str | None
    backend_url: str | None


def read_stack_file(root: Path, stack: str) -> StackFile:
    """Reads Pulumi.yaml and the stack's settings file below `root`, the directory of the project.

    Raises CannotRunError when either is missing or not YAML.
    """
    project = _mapping(root / "Pulumi.yaml")
    directory = root / str(project.get("stackConfigDir") or ".")
    path = directory / f"Pulumi.{stack.rsplit('/', 1)[-1]}.yaml"
    if not path.is_file():
        known = sorted(found.name[len("Pulumi.") : -len(".yaml")] for found in directory.glob("Pulumi.*.yaml"))
        raise CannotRunError(
            f"There is no stack {stack}: {path} does not exist. Stacks of this project: {', '.join(known) or 'none'}. "
            "Choose one with STACK=<name>, or copy a settings file to make a new one."
        )
    settings = _mapping(path)
    backend = project.get("backend")
    return StackFile(
        stack=stack,
        path=path,
        secrets_provider=_text(settings.get("secretsprovider")),
        backend_url=_text(backend.get("url")) if isinstance(backend, dict) else None,
    )


def _mapping(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CannotRunError(f"{path} does not exist: this working copy is not complete.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        raise CannotRunError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    return content if isinstance(content, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
