"""Calls of a service's REST API: https, with time-outs, a few retries, and errors as sentences; its job's variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from regulated_partners.errors import CannotRunError

#: Seconds to connect, and to wait for an answer.
_TIMEOUT = (10, 60)

#: A list of more pages than this is not read to its end.
_PAGES = 50


def needed(environ: Mapping[str, str], name: str, advice: str = "it is set by the service that runs the job") -> str:
    """The value of a variable. Raises CannotRunError with `advice` when it is not set or empty."""
    value = environ.get(name, "").strip()
    # Azure DevOps leaves `$(Name)` where a variable does not exist.
    if not value or value.startswith("$("):
        raise CannotRunError(f"The variable {name} is not set: {advice}.")
    return value


class Api:
    """One service.

    Args:
        base: the address of its API, https.
        headers: of every call, the token among them.
        service: its name, for messages.
    """

    def __init__(self, base: str, headers: Mapping[str, str], service: str) -> None:
        if urlsplit(base).scheme != "https":
            raise CannotRunError(
                f"The address of the API of {service} is not https: {base}. A token is not sent there."
            )
        self._base = base.rstrip("/")
        self._service = service
        self._session = requests.Session()
        self._session.headers.update(headers)
        # A POST is not repeated: the answer may be lost after the work was done.
        retry = Retry(3, backoff_factor=1, status_forcelist=(429, 502, 503, 504), raise_on_status=False)
        self._session.mount("https://", HTTPAdapter(max_retries=retry))

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """One call. Returns the JSON of the answer. Raises CannotRunError."""
        return self._send(method, f"{self._base}{path}", body, headers).json()

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page after page, as the Link header leads. Raises CannotRunError."""
        url: str | None = f"{self._base}{path}"
        for _ in range(_PAGES):
            if url is None:
                return
            response = self._send("GET", url, None, {})
            yield from response.json()
            url = response.links.get("next", {}).get("url")
            if url is not None and urlsplit(url)[:2] != urlsplit(self._base)[:2]:
                raise CannotRunError(f"{self._service} leads to the next page of a list on another host; not followed.")

    def _send(self, method: str, url: str, body: object, headers: Mapping[str, str]) -> requests.Response:
        where = f"{method} {urlsplit(url).path}"
        try:
            response = self._session.request(
                method, url, json=body, headers=dict(headers), timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise CannotRunError(
                f"{self._service} could not be reached ({where}): {type(error).__name__}. Look at the runner's network."
            ) from None
        if response.status_code in (401, 403, 404):
            raise CannotRunError(
                f"{self._service} refused {where} with {response.status_code}: the job's token may not do this. "
                "See the permissions at the top of the pipeline's file, and docs/environments.md."
            )
        if not response.ok or response.is_redirect:
            raise CannotRunError(f"{self._service} answered {where} with {response.status_code}; nothing was written.")
        return response
