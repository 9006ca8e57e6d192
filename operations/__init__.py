"""What an operator runs around `pulumi up`: the command `regulated-partners`, the same as `python -m operations`."""
