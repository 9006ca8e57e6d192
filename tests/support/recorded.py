"""Facts recorded from the documentation, from live tenants and from the peers' tests; tests replay them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "data"


def recorded(name: str) -> Any:
    """The content of `tests/data/<name>.json`."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
