"""A stack as its settings file and the project file describe it: what is known before the engine runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import yaml

from exchange_online.names import PACKAGE
from regulated_partners.errors import CannotRunError
from regulated_partners.names import PREFIX
from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.placement import absent, misplaced, with_namespace
from regulated_partners.partners.settings import StackSettings, read_settings
from regulated_partners.partners.shared_partners import project_root
from regulated_partners.partners.stack import DeclaredStack, read_stack
from regulated_partners.partners.yaml_text import first_document, load, why_not

#: Settings that the plugin's provider has too, below its own namespace and with the same meaning. Of a program that
#: declares its connectors with the plugin they are all that its stack file says.
OF_THE_PLUGIN = (
    "authority",
    "caBundle",
    "clientId",
    "clientSecret",
    "cloud",
    "concurrentCalls",
    "host",
    "knownWays",
    "managedIdentity",
    "ownershipMark",
    "scope",
    "tenant",
)


@dataclass(frozen=True)
class StackFile:
    """A stack of a project.

    Attributes:
        root: the directory of Pulumi.yaml.
        path: the settings file.
        name: as given, possibly organization/project/stack.
        project: the project's name.
        text: the settings file, character by character.
        config: the settings by their names with namespace; those of the project file count where the stack has none.
        secrets_provider: `secretsprovider`, None when not set. Source: Pulumi stack settings file reference.
        backend_url: `backend.url` of the project file, None when not set.
        virtualenv: `runtime.options.virtualenv` of the project file, None when not set.
        program: the file that the engine runs, if it is Python.
        environments: whether it takes settings from environments (Pulumi ESC), which only the engine can read.
    """

    root: Path
    path: Path
    name: str
    project: str
    text: str
    config: Mapping[str, object]
    secrets_provider: str | None
    backend_url: str | None
    virtualenv: str | None
    program: Path
    environments: bool = False

    def key(self, name: str) -> str:
        """How a setting is called in this stack, with its namespace: the plugin has some of them under its own."""
        native = f"{PACKAGE}:{name}"
        theirs = name in OF_THE_PLUGIN and native in self.config and PREFIX + name not in self.config
        return native if theirs else PREFIX + name

    @cached_property
    def settings(self) -> StackSettings:
        """The settings; those that are wrong are left out, and said by `declared`."""
        return read_settings(self._settled)[0]

    @property
    def _settled(self) -> Mapping[str, object]:
        keys = {name: self.key(name) for name in OF_THE_PLUGIN}
        return {**self.config, **{PREFIX + name: self.config[key] for name, key in keys.items() if key in self.config}}

    @cached_property
    def declared(self) -> DeclaredStack:
        """The partners and connectors that it declares, judged."""
        return read_stack(self.config, self.root, self.project)

    def spelled(self, setting: str) -> str:
        """How the file spells a setting, whose name with namespace is given: Pulumi knows three ways."""
        config = _inner(load(self.text) or {}, "config")
        return next((key for key in config if with_namespace(key, self.project) == setting), setting)

    def config_in(self, text: str) -> dict[str, object]:
        """The settings by their names with namespace, if the file had this text."""
        return _config(self.path, load(text) or {}, self.project)

    @property
    def config_bytes(self) -> int:
        """How much the program gets of it at the least: each setting a text, all of them one JSON document.

        What is encrypted is not counted, because nobody knows here how long it is. Source: the variable PULUMI_CONFIG
        of pulumi-language-python; measured.
        """
        texts = {name: value if isinstance(value, str) else _compact(value) for name, value in self.config.items()}
        return len(_compact(texts).encode())

    @property
    def undeclared(self) -> DeclarationFinding | None:
        """What to say where it does not say which partners it has; the program of one's own may know them."""
        if self.environments:
            return None
        return absent(self.config, self.declared.findings, self.text, named(self.path, self.root))


def _compact(value: object) -> str:
    """As the engine writes JSON."""
    return json.dumps(_shown(value), ensure_ascii=False, separators=(",", ":"), default=str)


