"""Runs the Pulumi CLI on one stack of this project, for the targets of the Makefile."""
