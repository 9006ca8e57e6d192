"""From a stack file to partners, and from partners to pairs of connectors: pure, and the only reader of settings."""
