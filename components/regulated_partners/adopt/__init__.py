"""`regulated-partners adopt`: brings existing connectors under management without a write to the tenant."""
