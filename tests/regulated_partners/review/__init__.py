"""Tests of `regulated-partners review`."""
