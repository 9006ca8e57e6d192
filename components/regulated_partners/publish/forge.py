"""What the three services that host pipelines have in common: how they are called, and texts that can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from regulated_partners.errors import CannotRunError

if TYPE_CHECKING:
    import requests

#: Seconds to connect, and to wait for an answer.
_TIMEOUT = (10, 60)

#: A list of more pages than this is not read to its end.
_PAGES = 50


@dataclass(frozen=True)
class Post:
    """A comment or an issue that is there already.

    Attributes:
        path: where its text is changed, below the API's address.
        body: its text.
    """

    path: str
    body: str


class Board(Protocol):
    """Where texts are kept: the comments of one pull request, or the open issues of a repository."""

    def posts(self) -> Iterable[Post]:
        """Those that are there, the oldest first."""

    def change(self, post: Post, body: str) -> None:
        """Gives one another text."""

    def add(self, body: str) -> None:
        """Adds one."""


class IssueBoard(Board, Protocol):
    """The open issues about drift."""

    def close(self, post: Post) -> None:
        """Closes one."""


@dataclass(frozen=True)
class Service:
    """One of the services.

    Attributes:
        variable: what its runner sets for every job.
        comments: those of the pull request that a job runs for, given the job's variables.
        issues: the open ones about drift, given these and the title of one that is added.
    """

    variable: str
    comments: Callable[[Mapping[str, str]], Board]
    issues: Callable[[Mapping[str, str], str], IssueBoard]


def put(board: Board, body: str) -> str:
    """Makes `body` the text of the one post that holds its first line. Returns what was done, in a word.

    The first line is an HTML comment that nobody else writes; a post is changed only if its text differs.
    """
    found = find(board, body)
    if found is None:
        board.add(body)
        return "added"
    if _text(found.body) == _text(body):
        return "unchanged"
    board.change(found, body)
    return "changed"


def find(board: Board, body: str) -> Post | None:
    """The oldest post with the first line of `body`."""
    marker = body.partition("\n")[0].strip()
    return next((post for post in board.posts() if marker in post.body), None)


def _text(body: str) -> str:
    """Services change line ends and drop the last one."""
    return body.replace("\r\n", "\n").strip()


def needed(environ: Mapping[str, str], name: str, advice: str = "it is set by the service that runs the job") -> str:
    """The value of a variable. Raises CannotRunError with `advice` when it is not set or empty."""
    value = environ.get(name, "").strip()
    # Azure DevOps leaves `$(Name)` where a variable does not exist.
    if not value or value.startswith("$("):
        raise CannotRunError(f"The variable {name} is not set: {advice}.")
    return value


class Api:
    """The REST API of one service: https, with time-outs, a few retries, and errors as sentences.

    Args:
        base: the address of its API, https.
        headers: of every call, the token among them.
        service: its name, for messages.
    """

    def __init__(self, base: str, headers: Mapping[str, str], service: str) -> None:
        # Imported here, because `review` and `drift` publish only when they are asked to.
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

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
        import requests

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
