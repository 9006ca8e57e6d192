"""What the clients of one process share: access tokens, the gates of each tenant, and the tenants' GUIDs."""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.errors import Failure, Misconfigured, NotAuthenticated
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.waiting import Gates, RetryPolicy, Timeouts

if TYPE_CHECKING:
    from exchange_online.admin_api.tokens import TokenSource

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


class Shared:
    """Thread-safe. The first caller's timeouts and retries stay."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sources: dict[Connection, TokenSource] = {}
        self._gates: defaultdict[tuple[str, str], Gates] = defaultdict(Gates)
        self._guids_lock = threading.Lock()
        self._guids: dict[tuple[str, str], str] = {}

    def tokens(self, connection: Connection, timeouts: Timeouts, retry: RetryPolicy) -> TokenSource:
        """The one source of tokens for a connection whose tenant is a GUID."""
        # MSAL and requests are imported at the first call.
        from exchange_online.admin_api.tokens import TokenSource

        with self._lock:
            if connection not in self._sources:
                self._sources[connection] = TokenSource(connection, timeouts, retry)
            return self._sources[connection]

    def gates(self, host: str, tenant: str) -> Gates:
        """The gates of a tenant, by the base URL of its cloud and its GUID."""
        with self._lock:
            return self._gates[host, tenant]

    def tenant_guid(self, cloud: Cloud, tenant: str, timeouts: Timeouts, retry: RetryPolicy) -> str:
        """The GUID, lower case, of a tenant that is named by it or by one of its domains; asked once.

        Source: OpenID Connect Discovery 1.0 (the issuer holds the GUID); exchange-wire 3.1 (a vanity domain in the path
        gives 401 or breaks paging; resolving it first is assumed to be right).

        Raises:
            Misconfigured: for what is neither.
            NotAuthenticated: for a domain that no tenant has.
            Unavailable: where the token service does not answer.
        """
        name = tenant.strip().lower()
        if _GUID.fullmatch(name):
            return name
        where = f"Finding the tenant {tenant}"
        if not _DOMAIN.fullmatch(name):
            what = "it is neither a GUID nor a domain"
            raise Misconfigured(Failure(where=where, what=what, advice="Correct the stack config tenant."))
        with self._guids_lock:
            if (cloud.authority, name) not in self._guids:
                self._guids[cloud.authority, name] = _discover(cloud, name, where, timeouts, retry)
            return self._guids[cloud.authority, name]

    def close(self) -> None:
        """Closes the connections to the token services."""
        with self._lock:
            for source in self._sources.values():
                source.close()


#: What all clients share that are given nothing else.
PROCESS = Shared()


def _discover(cloud: Cloud, name: str, where: str, timeouts: Timeouts, retry: RetryPolicy) -> str:
    from exchange_online.admin_api.token_http import TokenHttp

    http = TokenHttp(cloud, timeouts, retry, where=where)
    try:
        response = http.get(f"{cloud.authority}/{name}/v2.0/.well-known/openid-configuration")
    finally:
        http.close()
    try:
        issuer = urlsplit(str(json.loads(response.content)["issuer"]))
    except (ValueError, KeyError, TypeError):
        issuer = urlsplit("")
    guid = next((part for part in issuer.path.lower().split("/") if _GUID.fullmatch(part)), None)
    if guid is None:
        raise NotAuthenticated(
            Failure(
                where=where,
                what=f"the token service {cloud.authority} did not name its GUID",
                advice="Write the tenant's GUID into the stack config tenant.",
                status=response.status_code,
            )
        )
    return guid
