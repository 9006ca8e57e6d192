"""Behaviour that must hold on the emulator and on a real tenant alike."""
