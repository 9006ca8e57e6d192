"""Gets the Pulumi CLI, pinned in go.mod, and holds the small Python language host for a CLI built from source."""
