"""The client: runs one cmdlet on a tenant through the admin API, and shares what it can with others of its process."""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.credentials import AccessToken
from exchange_online.admin_api.errors import Failure, NotAuthenticated
from exchange_online.admin_api.exchange import Answer, Call, Exchange, rows_of
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection, Tenant, refuse_malformed_tenant
from exchange_online.admin_api.token_claims import claims_of
from exchange_online.admin_api.waiting import Effect, LongFailure, RetryPolicy, Timeouts
from exchange_online.admin_api.window import Window
from exchange_online.admin_api.wire import JsonValue, Request, json_object, request, with_result_size
from exchange_online.names import MOST_CALLS, guid_of

if TYPE_CHECKING:
    from exchange_online.admin_api.tokens import TokenSource
    from exchange_online.admin_api.transport import HttpAnswer


class Shared:
    """What clients share: access tokens, the window of each tenant, and the tenants' GUIDs. Thread-safe.

    The first caller's timeouts and retries stay.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: dict[Connection, TokenSource] = {}
        self._windows: defaultdict[tuple[str, str], Window] = defaultdict(Window)
        self._cancelled = False
        self._guids_lock = threading.Lock()
        self._guids: dict[tuple[str, str], str] = {}
        self._guid_failures: defaultdict[tuple[str, str], LongFailure] = defaultdict(LongFailure)

    def tokens(self, connection: Connection, timeouts: Timeouts, retry: RetryPolicy) -> TokenSource:
        """The one source of tokens for a connection whose tenant is a GUID."""
        # MSAL and requests are imported at the first call.
        from exchange_online.admin_api.tokens import TokenSource

        with self._lock:
            if connection not in self._sources:
                self._sources[connection] = TokenSource(connection, timeouts, retry)
            return self._sources[connection]

    def window(self, host: str, tenant: str, bound: int) -> Window:
        """The window of a tenant, by the base URL of its cloud and its GUID; the lowest bound counts."""
        with self._lock:
            window = self._windows[host, tenant]
            window.limit(bound)
            if self._cancelled:
                window.close()
            return window

    def cancel(self) -> None:
        """Refuses every write to a tenant that is not on its way yet, now and later; what is on its way is finished."""
        with self._lock:
            self._cancelled = True
            for window in self._windows.values():
                window.close()

    def tenant_guid(self, cloud: Cloud, tenant: str, timeouts: Timeouts, retry: RetryPolicy) -> str:
        """The GUID, lower case, of a tenant that is named by it or by one of its domains; asked once.

        Source: OpenID Connect Discovery 1.0 (the issuer holds the GUID); exchange-wire 3.1 (a vanity domain in the path
        gives 401 or breaks paging; resolving it first is assumed to be right).

        Raises:
            Misconfigured: for what is neither.
            NotAuthenticated: for a domain that no tenant has.
            Unavailable: where the token service does not answer.
        """
        if guid := guid_of(tenant):
            return guid
        name = tenant.strip().lower()
        where = f"Finding the tenant {tenant}"
        refuse_malformed_tenant(tenant)
        key = (cloud.authority, name)
        with self._guids_lock:
            if key not in self._guids:
                with self._guid_failures[key].shared():
                    self._guids[key] = _discover(cloud, name, where, timeouts, retry)
            return self._guids[key]

    def close(self) -> None:
        """Closes the connections to the token services."""
        with self._lock:
            for source in self._sources.values():
                source.close()


#: What all clients share that are given nothing else.
PROCESS = Shared()


class AdminApi:
    """Runs cmdlets on one tenant; thread-safe. Nothing is sent before the first call.

    Args:
        connection: cloud, tenant (GUID or domain) and credential.
        sleep: waits that many seconds between tries.
        retry: how often to try; the official module's ways unless given. It wins over `sleep`.
        shared: what it has in common with other clients: all of the process unless given.
        calls: how many calls of the process may be on their way to the tenant at a time, at the most.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        sleep: Callable[[float], None] = time.sleep,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        shared: Shared = PROCESS,
        calls: int = MOST_CALLS,
    ) -> None:
        self._connection = connection
        self._retry = retry or RetryPolicy(sleep=sleep)
        self._timeouts = timeouts or Timeouts()
        self._shared = shared
        self._calls = calls
        self._connection_id = str(uuid.uuid4())
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None

    def tenant(self) -> Tenant:
        """The tenant that every cmdlet runs on.

        Raises:
            AdminApiError: where it is named by a domain, and its GUID cannot be found.
        """
        ready = self._prepared().connection
        return Tenant(ready.tenant, ready.cloud.name)

    def invoke(
        self,
        cmdlet: str,
        parameters: Mapping[str, JsonValue],
        *,
        effect: Effect,
        about: str | None = None,
        touches: Iterable[str] = (),
        read_timeout: float | None = None,
    ) -> Answer:
        """What the cmdlet gave.

        Args:
            cmdlet: for example `Get-InboundConnector`.
            parameters: by their PowerShell names; None is `$null`, a list replaces, a mapping is a hashtable.
            effect: what sending it twice does; decides what is retried. A READ listing is followed to its end.
            about: the object for error texts; its Identity or Name unless given.
            touches: what a write concerns beside its Identity and Name: the name that a rename gives up.
            read_timeout: seconds, for a cmdlet that takes longer than others (Validate-OutboundConnector).

        Raises:
            AdminApiError: one of `admin_api.errors`; OutcomeUnknown only for a CREATE.
        """
        exchange = self._prepared()
        sent = request(
            exchange.connection.cloud,
            exchange.connection.tenant,
            cmdlet,
            with_result_size(cmdlet, parameters) if effect is Effect.READ else parameters,
            connection_id=self._connection_id,
        )
        where = _where(cmdlet, parameters, about, self._connection.tenant)
        objects = frozenset[str]() if effect is Effect.READ else _objects(parameters, touches)
        call = Call(cmdlet, effect, where, objects, read_timeout)
        if effect is Effect.READ:
            return rows_of(exchange, sent, call)
        received = exchange.send(sent, call)
        return Answer(received.page.rows, received.page.warnings, received.request_id)

    def request(self, cmdlet: str, parameters: Mapping[str, JsonValue]) -> Request:
        """A call as `invoke` would send it, except that a listing does not ask for all rows. Raises AdminApiError."""
        ready = self._prepared().connection
        return request(ready.cloud, ready.tenant, cmdlet, parameters, connection_id=self._connection_id)

    def observe(
        self, sent: Request, *, effect: Effect, where: str, writes: Iterable[str] = (), token: AccessToken | None = None
    ) -> HttpAnswer:
        """One request exactly as it is given, and its answer exactly as it came: for who studies the service.

        Args:
            sent: as `request` made it, or changed.
            effect: what sending it twice does; only what passes is retried, and no page is followed.
            where: what is done, for error texts.
            writes: the objects that it writes, by names or Guids.
            token: instead of the connection's own; one without a value is not shown.

        Raises:
            AdminApiError: for no answer, for a service that stays busy or away, for an own token that is not accepted.
        """
        objects = frozenset(value.casefold() for value in writes)
        return self._prepared().observe(sent, Call(sent.headers["X-CmdletName"], effect, where, objects), token)

    def token_claims(self) -> Mapping[str, object]:
        """What the connection's access token says, without its signature. Raises AdminApiError."""
        return claims_of(self._prepared().tokens.token())

    def cancel(self) -> None:
        """Writes nothing further, nor do others that share with it: what waits fails, what is on its way ends."""
        self._shared.cancel()

    def close(self) -> None:
        """Closes the client's connections; the tokens that it shares stay."""
        with self._lock:
            if self._exchange is not None:
                self._exchange.transport.close()
                self._exchange = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepared(self) -> Exchange:
        # requests is imported at the first call: a provider process that only checks and diffs does not need it.
        from exchange_online.admin_api.transport import Transport

        with self._lock:
            if self._exchange is None:
                cloud = self._connection.cloud
                guid = self._shared.tenant_guid(cloud, self._connection.tenant, self._timeouts, self._retry)
                ready = replace(self._connection, tenant=guid)
                tokens = self._shared.tokens(ready, self._timeouts, self._retry)
                window = self._shared.window(cloud.host, guid, self._calls)
                self._exchange = Exchange(ready, Transport(cloud, self._timeouts), tokens, self._retry, window)
            return self._exchange


