"""Stacks of the native face: a program that uses the plugin of this working copy, as Pulumi.yaml of a user names it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from exchange_online_emulator import ConnectionFile
from tests.support.engine import ROOT, Project

Declared = dict[str, Any]

PROGRAM = Path(__file__).parent / "programs" / "native.py"
PLUGIN = ROOT / "providers" / "plugin"

#: The type tokens, which states hold.
INBOUND, OUTBOUND = "exchange-online:index:InboundConnector", "exchange-online:index:OutboundConnector"
PARTNER = "exchange-online:index:RegulatedPartner"

FABRIKAM: Declared = {
    "domains": ["fabrikam.com", "*.fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1234",
}


def use_native(project: Project) -> None:
    """Makes it a program of the plugin's; the project has no `refresh: always` any more."""
    project.use_program(PROGRAM)
    name_plugin(project)


def name_plugin(project: Project, path: Path = PLUGIN) -> None:
    """Writes the plugin into Pulumi.yaml, and nothing that looks for drift.

    Args:
        path: the plugin's folder, or one that holds the command `pulumi-resource-exchange-online`.
    """
    file = project.directory / "Pulumi.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content.pop("options", None)
    content["plugins"] = {"providers": [{"name": "exchange-online", "path": str(path)}]}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def use_environment_of_its_own(project: Project) -> None:
    """A virtual environment for the project, into which the CLI installs; what is there already it need not fetch."""
    folder = project.directory / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = Path("lib") / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (folder / site / "beside.pth").write_text(f"{Path(sys.prefix) / site}\n", encoding="utf-8")
    (project.directory / "requirements.txt").write_text("pulumi>=3.259,<4\n", encoding="utf-8")
    file = project.directory / "Pulumi.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["runtime"]["options"] = {"toolchain": "pip", "virtualenv": "venv"}
    content.pop("plugins", None)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    # Source: pip, Configuration; `--no-build-isolation` is on where its variable is off.
    project.set_variables(PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0")


def declare(project: Project, *resources: Mapping[str, Any], **settings: object) -> None:
    """Writes the stack file: what the program declares, and settings of the default provider; `cloud` is local."""
    values: dict[str, Any] = {
        f"exchange-online:{name}": value for name, value in {"cloud": "local", **settings}.items()
    }
    values = {name: value for name, value in values.items() if value is not None}
    values["test:resources"] = [dict(resource) for resource in resources]
    content = {"config": values, **project.secrets_settings()}
    project.stack_file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def inbound(name: str, domain: str, **more: Any) -> Declared:
    """An inbound connector; the resource is called as the connector is."""
    options, properties = _split(more)
    declared = {"name": name, "senderDomains": [domain], **properties}
    return {"type": "InboundConnector", "name": name, "properties": declared, **options}


def outbound(name: str, domain: str, **more: Any) -> Declared:
    """An outbound connector; the resource is called as the connector is."""
    options, properties = _split(more)
    declared = {"name": name, "recipientDomains": [domain], "tlsSettings": "CertificateValidation", **properties}
    return {"type": "OutboundConnector", "name": name, "properties": declared, **options}


def partner(name: str, resource: str = "", **more: Any) -> Declared:
    """A partner; its resource has its name unless another is given."""
    options, properties = _split(more)
    named = {"name": name} if resource else {}
    return {"type": "RegulatedPartner", "name": resource or name, "properties": {**named, **properties}, **options}


def provider(name: str, of: ConnectionFile) -> Declared:
    """A provider with nothing from the environment: where the emulator is reached, and who signs in to which tenant."""
    properties = {
        "cloud": "commercial",
        "host": of.url,
        "authority": of.authority,
        "scope": of.scope,
        "caBundle": str(of.ca_bundle),
        "tenant": of.tenant,
        "clientId": of.client_id,
        "clientSecret": of.client_secret,
    }
    return {"type": "Provider", "name": name, "properties": properties}


def _split(more: Mapping[str, Any]) -> tuple[Declared, Declared]:
    """Options of the resource are those that no property is called."""
    names = {
        *("provider", "alias", "timeouts", "id", "import_", "ignore_changes", "protect", "additional_secret_outputs"),
        *("replace_on_changes", "delete_before_replace", "retain_on_delete"),
    }
    return (
        {key: value for key, value in more.items() if key in names},
        {key: value for key, value in more.items() if key not in names},
    )


def resources(project: Project, token: str) -> dict[str, Any]:
    """What the state has of a type, by resource name."""
    found = project.export()["deployment"]["resources"]
    return {entry["urn"].rpartition("::")[2]: entry for entry in found if entry["type"] == token}
