"""One comment and one issue, kept current on each of the three services, over real HTTPS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from regulated_partners.errors import CannotRunError
from regulated_partners.publish import comments, find, issues, put
from tests.pipelines.forge import TOKEN, Forge

SERVICES = ("github", "gitlab", "azure")
COMMENT = "<!-- regulated-partners review: dev -->\n## What this does to mail\n\n| a | b |\n<b> & \"c\" 'd'\n"
ISSUE = COMMENT.replace("review", "drift")


@pytest.fixture(params=SERVICES)
def runner(
    request: pytest.FixtureRequest, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mapping[str, str]]:
    """What the runner of a service sets."""
    variables: dict[str, str] = getattr(forge, request.param)()
    # requests looks at the process, not at what it is given.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", variables["REQUESTS_CA_BUNDLE"])
    return iter([variables])


def test_a_comment_is_added_once_and_changed_when_it_differs(forge: Forge, runner: Iterator[Mapping[str, str]]) -> None:
    """A failure means a new comment at every push, or one that still says what was true last week."""
    board = comments(next(runner))
    # Others talk too: more than a page of it.
    forge.comments |= {-number: f"talk {number}" for number in range(5)}
    assert put(board, COMMENT) == "added"
    assert put(board, COMMENT) == "unchanged"
    assert put(board, COMMENT + "more\n") == "changed"
    assert put(board, COMMENT.replace("dev", "production")) == "added"
    ours = [text for text in forge.comments.values() if text.startswith("<!--")]
    assert ours == [COMMENT + "more\n", COMMENT.replace("dev", "production")]


def test_an_issue_is_added_changed_and_closed(forge: Forge, runner: Iterator[Mapping[str, str]]) -> None:
    """A failure means an issue every night, or one that stays open when the drift is gone."""
    board = issues(next(runner), "Drift of dev")
    assert put(board, ISSUE) == "added"
    assert put(board, ISSUE) == "unchanged"
    assert put(board, ISSUE + "more\n") == "changed"
    (issue,) = forge.issues.values()
    assert issue["title"] == "Drift of dev"
    post = find(board, ISSUE)
    assert post is not None
    board.close(post)
    assert issue["state"] == "closed"
    assert find(board, ISSUE) is None


def test_a_token_that_may_not_is_said_and_not_shown(forge: Forge, runner: Iterator[Mapping[str, str]]) -> None:
    """A failure means a token in a log that everybody reads, or a traceback instead of what to grant."""
    variables = {name: value.replace(TOKEN, "other-secret") for name, value in next(runner).items()}
    with pytest.raises(CannotRunError, match=r"refused GET /\S+ with 401: the job's token may not do this") as caught:
        put(comments(variables), COMMENT)
    assert "other-secret" not in str(caught.value)
    assert forge.writes == []


@pytest.mark.parametrize(
    ("service", "missing", "advice"),
    [
        ("github", "GITHUB_TOKEN", "github.token"),
        ("gitlab", "GITLAB_TOKEN", "project access token"),
        ("gitlab", "CI_MERGE_REQUEST_IID", "merge request pipelines"),
        ("azure", "SYSTEM_ACCESSTOKEN", r"\$\(System.AccessToken\)"),
        ("azure", "SYSTEM_PULLREQUEST_PULLREQUESTID", "build validation"),
    ],
)
def test_a_variable_that_is_missing_is_named(forge: Forge, service: str, missing: str, advice: str) -> None:
    """A failure means that somebody who copies a pipeline must read our code to learn what it needs."""
    variables = {**getattr(forge, service)(), missing: f"$({missing})" if service == "azure" else ""}
    with pytest.raises(CannotRunError, match=rf"The variable {missing} is not set: .*{advice}"):
        comments(variables)


def test_outside_of_a_pipeline(forge: Forge) -> None:
    """A failure means that --publish on a desk does nothing and says nothing."""
    with pytest.raises(CannotRunError, match="this is no job of GitHub Actions, GitLab CI or Azure Pipelines"):
        comments({})
    without = {**forge.github(), "GITHUB_REF": "refs/heads/main"}
    with pytest.raises(CannotRunError, match="This job runs for no pull request"):
        comments(without)


def test_a_token_goes_only_over_https(forge: Forge) -> None:
    """A failure means that the job's token travels where everybody on the way can read it."""
    with pytest.raises(CannotRunError, match="is not https"):
        comments({**forge.github(), "GITHUB_API_URL": forge.url.replace("https", "http")})
