"""The token endpoint: what Entra ID answers to a confidential client, the discovery documents, managed identity."""