def _where(cmdlet: str, parameters: Mapping[str, JsonValue], about: str | None, tenant: str) -> str:
    named = {name.lower(): value for name, value in parameters.items()}
    target = about or named.get("identity") or named.get("name")
    return f"{cmdlet} {clean(repr(target))} in tenant {tenant}" if target else f"{cmdlet} in tenant {tenant}"


def _objects(parameters: Mapping[str, JsonValue], touches: Iterable[str]) -> frozenset[str]:
    """What a write is on, as the service compares it: without case.

    A name counts in both directions, because the service may keep one list of names for both (V29: nothing is known).
    """
    given = (value for name, value in parameters.items() if name.lower() in ("identity", "name"))
    return frozenset(value.casefold() for value in (*given, *touches) if isinstance(value, str) and value)


def _discover(cloud: Cloud, name: str, where: str, timeouts: Timeouts, retry: RetryPolicy) -> str:
    from exchange_online.admin_api.token_http import TokenHttp

    http = TokenHttp(cloud, timeouts, retry, where=where)
    try:
        response = http.get(f"{cloud.authority}/{name}/v2.0/.well-known/openid-configuration")
    finally:
        http.close()
    issuer = str(json_object(response.content).get("issuer", ""))
    guid = next(filter(None, map(guid_of, issuer.split("/"))), "")
    if not guid:
        raise NotAuthenticated(
            Failure(
                where=where,
                what=f"the token service {cloud.authority} did not name its GUID",
                advice="Write the tenant's GUID into the stack config tenant.",
                status=response.status_code,
            )
        )
    return guid
