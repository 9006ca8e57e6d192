"""Calls that are on their way while a test does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.support.provider_process import ProviderError


class Background:
    """A call to the provider process in another thread, whose failure is wanted."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._error = ""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._call()
        except ProviderError as error:
            self._error = str(error)

    def error(self) -> str:
        """The text of the failure, empty where there was none. Waits for the end."""
        self._thread.join(timeout=30)
        assert not self._thread.is_alive(), "the call never came back"
        return self._error
