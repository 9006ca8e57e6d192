"""The real mail, DNS and database servers that tests run: found on this machine, or installed as Debian packages."""
