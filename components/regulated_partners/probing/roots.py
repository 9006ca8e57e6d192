"""The root certificates that a chain may end in.

What Exchange Online trusts is documented as "a trusted CA" only. The roots of Mozilla, as certifi carries them, stand
in for it; a list of the Microsoft Trusted Root Program (CCADB) can be given instead. Source: tls-verification 2.3.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Sequence
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

_LARGEST = 32 * 1024 * 1024


class RootsError(Exception):
    """Roots that cannot be read. The text is a sentence."""


def load_roots(path: Path | None) -> tuple[x509.Certificate, ...]:
    """The root certificates of a PEM file; certifi's unless given. Raises RootsError."""
    source = Path(certifi.where()) if path is None else path
    try:
        with source.open("rb") as file:
            data = file.read(_LARGEST)
        with warnings.catch_warnings():
            # Old roots have faults that cryptography warns of, such as a serial number of 0, yet they are trusted.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return tuple(x509.load_pem_x509_certificates(data))
    except OSError as error:
        raise RootsError(f"The roots {source} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise RootsError(f"{source} holds no PEM certificates, so nothing can be trusted by it.") from None


def web_context(roots: Sequence[x509.Certificate]) -> ssl.SSLContext:
    """TLS settings of a client of the web that trusts these roots."""
    text = "".join(each.public_bytes(Encoding.PEM).decode("ascii") for each in roots)
    return ssl.create_default_context(cadata=text)
