"""The provider plugins that a program's installed packages need, from their `pulumi-plugin.json`.

Source: the plugin file of a Pulumi SDK package (`resource`, `name`, `version`, `server`, `parameterization`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable

from pulumi.runtime.proto import plugin_pb2

from .packages import InstalledPackage


def required_packages(packages: Iterable[InstalledPackage]) -> list[plugin_pb2.PackageDependency]:
    """One dependency for each package that says it comes with a resource plugin. An unreadable file is left out:
    the engine then finds the plugin when the program first uses it, or says that it is missing."""
    found = []
    for package in packages:
        try:
            plugin = json.loads(package.plugin or "null")
        except ValueError:
            continue
        if isinstance(plugin, dict) and plugin.get("resource"):
            found.append(_dependency(package, plugin))
    return found


def _dependency(package: InstalledPackage, plugin: dict[str, object]) -> plugin_pb2.PackageDependency:
    name = str(plugin.get("name") or re.sub(r"[-_.]+", "-", package.name).lower().removeprefix("pulumi-"))
    dependency = plugin_pb2.PackageDependency(
        name=name,
        kind="resource",
        version=_with_v(str(plugin.get("version") or package.version)),
        server=str(plugin.get("server") or ""),
    )
    parameterization = plugin.get("parameterization")
    if isinstance(parameterization, dict):
        dependency.parameterization.CopyFrom(
            plugin_pb2.PackageParameterization(
                name=str(parameterization.get("name", "")),
                version=str(parameterization.get("version", "")),
                value=base64.b64decode(str(parameterization.get("value", ""))),
            )
        )
    return dependency


def _with_v(version: str) -> str:
    return version if version.startswith("v") else f"v{version}"
