"""Why a command could not do what it was asked for.

The texts are for the person who reads a terminal or a log: what, where, why, what to do. Standard library only: the
set-up shows them before anything is installed.
"""

from __future__ import annotations


class CannotRunError(Exception):
    """The command was not started, or could not be finished."""


class InstallError(CannotRunError):
    """No way to get a tool worked, or the cache cannot be used."""


class RouteError(InstallError):
    """One way of getting a tool did not work: one sentence of what was tried, and what to install or set."""
