"""The control API: what a test or a person does to the emulator that no client of the service could."""
