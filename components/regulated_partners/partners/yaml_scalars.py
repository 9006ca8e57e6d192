"""What the engine's YAML reader makes of text without quotation marks, and how it was written.

The engine reads stack files with Go's yaml.v3 and hands JSON on: `017` becomes 15, `1e3` 1000, `2024-01-31` the text
`2024-01-31 00:00:00 +0000 UTC`. Files that we read ourselves are read alike, and each value that YAML has changed
remembers what stood there, so that a refusal quotes what its reader wrote.

Source: go-yaml v3, resolve.go; measured with the pinned CLI, tests/engine/test_yaml_scalars.py.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: How Go writes a point in time. The zone is a name, or the offset again.
_GO_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d(?:\.\d{1,9})?) (?P<offset>[+-]\d{4}) [A-Z+-][A-Za-z0-9]*"
)
_TIMESTAMP = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:[Tt](?=.*(?:Z|[+-]\d\d:\d\d)$)| (?!.*(?:Z|[+-]\d\d:\d\d)$))"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?)?"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGERS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), 10),
)
_WORDS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float("inf") for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **{"-" + word: float("-inf") for word in (".inf", ".Inf", ".INF")},
}

#: Whole numbers beyond it reach us as floating point numbers. Source: measured.
_LONGEST_INTEGER = 2**63


class _Written:
    """Remembers what stood in the file."""

    written: str

    def __str__(self) -> str:
        return self.written


class WrittenInteger(_Written, int):
    """A whole number that was written in another way, such as `0x1F`."""


class WrittenFloat(_Written, float):
    """A number that was written in another way, such as `1.10`."""


@dataclass(frozen=True)
class Moment:
    """A day or a time without quotation marks, which is no text to YAML.

    Attributes:
        written: as in the file; where only the engine's text is known, the day or that text.
        at: the moment, None where Python cannot count so far.
    """

    written: str
    at: datetime.datetime | None

    def __str__(self) -> str:
        return self.written

    @property
    def day(self) -> datetime.date | None:
        """The day, where it is no time of a day."""
        midnight = self.at is not None and self.at.time() == datetime.time() and not self.at.utcoffset()
        return self.at.date() if self.at is not None and midnight else None


def read_scalar(text: str) -> object:
    """What a plain scalar is to the engine: a text, a number, true, false, null or a moment."""
    if text in _WORDS:
        return _WORDS[text]
    if not re.match(r"[-+.0-9]", text):
        return text
    if found := _TIMESTAMP.fullmatch(text):
        moment = _moment(text, found)
        return text if moment is None else moment
    plain = text.replace("_", "")
    for spelling, base in _INTEGERS:
        if spelling.fullmatch(plain):
            digits = re.sub(r"^([-+]?)0[xXbBoO]?(?=.)", r"\1", plain)
            if base == 10 or -_LONGEST_INTEGER <= int(digits, base) < 2 * _LONGEST_INTEGER:
                return _remembering(int(digits, base), text)
    if _FLOAT.fullmatch(plain) and abs(float(plain)) != float("inf"):
        return _remembering(float(plain), text)
    return text


def _remembering(value: int | float, text: str) -> int | float:
    if str(value) == text:
        return value
    number = WrittenInteger(value) if isinstance(value, int) else WrittenFloat(value)
    number.written = text
    return number


def _moment(text: str, found: re.Match[str]) -> Moment | None:
    """None for what has the shape of a moment and is none, such as 2024-02-30: that stays a text."""
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    zone = found["zone"] or "Z"
    sign = -1 if zone.startswith("-") else 1
    hours, minutes = (0, 0) if zone == "Z" else (int(zone[1:3]), int(zone[4:6]))
    try:
        # Python knows no year 0; the year 4 has the same days.
        offset = datetime.timezone(sign * datetime.timedelta(hours=hours, minutes=minutes))
        micro = int(((found["fraction"] or "") + "000000")[:6])
        at = datetime.datetime(year or 4, month, day, hour, minute, second, micro, tzinfo=offset)
    except ValueError:
        return None
    return Moment(text, at if year else None)


def handed_on(value: object) -> object:
    """A value as the engine hands it on, with every moment in it known again: Go's text for one is no text."""
    if isinstance(value, dict):
        return {key: handed_on(item) for key, item in value.items()}
    if isinstance(value, list):
        return [handed_on(item) for item in value]
    return go_moment(value) or value if isinstance(value, str) else value


def go_moment(text: str) -> Moment | None:
    """The moment that Go writes so; None for any other text."""
    found = _GO_TIME.fullmatch(text)
    if found is None:
        return None
    whole, _, fraction = found["time"].partition(".")
    try:
        at = datetime.datetime.fromisoformat(f"{found['day']}T{whole}{found['offset']}")
    except ValueError:
        return Moment(text, None)
    at = at.replace(microsecond=int((fraction + "000000")[:6]))
    moment = Moment(text, at)
    return Moment(moment.day.isoformat(), at) if moment.day else moment


def go_text(moment: Moment) -> str:
    """How Go writes a moment in UTC; empty for others, whose zone has the name that the machine gives it."""
    if moment.at is None or moment.at.utcoffset():
        return ""
    fraction = f"{moment.at:.%f}".rstrip("0").rstrip(".")
    return f"{moment.at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def key_text(key: object) -> object:
    """The key of a mapping as the engine hands it on: always a text."""
    if isinstance(key, str) or not isinstance(key, (bool, int, float, Moment, type(None))):
        return key
    if key is None:
        return "<nil>"
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, Moment):
        return go_text(key) or key.written
    return repr(_number(key))


def as_written(engine: Mapping[str, object], file: Mapping[str, object]) -> dict[str, object]:
    """The engine's settings, each as it was written in the stack file, where the file says the same.

    The engine counts: a setting that differs (another file, `--config-file`, an environment, a secret) stays its own.
    """
    return {name: file[name] if name in file and _same(value, file[name]) else value for name, value in engine.items()}


def _same(engine: object, file: object) -> bool:
    if not isinstance(engine, str):
        return False
    if isinstance(file, (list, dict)):
        with contextlib.suppress(ValueError):
            return _comparable(handed_on(json.loads(engine))) == _comparable(handed_on(file))
        return False
    if file is None or isinstance(file, str):
        return engine == (file or "")
    # The engine hands on what is no list and no mapping as a text.
    read = go_moment(engine) or read_scalar(engine)
    return type(read) is not str and _comparable(read) == _comparable(file)


def _comparable(value: object) -> str:
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Moment):
        return {"moment": value.at.astimezone(datetime.UTC).isoformat() if value.at else ""}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    return value


def _number(value: object) -> int | float:
    """Go makes no difference between 5 and 5.0, and has no whole numbers beyond 64 bits."""
    number = float(value) if isinstance(value, float) else int(str(int(value)))  # type: ignore[call-overload]
    if isinstance(number, float):
        whole = number.is_integer() and abs(number) < _LONGEST_INTEGER
        return int(number) if whole else number
    return number if abs(number) < _LONGEST_INTEGER else float(number)
