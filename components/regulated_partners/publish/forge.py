"""What the three services that host pipelines have in common: texts that can be listed, changed and added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


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
    """Makes `body` the text of the one post that begins with its first line. Returns what was done, in a word.

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
