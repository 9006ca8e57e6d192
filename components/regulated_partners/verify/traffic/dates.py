"""Days in reports: ISO 8601, and what exports in the language of a machine make of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection

#: Days of one file that are told apart: Exchange Online keeps 90.
MOST_DAYS = 2_000
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_OTHER = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})\b")


def day_text(value: str) -> str:
    """The part of a date and time that is the day, not yet understood."""
    text = value.strip().strip('"')
    return re.split(r"[T ,]", text, maxsplit=1)[0][:10]


def understood(texts: Collection[str]) -> tuple[dict[str, str], str]:
    """ISO days for the texts of one file, empty where there is none, and a remark, empty without need.

    Which of 03/04/2026 is the month one file says by its other days: one that is no month, or else the reading in which
    the days lie closer together, as those of a report do. What still can be read in two ways is month/day.
    """
    days = {text: _iso(text) for text in texts}
    open_ones = {text: found for text in texts if not days[text] and (found := _OTHER.match(text))}
    dotted = {text for text, found in open_ones.items() if found[2] == "."}
    month_first = {text: _made(found[4], found[1], found[3]) for text, found in open_ones.items()}
    day_first = {text: _made(found[4], found[3], found[1]) for text, found in open_ones.items()}
    others = set(open_ones) - dotted
    by_month, by_day = _spread([month_first[text] for text in others]), _spread([day_first[text] for text in others])
    remark = ""
    chosen = day_first if by_day < by_month else month_first
    if others and by_day == by_month and by_day < _IMPOSSIBLE and any(month_first[t] != day_first[t] for t in others):
        remark = "its dates can be read as month/day and as day/month; they are taken for month/day"
    for text in open_ones:
        days[text] = (day_first if text in dotted else chosen)[text]
    return days, remark


#: Days between which nothing lies: a date that does not exist is among them.
_IMPOSSIBLE = 10**9


def _iso(text: str) -> str:
    found = _ISO.match(text)
    return _made(found[1], found[2], found[3]) if found else ""


def _made(year: str, month: str, day: str) -> str:
    try:
        return datetime.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _spread(days: list[str]) -> int:
    if not all(days):
        return _IMPOSSIBLE
    known = [datetime.date.fromisoformat(day).toordinal() for day in days]
    return max(known) - min(known) if known else 0
