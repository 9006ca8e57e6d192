"""What the servers and certificates of a partner show, judged: shared by `operations verify` and by the program."""
