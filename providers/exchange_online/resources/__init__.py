"""Connectors as Pulumi resources: one core that works without Pulumi, and the faces that translate it."""
