"""Reads the recorded plans."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from regulated_partners.engine.previews import read_preview, read_saved_plan
from regulated_partners.review import Review, review_of

PLANS = Path(__file__).parent / "plans"
TODAY = datetime.date(2026, 11, 22)


def document(name: str) -> Any:
    """The content of `plans/<name>.json`."""
    return json.loads((PLANS / f"{name}.json").read_text(encoding="utf-8"))


def reviewed(name: str, today: datetime.date = TODAY) -> Review:
    """The review of a recorded preview."""
    return review_of(read_preview(document(name)), today)


def reviewed_plan(name: str, today: datetime.date = TODAY) -> Review:
    """The review of a recorded saved plan with its state."""
    return review_of(read_saved_plan(document(f"{name}.plan"), document(f"{name}.state")), today)
