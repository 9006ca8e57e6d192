"""Finds the GUID of a tenant that was given by one of its domains."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.errors import Failure, Misconfigured, NotAuthenticated

if TYPE_CHECKING:
    from exchange_online.admin_api.waiting import RetryPolicy, Timeouts

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")

_FOUND: dict[tuple[str, str], str] = {}
_LOCK = threading.Lock()


def tenant_guid(cloud: Cloud, tenant: str, timeouts: Timeouts, retry: RetryPolicy) -> str:
    """The tenant's GUID, lower case; asked once per process.

    cloud: whose token service is asked. tenant: GUID or domain. timeouts, retry: for the request.
    Raises Misconfigured for what is neither; NotAuthenticated for a domain that no tenant has; Unavailable.
    Source: OpenID Connect Discovery 1.0 (the issuer holds the GUID); exchange-wire 3.1 (a vanity domain in the path
    gives 401 or breaks paging; resolving it first is assumed to be right).
    """
    name = tenant.strip().lower()
    if _GUID.fullmatch(name):
        return name
    where = f"Finding the tenant {tenant}"
    if not _DOMAIN.fullmatch(name):
        what = "it is neither a GUID nor a domain"
        raise Misconfigured(Failure(where=where, what=what, advice="Correct the stack config tenant."))
    with _LOCK:
        known = _FOUND.get((cloud.authority, name))
        if known is None:
            known = _FOUND[cloud.authority, name] = _discover(cloud, name, where, timeouts, retry)
        return known


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
