"""What set-up and CI run around the project: nothing here is needed at run time."""
