"""Keeps one comment on a pull request, or one issue about drift, current: GitHub, GitLab, Azure DevOps."""
