"""Variables that a pipeline's runner sets."""

from __future__ import annotations

from collections.abc import Mapping

from regulated_partners.errors import CannotRunError


def needed(environ: Mapping[str, str], name: str, advice: str = "it is set by the service that runs the job") -> str:
    """The value of a variable. Raises CannotRunError with `advice` when it is not set or empty."""
    value = environ.get(name, "").strip()
    # Azure DevOps leaves `$(Name)` where a variable does not exist.
    if not value or value.startswith("$("):
        raise CannotRunError(f"The variable {name} is not set: {advice}.")
    return value
