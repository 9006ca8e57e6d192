"""The root certificates that a `verify` command trusts."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import RootsError, load_roots


def read_roots(path: Path | None) -> tuple[x509.Certificate, ...]:
    """The root certificates of a PEM file; certifi's unless given. Raises CannotRunError."""
    try:
        return load_roots(path)
    except RootsError as error:
        raise CannotRunError(str(error)) from None
