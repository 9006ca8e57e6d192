"""GitHub, GitLab and Azure DevOps on loopback, as far as comments and issues go.

Strict: an unknown path, a missing token or version, or a field that the API does not have is refused. Sources: GitHub
REST API (issues, issues/comments), GitLab REST API (notes, issues), Azure DevOps REST API 7.1 (threads, work items).
"""

# ruff: noqa: ARG005 - every route takes the forge, the groups of its path, the query and the body

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import trustme

TOKEN = "job-token"
Answer = tuple[int, Any]


class Forge:
    """A context manager. `comments` and `issues` hold what was published, by their numbers."""

    def __init__(self, directory: Path) -> None:
        self.comments: dict[int, str] = {}
        self.issues: dict[int, dict[str, str]] = {}
        self.writes: list[str] = []
        self.ca = directory / "forge-ca.pem"
        self._next = 1
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Forge:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def github(self, pull_request: int = 7) -> dict[str, str]:
        """What a runner of GitHub Actions sets."""
        return self._trusted() | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "bank/mail",
            "GITHUB_REF": f"refs/pull/{pull_request}/merge",
            "GITHUB_TOKEN": TOKEN,
        }

    def gitlab(self) -> dict[str, str]:
        """What a runner of GitLab sets, and the variable of the project."""
        return self._trusted() | {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.url}/api/v4",
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "7",
            "GITLAB_TOKEN": TOKEN,
        }

    def azure(self) -> dict[str, str]:
        """What an agent of Azure Pipelines sets."""
        return self._trusted() | {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.url}/bank/",
            "SYSTEM_TEAMPROJECT": "mail",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
            "BUILD_REPOSITORY_ID": "repo",
            "SYSTEM_ACCESSTOKEN": TOKEN,
        }

    def _trusted(self) -> dict[str, str]:
        return {"REQUESTS_CA_BUNDLE": str(self.ca)}

    def answer(self, method: str, target: str, headers: Any, body: Any) -> tuple[int, Any, str | None]:
        """Status, JSON, and the address of the next page."""
        url = urlsplit(target)
        if TOKEN not in (headers.get("Authorization") or headers.get("PRIVATE-TOKEN") or ""):
            return 401, {"message": "no token"}, None
        for pattern, handler in self._routes.items():
            found = re.fullmatch(pattern, f"{method} {url.path}")
            if found:
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                if method != "GET" and "wiql" not in url.path:
                    self.writes.append(f"{method} {url.path}")
                status, content = handler(self, found.groups(), query, body)
                return status, *self._page(content, query, target)
        return 404, {"message": f"no {method} {url.path}"}, None

    def _page(self, content: Any, query: dict[str, str], target: str) -> tuple[Any, str | None]:
        """Pages of two, whatever is asked for, so that a reader of one page only is found out."""
        if not isinstance(content, list):
            return content, None
        page = int(query.get("page", "1"))
        more = len(content) > page * 2
        next_page = re.sub(r"&page=\d+", "", target) + f"&page={page + 1}"
        return content[page * 2 - 2 : page * 2], f"{self.url}{next_page}" if more else None

    def _new(self) -> int:
        self._next += 1
        return self._next

    def _add_comment(self, body: str) -> Answer:
        number = self._new()
        self.comments[number] = body
        return 201, {"id": number}

    def _change_comment(self, number: str, body: str) -> Answer:
        if int(number) not in self.comments:
            return 404, {}
        self.comments[int(number)] = body
        return 200, {"id": int(number)}

    def _add_issue(self, title: str, body: str, label: str) -> Answer:
        number = self._new()
        self.issues[number] = {"title": title, "body": body, "label": label, "state": "open"}
        return 201, {"id": number}

    def _change_issue(self, number: str, **fields: str | None) -> Answer:
        self.issues[int(number)] |= {name: value for name, value in fields.items() if value is not None}
        return 200, {"id": int(number)}

    def _open(self, label: str) -> list[tuple[int, dict[str, str]]]:
        return [(n, each) for n, each in self.issues.items() if each["state"] == "open" and each["label"] == label]

    def _azure_fields(self, body: list[dict[str, str]]) -> dict[str, str]:
        assert all(each["op"] == "add" for each in body)
        return {each["path"].removeprefix("/fields/"): each["value"] for each in body}

    def _azure_change(self, number: str, body: list[dict[str, str]]) -> Answer:
        fields = self._azure_fields(body)
        state = "closed" if fields.get("System.State") == "Done" else None
        return self._change_issue(number, body=fields.get("System.Description"), state=state)

    def _azure_add(self, body: list[dict[str, str]]) -> Answer:
        fields = self._azure_fields(body)
        return self._add_issue(fields["System.Title"], fields["System.Description"], fields["System.Tags"])

    _routes: ClassVar[dict[str, Callable[[Forge, Any, dict[str, str], Any], Answer]]] = {
        r"GET /repos/bank/mail/issues/7/comments": lambda f, g, q, b: (
            200,
            [{"id": n, "body": body} for n, body in f.comments.items()],
        ),
        r"POST /repos/bank/mail/issues/7/comments": lambda f, g, q, b: f._add_comment(b["body"]),
        r"PATCH /repos/bank/mail/issues/comments/(\d+)": lambda f, g, q, b: f._change_comment(g[0], b["body"]),
        r"GET /repos/bank/mail/issues": lambda f, g, q, b: (
            200,
            [{"number": n, "body": each["body"]} for n, each in f._open(q["labels"])],
        ),
        r"POST /repos/bank/mail/issues": lambda f, g, q, b: f._add_issue(b["title"], b["body"], b["labels"][0]),
        r"PATCH /repos/bank/mail/issues/(\d+)": lambda f, g, q, b: f._change_issue(
            g[0], body=b.get("body"), state=b.get("state")
        ),
        r"GET /api/v4/projects/42/merge_requests/7/notes": lambda f, g, q, b: (
            200,
            [{"id": n, "body": body} for n, body in f.comments.items()],
        ),
        r"POST /api/v4/projects/42/merge_requests/7/notes": lambda f, g, q, b: f._add_comment(b["body"]),
        r"PUT /api/v4/projects/42/merge_requests/7/notes/(\d+)": lambda f, g, q, b: f._change_comment(g[0], b["body"]),
        r"GET /api/v4/projects/42/issues": lambda f, g, q, b: (
            200,
            [{"iid": n, "description": each["body"]} for n, each in f._open(q["labels"])],
        ),
        r"POST /api/v4/projects/42/issues": lambda f, g, q, b: f._add_issue(b["title"], b["description"], b["labels"]),
        r"PUT /api/v4/projects/42/issues/(\d+)": lambda f, g, q, b: f._change_issue(
            g[0], body=b.get("description"), state="closed" if b.get("state_event") == "close" else None
        ),
        r"GET /bank/mail/_apis/git/repositories/repo/pullRequests/7/threads": lambda f, g, q, b: (
            200,
            {"value": [{"id": n, "comments": [{"id": n, "content": body}]} for n, body in f.comments.items()]},
        ),
        r"POST /bank/mail/_apis/git/repositories/repo/pullRequests/7/threads": lambda f, g, q, b: f._add_comment(
            b["comments"][0]["content"]
        ),
        r"PATCH /bank/mail/_apis/git/repositories/repo/pullRequests/7/threads/(\d+)/comments/\1": lambda f, g, q, b: (
            f._change_comment(g[0], b["content"])
        ),
        r"POST /bank/mail/_apis/wit/wiql": lambda f, g, q, b: (
            200,
            {"workItems": [{"id": n} for n, _ in f._open("connector-drift")]},
        ),
        r"GET /bank/mail/_apis/wit/workitems/(\d+)": lambda f, g, q, b: (
            200,
            {"fields": {"System.Description": f.issues[int(g[0])]["body"]}},
        ),
        r"POST /bank/mail/_apis/wit/workitems/\$Issue": lambda f, g, q, b: f._azure_add(b),
        r"PATCH /bank/mail/_apis/wit/workitems/(\d+)": lambda f, g, q, b: f._azure_change(g[0], b),
    }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, content, more = forge.answer(self.command, self.path, self.headers, body)
                text = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                if more:
                    self.send_header("Link", f'<{more}>; rel="next"')
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Quiet."""

        return Handler
