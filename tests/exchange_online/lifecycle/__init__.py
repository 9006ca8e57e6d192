"""Create, read, update and delete of connectors through the client, against the emulator."""
