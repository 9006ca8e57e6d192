"""Where the job that runs this may publish, by the service that it runs on."""

from __future__ import annotations

from collections.abc import Mapping

from regulated_partners.errors import CannotRunError
from regulated_partners.publish import azure_devops, github, gitlab
from regulated_partners.publish.forge import Board, IssueBoard


def comments(environ: Mapping[str, str]) -> Board:
    """The comments of the pull request that the job runs for. Raises CannotRunError."""
    if environ.get("GITHUB_ACTIONS"):
        return github.Comments(environ)
    if environ.get("GITLAB_CI"):
        return gitlab.Comments(environ)
    if environ.get("TF_BUILD"):
        return azure_devops.Comments(environ)
    raise _nowhere()


def issues(environ: Mapping[str, str], title: str) -> IssueBoard:
    """The open issues about drift.

    Args:
        title: of an issue that is added.
    Raises:
        CannotRunError: in a job of none of the services, or without its token.
    """
    if environ.get("GITHUB_ACTIONS"):
        return github.Issues(environ, title)
    if environ.get("GITLAB_CI"):
        return gitlab.Issues(environ, title)
    if environ.get("TF_BUILD"):
        return azure_devops.Issues(environ, title)
    raise _nowhere()


def _nowhere() -> CannotRunError:
    return CannotRunError(
        "--publish: this is no job of GitHub Actions, GitLab CI or Azure Pipelines (GITHUB_ACTIONS, GITLAB_CI and "
        "TF_BUILD are not set), so there is nothing to publish to."
    )
