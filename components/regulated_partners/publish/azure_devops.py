"""Threads of pull requests and work items on Azure DevOps. Source: Azure DevOps REST API 7.1, Git threads and wit."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from regulated_partners.publish.forge import Api, Post, Service, needed

NAME = "Azure DevOps"
_VERSION = "api-version=7.1"
_JSON_PATCH = "application/json-patch+json"
TAG = "connector-drift"
_OPEN = (
    "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "
    "AND [System.Tags] CONTAINS 'connector-drift' "
    "AND [System.State] NOT IN ('Done', 'Closed', 'Removed', 'Resolved') ORDER BY [System.Id]"
)


def api(environ: Mapping[str, str]) -> Api:
    """The API of the project that runs the job, with the job's own token."""
    token = needed(environ, "SYSTEM_ACCESSTOKEN", "give the step env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)")
    collection, project = needed(environ, "SYSTEM_COLLECTIONURI"), needed(environ, "SYSTEM_TEAMPROJECT")
    return Api(f"{collection.rstrip('/')}/{quote(project)}", {"Authorization": f"Bearer {token}"}, NAME)


class Comments:
    """The threads of the pull request that the job runs for; each of ours holds one comment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._api = api(environ)
        number = needed(
            environ, "SYSTEM_PULLREQUEST_PULLREQUESTID", "publish comments only in a branch policy's build validation"
        )
        repository = needed(environ, "BUILD_REPOSITORY_ID")
        self._threads = f"/_apis/git/repositories/{repository}/pullRequests/{number}/threads"

    def posts(self) -> Iterator[Post]:
        for thread in self._api.call("GET", f"{self._threads}?{_VERSION}")["value"]:
            for comment in thread.get("comments") or ():
                path = f"{self._threads}/{thread['id']}/comments/{comment['id']}?{_VERSION}"
                yield Post(path, comment.get("content") or "")

    def change(self, post: Post, body: str) -> None:
        self._api.call("PATCH", post.path, {"content": body})

    def add(self, body: str) -> None:
        comment = {"parentCommentId": 0, "content": body, "commentType": "text"}
        self._api.call("POST", f"{self._threads}?{_VERSION}", {"comments": [comment], "status": "closed"})


class Issues:
    """The open work items with the tag `connector-drift`. Their text is HTML: the Markdown stands in it as it is."""

    def __init__(self, environ: Mapping[str, str], title: str) -> None:
        self._api = api(environ)
        self._type = environ.get("DRIFT_WORK_ITEM_TYPE") or "Issue"
        self._title = title

    def posts(self) -> Iterator[Post]:
        for item in self._api.call("POST", f"/_apis/wit/wiql?{_VERSION}", {"query": _OPEN})["workItems"]:
            path = f"/_apis/wit/workitems/{item['id']}?{_VERSION}"
            fields = self._api.call("GET", path)["fields"]
            yield Post(path, _markdown(fields.get("System.Description") or ""))

    def change(self, post: Post, body: str) -> None:
        self._patch("PATCH", post.path, {"System.Description": _html(body)})

    def add(self, body: str) -> None:
        fields = {"System.Title": self._title, "System.Description": _html(body), "System.Tags": TAG}
        self._patch("POST", f"/_apis/wit/workitems/${quote(self._type)}?{_VERSION}", fields)

    def close(self, post: Post) -> None:
        self._patch("PATCH", post.path, {"System.State": "Done" if self._type == "Issue" else "Closed"})

    def _patch(self, method: str, path: str, fields: Mapping[str, str]) -> None:
        body = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]
        self._api.call(method, path, body, **{"Content-Type": _JSON_PATCH})


def _html(body: str) -> str:
    return f"<pre>{html.escape(body)}</pre>"


def _markdown(text: str) -> str:
    return html.unescape(text.removeprefix("<pre>").removesuffix("</pre>"))


SERVICE = Service("TF_BUILD", Comments, Issues)
