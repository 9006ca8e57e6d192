"""A probe as a file: made where port 25 is open, judged here."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.seen import Probe

_LARGEST = 512 * 1024 * 1024


def read_probe(path: Path) -> Probe:
    """Reads a file that `--save-probe` wrote. Raises CannotRunError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        raise CannotRunError(f"The probe {path} cannot be read: {error.strerror}.") from None
    try:
        return Probe.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise CannotRunError(
            f"{path} is no probe of this command: at {where}: {first['msg']}. Make it with `regulated-partners verify "
            "partner --save-probe FILE`, of the same version."
        ) from None


def write_probe(path: Path, probe: Probe) -> None:
    """Writes the file that `--from` reads. Raises CannotRunError."""
    try:
        path.write_text(probe.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotRunError(
            f"The probe {path} cannot be written: {error.strerror}. Name a file in a directory that exists."
        ) from None
