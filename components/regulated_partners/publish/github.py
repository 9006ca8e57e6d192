"""Comments and issues on GitHub. Source: GitHub REST API, issues and issues/comments, version 2022-11-28."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from regulated_partners.errors import CannotRunError
from regulated_partners.publish.forge import Api, Post, Service, needed

NAME = "GitHub"
LABEL = "drift"


def api(environ: Mapping[str, str]) -> Api:
    """The API that a job of GitHub Actions talks to, with the job's own token."""
    token = needed(environ, "GITHUB_TOKEN", "give the step env: GITHUB_TOKEN: ${{ github.token }}")
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Api(environ.get("GITHUB_API_URL") or "https://api.github.com", headers, NAME)


class Comments:
    """The comments of the pull request that the job runs for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._api = api(environ)
        self._repository = needed(environ, "GITHUB_REPOSITORY")
        self._number = pull_request(environ)

    def posts(self) -> Iterator[Post]:
        for item in self._api.pages(f"/repos/{self._repository}/issues/{self._number}/comments?per_page=100"):
            yield Post(f"/repos/{self._repository}/issues/comments/{item['id']}", item.get("body") or "")

    def change(self, post: Post, body: str) -> None:
        self._api.call("PATCH", post.path, {"body": body})

    def add(self, body: str) -> None:
        self._api.call("POST", f"/repos/{self._repository}/issues/{self._number}/comments", {"body": body})


class Issues:
    """The open issues with the label `drift`."""

    def __init__(self, environ: Mapping[str, str], title: str) -> None:
        self._api = api(environ)
        self._issues = f"/repos/{needed(environ, 'GITHUB_REPOSITORY')}/issues"
        self._title = title

    def posts(self) -> Iterator[Post]:
        for item in self._api.pages(f"{self._issues}?state=open&labels={LABEL}&per_page=100&direction=asc"):
            if "pull_request" not in item:
                yield Post(f"{self._issues}/{item['number']}", item.get("body") or "")

    def change(self, post: Post, body: str) -> None:
        self._api.call("PATCH", post.path, {"body": body})

    def add(self, body: str) -> None:
        self._api.call("POST", self._issues, {"title": self._title, "body": body, "labels": [LABEL]})

    def close(self, post: Post) -> None:
        self._api.call("PATCH", post.path, {"state": "closed", "state_reason": "completed"})


def pull_request(environ: Mapping[str, str]) -> int:
    """The number of the pull request. Raises CannotRunError in a job that runs for none."""
    found = re.fullmatch(r"refs/pull/(\d+)/\w+", environ.get("GITHUB_REF", ""))
    if found:
        return int(found[1])
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
        return int(event["pull_request"]["number"])
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotRunError(
            "This job runs for no pull request, so there is none to comment on: publish comments only on: pull_request."
        ) from None


SERVICE = Service("GITHUB_ACTIONS", Comments, Issues)
