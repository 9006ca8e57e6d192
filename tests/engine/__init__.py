"""Tests that drive the real Pulumi CLI against the emulator."""
