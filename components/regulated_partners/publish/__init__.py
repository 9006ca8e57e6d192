"""Keeps one comment on a pull request, or one issue about drift, current: GitHub, GitLab, Azure DevOps."""

from __future__ import annotations

from collections.abc import Mapping

from regulated_partners.errors import CannotRunError
from regulated_partners.publish import azure_devops, github, gitlab
from regulated_partners.publish.forge import Board, IssueBoard, Service, find, put

_SERVICES = (github.SERVICE, gitlab.SERVICE, azure_devops.SERVICE)

__all__ = ["comments", "find", "issues", "put"]


def comments(environ: Mapping[str, str]) -> Board:
    """The comments of the pull request that the job runs for. Raises CannotRunError."""
    return _service(environ).comments(environ)


def issues(environ: Mapping[str, str], title: str) -> IssueBoard:
    """The open issues about drift.

    Args:
        title: of an issue that is added.

    Raises:
        CannotRunError: in a job of none of the services, or without its token.
    """
    return _service(environ).issues(environ, title)


def _service(environ: Mapping[str, str]) -> Service:
    for service in _SERVICES:
        if environ.get(service.variable):
            return service
    raise CannotRunError(
        "--publish: this is no job of GitHub Actions, GitLab CI or Azure Pipelines (GITHUB_ACTIONS, GITLAB_CI and "
        "TF_BUILD are not set), so there is nothing to publish to."
    )
