"""What the build of the wheel adds to the packages: the files that `regulated-partners new` makes a project of."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: The working copy is such a project itself, so they stand in its root, once (cli/new.py).
TEMPLATE = ("Pulumi.yaml", "__main__.py", "stacks", "policies", "pipelines")


class Template(BuildHookInterface[Any]):
    """Run by hatchling, as pyproject.toml says."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install, which reads them where they are, gets no copies."""
        if version == "standard":
            build_data["force_include"].update({name: f"regulated_partners/template/{name}" for name in TEMPLATE})