def _shown(value: object) -> object:
    if isinstance(value, dict):
        return "" if value.keys() == {"secure"} else {str(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def read_stack_file(directory: Path | None, stack: str) -> StackFile:
    """The stack of the project that a directory lies in.

    Args:
        directory: the project's or one below it; the current directory unless given.
        stack: the stack's name, possibly organization/project/stack.

    Raises:
        CannotRunError: where project or stack are not found, or a file is not what it should be; where the cloud is
            none that there is, because such a stack must not pass for a local one, which has a passphrase and an
            emulator of its own.
    """
    start = directory or Path.cwd()
    root = project_root(start)
    if root is None:
        raise CannotRunError(
            f"There is no Pulumi.yaml in {start.resolve()} or above it: run the command in the project's directory, or "
            "name that with --cwd."
        )
    project = _mapping(root / "Pulumi.yaml", _text(root / "Pulumi.yaml"))
    path = settings_path(root, project, stack)
    if not path.is_file():
        known = _names(path.parent)
        raise CannotRunError(
            f"There is no stack {stack}: {path} does not exist. Stacks of this project: {', '.join(known) or 'none'}. "
            "Choose one with --stack (make: STACK=…), or copy a settings file to make a new one."
        )
    text = _text(path)
    settings = _mapping(path, text)
    name = str(project.get("name") or "")
    if wrong := misplaced(text, named(path, root), name):
        raise CannotRunError("\n".join(map(str, wrong)))
    found = StackFile(
        root=root,
        path=path,
        name=stack,
        project=name,
        text=text,
        config={**_defaults(root / "Pulumi.yaml", project, name), **_config(path, settings, name)},
        secrets_provider=_word(settings.get("secretsprovider")),
        backend_url=_word(_inner(project, "backend").get("url")),
        virtualenv=_word(_inner(_inner(project, "runtime"), "options").get("virtualenv")),
        program=_program(root / (_word(project.get("main")) or ".")),
        environments=bool(settings.get("environment")),
    )
    if of_cloud := [finding for finding in read_settings(found._settled)[1] if finding.path == _CLOUD]:
        own = [replace(finding, path=found.key("cloud")) for finding in of_cloud]
        errors = [*own, *(error for error in found.declared.errors if error.path != _CLOUD)]
        raise CannotRunError("\n".join(f"{named(path, root)}: {error}" for error in errors))
    _refuse_two_tenants(found)
    return found


def _refuse_two_tenants(stack: StackFile) -> None:
    """The commands look at one tenant: of the program's classes and of the plugin's provider it must be the same."""
    given = stack.config
    theirs = sorted(key for key in given if key.startswith(f"{PACKAGE}:"))
    if theirs and not {_CLOUD, f"{PACKAGE}:cloud"} & given.keys():
        raise CannotRunError(
            f"{named(stack.path, stack.root)} has {theirs[0]} and no {PACKAGE}:cloud, so nobody knows which cloud the "
            f"tenant is in: set it."
        )
    for name in ("cloud", "tenant"):
        one, other = (str(given.get(prefix + name) or "").strip().casefold() for prefix in (PREFIX, f"{PACKAGE}:"))
        if one and other and one != other:
            raise CannotRunError(
                f"{named(stack.path, stack.root)} has {PREFIX}{name}: {one} and {PACKAGE}:{name}: {other}. A command "
                "looks at one tenant: make the two the same, or two stacks of them."
            )


def stack_names(directory: Path | None) -> tuple[str, ...]:
    """The stacks of the project that a directory lies in, which have a settings file; none where there is no project.

    Args:
        directory: as in `read_stack_file`.
    """
    root = project_root(directory or Path.cwd())
    if root is None:
        return ()
    project = _mapping(root / "Pulumi.yaml", _text(root / "Pulumi.yaml"))
    return tuple(_names(settings_path(root, project, "").parent))


def _names(folder: Path) -> list[str]:
    return sorted(found.name[len("Pulumi.") : -len(".yaml")] for found in folder.glob("Pulumi.*.yaml"))


_CLOUD = f"{PREFIX}cloud"


def settings_path(root: Path, project: Mapping[str, object], stack: str) -> Path:
    """Where the settings of a stack stand. Source: Pulumi project file reference, stackConfigDir."""
    return root / str(project.get("stackConfigDir") or ".") / f"Pulumi.{stack.rsplit('/', 1)[-1]}.yaml"


def written_settings(stack: str, project: str) -> tuple[dict[str, object], str, str]:
    """The settings file of a stack as a program may find it: its settings, its text, and what to call it.

    Nothing is said of what cannot be found or read: the engine may have read another file, and it has the say.
    """
    root = project_root(Path.cwd())
    if root is None:
        return {}, "", _SOME_FILE
    try:
        described = _mapping(root / "Pulumi.yaml", _text(root / "Pulumi.yaml"))
        if described.get("name") != project:
            # A program of the Automation API may run anywhere.
            return {}, "", _SOME_FILE
        path = settings_path(root, described, stack)
        text = _text(path)
        content = first_document(text)
        config = _config(path, content if isinstance(content, dict) else {}, project)
    except (CannotRunError, yaml.YAMLError):
        return {}, "", _SOME_FILE
    return config, text, named(path, root)


#: What a settings file is called that was not found.
_SOME_FILE = "the stack's settings file"


def named(path: Path, root: Path) -> str:
    """A file of a project, as its readers call it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise CannotRunError(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None


def _mapping(path: Path, text: str) -> dict[str, object]:
    try:
        content = load(text)
    except yaml.YAMLError as error:
        raise CannotRunError(f"{path} is not valid YAML:{why_not(error)}.") from None
    return content if isinstance(content, dict) else {}


def _config(path: Path, content: Mapping[str, object], project: str) -> dict[str, object]:
    """The settings of a file; Pulumi takes a name without namespace for one of the project's own."""
    config = content.get("config")
    if config is not None and not isinstance(config, dict):
        raise CannotRunError(f"{path}: config is not a mapping; write 'name: value' lines below it.")
    return {with_namespace(str(key), project): value for key, value in (config or {}).items()}


def _defaults(path: Path, content: Mapping[str, object], project: str) -> dict[str, object]:
    """Source: Pulumi project file reference, config: a plain value, or one with `value` or `default`."""
    found = {}
    for key, value in _config(path, content, project).items():
        given = value.get("value", value.get("default")) if isinstance(value, dict) else value
        if given is not None:
            found[key] = given
    return found


def _program(main: Path) -> Path:
    """Source: Pulumi project file reference, main: a directory or a file."""
    return main if main.suffix == ".py" else main / "__main__.py"


def _inner(content: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
