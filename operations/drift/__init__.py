"""`regulated-partners drift`: where a tenant differs from what a stack has made of it."""
