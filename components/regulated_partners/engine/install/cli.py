"""Asks a Pulumi CLI for its version."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from regulated_partners.engine.install.pin import Version

TIMEOUT_SECONDS = 30


def cli_version(executable: Path | str) -> Version | None:
    """The version that an executable prints for `pulumi version`; None when it prints none or does not run.

    Source: `pulumi version` prints v3.259.0; a development build adds to it.
    """
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [str(executable), "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env=environment,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Version.parse(answer.stdout)
