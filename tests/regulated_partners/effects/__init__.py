"""Tests of what a change does to mail."""
