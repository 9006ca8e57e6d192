"""Notes of merge requests and issues on GitLab. Source: GitLab REST API, notes and issues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulated_partners.publish.forge import Api, Post, Service, needed

NAME = "GitLab"
LABEL = "drift"


def api(environ: Mapping[str, str]) -> Api:
    """The API of the instance that runs the job.

    A job's own CI_JOB_TOKEN may not write notes or issues, so this takes a project access token (scope api).
    """
    token = needed(
        environ,
        "GITLAB_TOKEN",
        "make a project access token with scope api and role Reporter, and a masked variable of it",
    )
    return Api(needed(environ, "CI_API_V4_URL"), {"PRIVATE-TOKEN": token}, NAME)


class Comments:
    """The notes of the merge request that the job runs for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._api = api(environ)
        project = needed(environ, "CI_PROJECT_ID")
        number = needed(environ, "CI_MERGE_REQUEST_IID", "publish comments only in merge request pipelines")
        self._notes = f"/projects/{project}/merge_requests/{number}/notes"

    def posts(self) -> Iterator[Post]:
        for item in self._api.pages(f"{self._notes}?per_page=100&sort=asc&order_by=created_at"):
            yield Post(f"{self._notes}/{item['id']}", item.get("body") or "")

    def change(self, post: Post, body: str) -> None:
        self._api.call("PUT", post.path, {"body": body})

    def add(self, body: str) -> None:
        self._api.call("POST", self._notes, {"body": body})


class Issues:
    """The open issues with the label `drift`."""

    def __init__(self, environ: Mapping[str, str], title: str) -> None:
        self._api = api(environ)
        self._issues = f"/projects/{needed(environ, 'CI_PROJECT_ID')}/issues"
        self._title = title

    def posts(self) -> Iterator[Post]:
        for item in self._api.pages(f"{self._issues}?state=opened&labels={LABEL}&per_page=100&sort=asc"):
            yield Post(f"{self._issues}/{item['iid']}", item.get("description") or "")

    def change(self, post: Post, body: str) -> None:
        self._api.call("PUT", post.path, {"description": body})

    def add(self, body: str) -> None:
        self._api.call("POST", self._issues, {"title": self._title, "description": body, "labels": LABEL})

    def close(self, post: Post) -> None:
        self._api.call("PUT", post.path, {"state_event": "close"})


SERVICE = Service("GITLAB_CI", Comments, Issues)
