"""The exit codes of the command: pipelines act on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a subcommand ended."""

    FINE = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2
    """Wrong usage, or something stopped it before it could say anything."""
