"""Errors as the engine shows them: one sentence, no traceback, no secret."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from exchange_online.admin_api.errors import AdminApiError


class ConnectorError(Exception):
    """What the user reads when a create, read, update or delete fails."""


# Newer SDKs print an exception's module in front of its name; one that looks built in is printed by its name alone.
ConnectorError.__module__ = "builtins"


def silence_tracebacks() -> None:
    """Keeps tracebacks out of the engine's log, in the provider process only.

    In the program's process the same setting makes `pulumi up` hang: the SDK looks at stack frames when it registers
    a resource. Source: measured with SDK 3.272 and CLI 3.259.
    """
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name.startswith("pulumi.dynamic"):
        sys.tracebacklimit = 0


@contextmanager
def as_sentences(doing: str) -> Iterator[None]:
    """Turns every exception into a `ConnectorError`.

    An exit inside a provider method would leave the engine waiting for ever, so it becomes one as well; what a
    programming error says may hold anything, so only its type is shown.

    Args:
        doing: what was attempted, to begin the sentence with: `creating the inbound connector 'Fabrikam'`.
    """
    try:
        yield
    except AdminApiError as error:
        raise ConnectorError(f"{doing} failed. {error}") from None
    except ConnectorError:
        raise
    except BaseException as error:  # noqa: BLE001 - see the docstring
        where = _place(error)
        raise ConnectorError(
            f"{doing} failed with an unexpected {type(error).__name__}{where}. "
            "This is a defect of the provider: please report it with this line."
        ) from None


def _place(error: BaseException) -> str:
    """Module and line of the defect, which hold no values."""
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "?")
    return f" in {module} line {trace.tb_lineno}"
