"""Tests of the domain of connectors."""
