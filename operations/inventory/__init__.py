"""`regulated-partners inventory`: every connector of a tenant, and who manages it."""
