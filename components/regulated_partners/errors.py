"""Why a subcommand could not run."""

from __future__ import annotations


class CannotRunError(Exception):
    """The text is for the person who reads the log: what, where, why, what to do."""
