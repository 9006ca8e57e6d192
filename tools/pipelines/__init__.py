"""Checks the pipelines that users copy: workflows with actionlint and zizmor, the others against their schemas."""
