"""The package as others install it: built, and used outside of the working copy."""
