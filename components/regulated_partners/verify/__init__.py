"""`regulated-partners verify`: does forced TLS with this partner really work?

What the program may use too (names, verdicts, the probe) lives in `probing`: components may not import operations.
"""
