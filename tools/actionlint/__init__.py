"""Gets actionlint, the checker of GitHub workflows, at the version that go.mod pins."""
