"""Tests of what runs, reads and gets the Pulumi CLI, and of the language host."""
