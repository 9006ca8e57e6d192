"""Pulumi programs that tests run instead of the project's own."""
