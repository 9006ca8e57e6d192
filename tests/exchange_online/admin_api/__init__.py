"""Tests of the admin API client."""
