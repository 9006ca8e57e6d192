"""Tests of the plugin: its schema, its component, its start."""
