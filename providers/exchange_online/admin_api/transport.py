"""Sends one request over HTTPS: pooled sessions, timeouts, and what a broken connection means."""

from __future__ import annotations

import logging
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from exchange_online.admin_api.bodies import ACCEPTED, Body, body_of
from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.credentials import AccessToken
from exchange_online.admin_api.errors import AdminApiError, Failure, Misconfigured, Repeat, Unavailable
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.waiting import Timeouts
from exchange_online.admin_api.wire import Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HttpAnswer:
    """What came back. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Body


class Transport:
    """Sends requests to one cloud; thread-safe, with a pooled session per thread.

    Args:
        cloud: whose CA bundle is trusted; the emulator is never reached through a proxy.
    """

    def __init__(self, cloud: Cloud, timeouts: Timeouts) -> None:
        self._cloud = cloud
        self._timeouts = timeouts
        self._local = threading.local()
        self._sessions: weakref.WeakSet[requests.Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def post(
        self, request: Request, token: AccessToken, *, where: str, read_timeout: float | None = None
    ) -> HttpAnswer:
        """The answer, whatever its status.

        Args:
            token: one without a value is not shown.
            read_timeout: seconds, for a cmdlet that takes longer than the others.

        Raises:
            Unavailable: its failure says whether the service can have acted.
            Misconfigured: for a certificate that is not trusted.
        """
        started = time.monotonic()

        def sign(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
            if token.value:
                prepared.headers["Authorization"] = f"Bearer {token.value}"
            return prepared

        try:
            response = self._session().request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                # An `auth`, because a .netrc file overrides a plain Authorization header.
                auth=sign,
                timeout=(self._timeouts.connect, read_timeout or self._timeouts.read),
                # Explicit on each call: otherwise REQUESTS_CA_BUNDLE wins over the session's own setting.
                verify=str(self._cloud.ca_bundle) if self._cloud.ca_bundle else True,
                # A redirect would carry the token elsewhere, or turn the POST into a GET.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failed = broken_connection(error, where=where, client_request_id=request.client_request_id)
        else:
            _log.info(
                "%s: HTTP %d in %.2f s, client-request-id %s, request-id %s",
                request.headers["X-CmdletName"],
                response.status_code,
                time.monotonic() - started,
                request.client_request_id,
                clean(response.headers.get("request-id", "")),
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            return HttpAnswer(response.status_code, headers, read_body(response))
        _log.info("%s got no answer after %.2f s", request.headers["X-CmdletName"], time.monotonic() - started)
        raise failed from None

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = new_session(self._cloud)
            self._local.session = session
            with self._lock:
                self._sessions.add(session)
        return session


def new_session(cloud: Cloud) -> requests.Session:
    """A session that keeps its connections, retries nothing by itself, and follows the environment's proxy settings."""
    session = requests.Session()
    session.trust_env = not cloud.is_local
    session.headers["User-Agent"] = "RegulatedPartners"
    session.headers["Accept-Encoding"] = ACCEPTED
    session.mount("https://", _AsItCame(pool_connections=4, pool_maxsize=4))
    return session


class _AsItCame(requests.adapters.HTTPAdapter):
    """Leaves bodies as they came: where urllib3 cannot decode one, the status of the answer is lost with it."""

    def build_response(self, req: requests.PreparedRequest, resp: urllib3.BaseHTTPResponse) -> requests.Response:
        encoding = resp.headers.pop("Content-Encoding", "")
        response = super().build_response(req, resp)
        response.headers["Content-Encoding"] = encoding
        return response


def read_body(response: requests.Response) -> Body:
    """The body of an answer that a `new_session` got."""
    headers = response.headers
    return body_of(response.content, headers.get("Content-Encoding", ""), headers.get("Content-Type", ""))


def broken_connection(error: requests.RequestException, *, where: str, client_request_id: str = "") -> AdminApiError:
    """What a connection that failed means: whether the service can have acted, and who may try again."""
    reasons = _reasons(error)
    detail = _detail(reasons)
    if any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons):
        return Misconfigured(
            Failure(
                where=where,
                what=f"the server's certificate is not trusted ({detail})",
                advice="Behind a proxy that opens TLS, set the cloud's CA bundle or REQUESTS_CA_BUNDLE to its "
                "certification authority; otherwise check the host.",
                client_request_id=client_request_id,
            )
        )
    if any(isinstance(reason, _BEFORE_SENDING) for reason in reasons):
        server = f"the server {_host(error)}".strip()
        what, repeat, outcome_known = f"{server} cannot be reached", Repeat.ANY, True
    elif isinstance(error, requests.Timeout):
        what, repeat, outcome_known = "the server did not answer in time", Repeat.IDEMPOTENT, False
    else:
        what, repeat, outcome_known = "the connection broke before the answer came", Repeat.IDEMPOTENT, False
    return Unavailable(
        Failure(
            where=where,
            what=f"{what} ({detail})",
            advice=_advice(error),
            client_request_id=client_request_id,
            repeat=repeat,
            outcome_known=outcome_known,
        )
    )


_BEFORE_SENDING = (
    requests.ConnectTimeout,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ProxyError,
)


def _reasons(error: BaseException) -> list[BaseException]:
    """The error and what lies under it: requests and urllib3 wrap the cause in arguments and attributes."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        item = pending.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            pending += [*item.args, getattr(item, "reason", None), item.__cause__, item.__context__]
    return found


def _detail(reasons: list[BaseException]) -> str:
    """What the operating system or OpenSSL said, which lies deepest; the libraries above only wrap it."""
    for reason in reversed(reasons):
        if isinstance(reason, OSError) and not isinstance(reason, requests.RequestException):
            return clean(reason.strerror or str(reason))
    return type(reasons[-1]).__name__


def _advice(error: requests.RequestException) -> str:
    if _host(error).startswith(("127.0.0.1:", "localhost:", "[::1]:")):
        return (
            "Nothing answers on this machine: start the emulator with `regulated-partners emulator start`, then run it "
            "again."
        )
    return "Check the network, the proxy and the host of the cloud, then run it again."


def _host(error: requests.RequestException) -> str:
    """Host and port of the failed request; the rest of its address stays out of logs."""
    return urlsplit(error.request.url or "").netloc if error.request is not None else ""
