"""Benchmarks: `make bench`. They print ratios measured in one run, because machines are noisy."""
