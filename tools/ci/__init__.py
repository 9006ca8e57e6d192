"""What continuous integration checks beyond the exit code of the tests."""
