"""Tests of the set-up: the installer, the language host, the stack commands."""
