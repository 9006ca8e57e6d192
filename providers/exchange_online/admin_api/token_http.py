"""The HTTP client behind the token requests: MSAL calls it, and so does everything else that talks to a token service.

MSAL leaves retries and timeouts to its http client, and would follow a redirect with the client secret in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests

from exchange_online.admin_api.classification import retry_after
from exchange_online.admin_api.clouds import Cloud
from exchange_online.admin_api.entra_errors import refused
from exchange_online.admin_api.errors import (
    AdminApiError,
    Failure,
    Misconfigured,
    NotAuthenticated,
    Repeat,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.transport import broken_connection, new_session, read_body
from exchange_online.admin_api.waiting import Effect, RetryPolicy, Timeouts
from exchange_online.admin_api.wire import json_object

_PASSING = frozenset({408, 500, 502, 503, 504})
# The host's token service is being updated, or not up yet. Source: Azure IMDS, error handling.
_PASSING_ON_HOST = frozenset({404, 410})


class TokenHttp:
    """Sends GET and POST to a token service, with retries; the `http_client` that MSAL is given.

    Args:
        retry: how often a failure that passes is tried again. Asking for a token twice is harmless.
        on_host: whether the service is the Azure host's own (managed identity): no proxy, shorter connect timeout.
    """

    def __init__(
        self, cloud: Cloud, timeouts: Timeouts, retry: RetryPolicy, *, where: str, on_host: bool = False
    ) -> None:
        self._cloud = cloud
        self._timeouts = timeouts
        self._retry = retry
        self._where = where
        self._on_host = on_host
        self._session = new_session(cloud)
        if on_host:
            self._session.trust_env = False

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        """The answer to a GET, a JSON object; a refused discovery document raises NotAuthenticated (unknown tenant)."""
        response = self.send("GET", url, kwargs)
        # MSAL would turn the refusal into a text that guesses.
        if 400 <= response.status_code < 500 and url.endswith("/openid-configuration"):
            raise refused(json_object(response.content), where=self._where, status=response.status_code)
        return self._json_object(response)

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        """The answer to a POST, a JSON object."""
        return self._json_object(self.send("POST", url, kwargs))

    def send(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        """The answer, whatever its form, unless it is a redirect or a failure that passes and did not.

        Args:
            options: params, data and headers, as requests takes them; all else is left out.

        Raises:
            AdminApiError: Unavailable, Throttled or Misconfigured.
        """
        return self._retry.run(Effect.READ, lambda: self._once(method, url, options))

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def _once(self, method: str, url: str, options: Mapping[str, Any]) -> requests.Response:
        known = {name: options[name] for name in ("params", "data", "headers") if options.get(name)}
        try:
            response = self._session.request(
                method,
                url,
                **known,
                # Signs nothing: without an `auth`, requests would add what a .netrc file says about the host.
                auth=lambda prepared: prepared,
                timeout=(2.0 if self._on_host else self._timeouts.connect, self._timeouts.read),
                verify=str(self._cloud.ca_bundle) if self._cloud.ca_bundle else True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failed = self._unreachable(error)
        else:
            body = read_body(response)
            # What reads a `requests.Response` reads this: MSAL, too.
            response._content = body.content
            response.encoding = "utf-8"
            self._refuse_passing(response, url, cut_short=body.is_cut_short)
            return response
        raise failed from None

    def _unreachable(self, error: requests.RequestException) -> AdminApiError:
        broken = broken_connection(error, where=self._where)
        # No cmdlet has been sent yet: the outcome of what the token is for is known.
        failure = replace(broken.failure, outcome_known=True)
        if self._on_host and failure.repeat is Repeat.ANY:
            what = "this machine offers no managed identity"
            advice = "Run it on an Azure host that has one, or give another credential."
            return NotAuthenticated(replace(failure, what=what, advice=advice, repeat=Repeat.NEVER))
        return type(broken)(failure)

    def _json_object(self, response: requests.Response) -> requests.Response:
        """The response, if MSAL can read it: of any other it would log the body, and a traceback."""
        # Azure Arc challenges with a bodyless 401 first, and MSAL answers that.
        if json_object(response.content) or (self._on_host and response.status_code == 401):
            return response
        host = clean(urlsplit(response.url or "").netloc)
        raise UnexpectedAnswer(
            Failure(
                where=self._where,
                what=f"the answer of the token service {host} is not one of a token service",
                advice="Check the authority of the stack's cloud, and any proxy between here and it.",
                status=response.status_code,
            )
        )

    def _refuse_passing(self, response: requests.Response, url: str, *, cut_short: bool) -> None:
        status = response.status_code
        host = clean(urlsplit(url).netloc)
        failure = Failure(
            where=self._where,
            what=f"the token service {host} failed",
            advice=Unavailable.usual_advice,
            service_words=clean(str(json_object(response.content).get("error_description", ""))),
            status=status,
            request_id=clean(response.headers.get("x-ms-request-id", "")),
            retry_after=retry_after(response.headers.get("Retry-After")),
            repeat=Repeat.READ,
        )
        if status == 429:
            raise Throttled(failure)
        if status < 300 and cut_short:
            raise Unavailable(replace(failure, what=f"the answer of the token service {host} is cut short"))
        if status in _PASSING or (self._on_host and status in _PASSING_ON_HOST):
            raise Unavailable(failure)
        if 300 <= status < 400:
            raise Misconfigured(
                Failure(
                    where=self._where,
                    what=f"the token service {host} redirects elsewhere; the credential was not sent there",
                    advice="Check the authority of the stack's cloud, and any proxy between here and it.",
                    status=status,
                )
            )
