"""Faults: failures that a test asks for, because a real service has them and nobody can make it have them."""
