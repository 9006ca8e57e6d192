"""What an operator runs around `pulumi up`: the command `regulated-partners`, or `python -m regulated_partners`."""
