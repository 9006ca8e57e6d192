"""The Pulumi CLI: getting the pinned one, running it, and reading its plans, previews and states."""
