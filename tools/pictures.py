"""The pictures of README.md, as `regulated-partners report` draws them for two of the example partners."""

from __future__ import annotations

import tempfile
from pathlib import Path

from regulated_partners.evidence import as_svg
from tests.regulated_partners.evidence.examples import broken

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
#: One of whom everything is proven, and one of whom nearly everything is contradicted.
_SHOWN = ("Fabrikam Bank", "Humongous Insurance")


def drawings() -> dict[Path, str]:
    """Each picture, and what its file has to hold."""
    with tempfile.TemporaryDirectory() as folder:
        partners = {partner.name: partner for partner in broken(Path(folder)).partners}
    return {FOLDER / f"{name.lower().replace(' ', '-')}.svg": as_svg(partners[name]) for name in _SHOWN}
