"""How the provider process waits: as long as it is asked to, except in tests on the emulator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.errors import Failure, Misconfigured

#: Factor from 0 to 1 by which all waits shrink. Counts for the cloud `local` only: a real service is never hurried.
TIME_SCALE = "EXCHANGE_ONLINE_TIME_SCALE"


def pace(cloud: Cloud, environ: Mapping[str, str]) -> Callable[[float], None]:
    """What sleeps for a number of seconds, or for a fraction of it.

    Args:
        cloud: the stack's; only `local` heeds the variable.
        environ: the process environment.

    Raises:
        Misconfigured: where the variable is no number from 0 to 1.
    """
    text = environ.get(TIME_SCALE, "").strip()
    if not cloud.is_local or not text:
        return time.sleep
    scale = _scale(text)
    return lambda seconds: time.sleep(seconds * scale)


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = -1.0
    if 0.0 <= scale <= 1.0:
        return scale
    raise Misconfigured(
        Failure(
            where=f"Reading {TIME_SCALE}",
            what=f"{text!r} is not a number from 0 to 1",
            advice="Unset it; it only shortens the waits of tests on the emulator.",
        )
    )
