"""`regulated-partners verify`: does forced TLS with this partner really work?

One module for each subcommand (`captured` and `listener` for `listen`), so that none loads what only another needs.
What the pre-flight uses too is in `probing`.
"""
