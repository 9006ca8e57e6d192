"""What one provider process knows: the stack's connection, made when it is first needed, and what was said."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping

from exchange_online.admin_api import (
    AdminApi,
    ConnectorCmdlets,
    Settings,
    TransportRules,
    connection,
    pace,
    settings_from,
)
from exchange_online.admin_api.clouds import refuse_unknown_cloud
from exchange_online.connectors import redacted
from exchange_online.lifecycle import Lifecycle, Listing, Ownership
from exchange_online.names import NAMESPACE


class Session:
    """One stack's tenant, for the connectors of both directions: one client, one listing of each. Thread-safe.

    Args:
        say: shows a warning to the person who runs Pulumi. Must not raise.

    Attributes:
        ownership: known before there is a connection: a check with old inputs tells that the program still declares a
            resource.
    """

    def __init__(self, say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> None:
        self.ownership = Ownership()
        self._say = say
        self._environ = environ
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._lifecycle: Lifecycle | None = None
        self._said: set[str] = set()

    def configure(self, get: Callable[[str], object]) -> None:
        """Keeps what the stack says about the connection. Opens nothing, and never fails: previews need no tenant.

        Args:
            get: gives the stack's value for a key with its namespace, None where there is none.
        """
        settings = settings_from(lambda name: get(f"{NAMESPACE}:{name}"))
        with self._lock:
            if settings != self._settings:
                self._settings, self._lifecycle = settings, None

    def refuse_unknown_cloud(self) -> None:
        """Raises `Misconfigured` where the stack names a cloud that is none; a preview asks for no more than that."""
        with self._lock:
            if self._settings is not None:
                refuse_unknown_cloud(self._settings.cloud)

    def lifecycle(self) -> Lifecycle:
        """What acts on the tenant; `check` and `diff` never ask for it.

        Raises:
            Misconfigured: where settings and environment do not suffice.
        """
        with self._lock:
            if self._lifecycle is None:
                self._lifecycle = self._connected()
            return self._lifecycle

    def warn(self, text: str) -> None:
        """Shows a warning, once however many resources say the same."""
        text = redacted(text)
        with self._lock:
            if text in self._said:
                return
            self._said.add(text)
        self._say(text)

    def _connected(self) -> Lifecycle:
        if self._settings is None:
            raise RuntimeError("the provider was not configured")
        to = connection(self._settings, self._environ)
        sleep = pace(to.cloud, self._environ)
        api = AdminApi(to, sleep=sleep)
        cmdlets = ConnectorCmdlets(api)
        return Lifecycle(cmdlets, Listing(cmdlets, sleep=sleep), TransportRules(api), sleep, self.ownership)
