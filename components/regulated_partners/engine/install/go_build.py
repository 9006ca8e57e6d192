"""Third way: a build from Pulumi's released Go module, pinned and verified by go.mod and go.sum."""

from __future__ import annotations

import shutil
from pathlib import Path

from regulated_partners.engine.install.cli import cli_version
from regulated_partners.engine.install.errors import RouteError
from regulated_partners.engine.install.go_command import go
from regulated_partners.engine.install.pin import GO_MODULE, HERE, Version

SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
#: The two scripts of the SDK module that belong beside the CLI.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
VERSION_VARIABLE = f"{SDK_MODULE}/go/common/version.Version"
BUILT = ("pulumi", *(Path(script).name for script in SCRIPTS))


def build_from_source(version: Version, into: Path) -> None:
    """Builds the CLI and puts it and the SDK module's two scripts into a directory: minutes when nothing is cached.

    Raises RouteError when there is no Go, a module cannot be had, or the build fails.
    """
    go(
        [
            *("build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", "osusergo,grpcnotrace"),
            *("-ldflags", f"-s -w -X {VERSION_VARIABLE}=v{version}"),
            *("-o", str(into / "pulumi"), f"{GO_MODULE}/cmd/pulumi"),
        ],
        HERE,
        f"Building the Pulumi CLI {version} from its Go module: up to 8 minutes the first time, on two cores.",
    )
    module = Path(go(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE], HERE).strip())
    for script in SCRIPTS:
        target = into / Path(script).name
        try:
            shutil.copyfile(module / script, target)
        except OSError as error:
            raise RouteError(f"build from the Go module: {SDK_MODULE} lacks {script} ({error.strerror}).") from None
        target.chmod(0o755)
    if cli_version(into / "pulumi") != version:
        raise RouteError(f"build from the Go module: the built pulumi does not run here as version {version}.")
