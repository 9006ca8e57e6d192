"""Exchange Online on your machine: the admin API, the token endpoint and a control API over HTTPS on loopback.

Each of its rules carries a tag (documented, observed, assumed) and its source;
`python -m exchange_online_emulator rules` lists them.
"""
