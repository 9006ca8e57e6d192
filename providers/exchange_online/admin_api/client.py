"""The client: runs one cmdlet on a tenant through the admin API."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from exchange_online.admin_api.exchange import Call, Exchange, rows_of
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.shared import PROCESS, Shared
from exchange_online.admin_api.waiting import Effect, RetryPolicy, Timeouts
from exchange_online.admin_api.wire import JsonValue, request, with_result_size

if TYPE_CHECKING:
    from exchange_online.admin_api.transport import Transport


@dataclass(frozen=True)
class Answer:
    """What a cmdlet gave.

    Attributes:
        rows: its objects, by property name, without OData annotations; a listing holds all of them.
        warnings: what the service wants the administrator to read.
        request_id: the service's id of the (last) request.
    """

    rows: tuple[Mapping[str, object], ...]
    warnings: tuple[str, ...]
    request_id: str


class AdminApi:
    """Runs cmdlets on one tenant; thread-safe. Nothing is sent before the first call.

    Args:
        connection: cloud, tenant (GUID or domain) and credential.
        sleep: waits that many seconds between tries.
        retry: how often to try; the official module's ways unless given. It wins over `sleep`.
        shared: what it has in common with other clients: all of the process unless given.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        shared: Shared = PROCESS,
    ) -> None:
        self._connection = connection
        self._retry = retry or RetryPolicy(sleep=sleep)
        self._timeouts = timeouts or Timeouts()
        self._shared = shared
        self._connection_id = str(uuid.uuid4())
        self._lock = threading.Lock()
        self._ready: tuple[Connection, Exchange, Transport] | None = None

    @property
    def connection(self) -> Connection:
        """What the client was made for, as it was given."""
        return self._connection

    def invoke(
        self,
        cmdlet: str,
        parameters: Mapping[str, JsonValue],
        *,
        effect: Effect,
        about: str | None = None,
        read_timeout: float | None = None,
    ) -> Answer:
        """What the cmdlet gave.

        Args:
            cmdlet: for example `Get-InboundConnector`.
            parameters: by their PowerShell names; None is `$null`, a list replaces, a mapping is a hashtable.
            effect: what sending it twice does; decides what is retried. A READ listing is followed to its end.
            about: the object for error texts; its Identity or Name unless given.
            read_timeout: seconds, for a cmdlet that takes longer than others (Validate-OutboundConnector).

        Raises:
            AdminApiError: one of `admin_api.errors`; OutcomeUnknown only for a CREATE.
        """
        ready, exchange, _ = self._prepared()
        sent = request(
            ready.cloud,
            ready.tenant,
            cmdlet,
            with_result_size(cmdlet, parameters) if effect is Effect.READ else parameters,
            connection_id=self._connection_id,
        )
        call = Call(cmdlet, effect, _where(cmdlet, parameters, about, self._connection.tenant), read_timeout)
        if effect is Effect.READ:
            rows, warnings, request_id = rows_of(exchange, sent, call)
            return Answer(rows, warnings, request_id)
        received = exchange.send(sent, call)
        return Answer(received.page.rows, received.page.warnings, received.request_id)

    def close(self) -> None:
        """Closes the client's connections; the tokens that it shares stay."""
        with self._lock:
            if self._ready is not None:
                self._ready[2].close()
                self._ready = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepared(self) -> tuple[Connection, Exchange, Transport]:
        # requests is imported at the first call: a provider process that only checks and diffs does not need it.
        from exchange_online.admin_api.transport import Transport

        with self._lock:
            if self._ready is None:
                cloud = self._connection.cloud
                guid = self._shared.tenant_guid(cloud, self._connection.tenant, self._timeouts, self._retry)
                ready = replace(self._connection, tenant=guid)
                transport = Transport(cloud, self._timeouts)
                tokens = self._shared.tokens(ready, self._timeouts, self._retry)
                gates = self._shared.gates(cloud.host, guid)
                self._ready = ready, Exchange(ready, transport, tokens, self._retry, gates), transport
            return self._ready


def _where(cmdlet: str, parameters: Mapping[str, JsonValue], about: str | None, tenant: str) -> str:
    named = {name.lower(): value for name, value in parameters.items()}
    target = about or named.get("identity") or named.get("name")
    return f"{cmdlet} {clean(repr(target))} in tenant {tenant}" if target else f"{cmdlet} in tenant {tenant}"
