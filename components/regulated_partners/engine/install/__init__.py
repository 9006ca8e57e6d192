"""Gets the Pulumi CLI that go.mod pins. `ensure.pulumi_directory` is what the runner asks."""
