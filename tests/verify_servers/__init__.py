"""`verify partner` against real servers on loopback: Postfix, Knot, Unbound, an HTTPS server; openssl as the oracle."""
