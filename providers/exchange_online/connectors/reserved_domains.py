"""Domains that a partner on the internet does not have, or that say nothing of who it is."""

from __future__ import annotations

#: Names below which nobody on the internet has mail, and who reserves them. `example` and `test` are left out:
#: who declares such a name documents something, or tries it.
#: Source: IANA, Special-Use Domain Names; ICANN resolution 2018.02.04.12 for corp, home and mail.
_NOT_ON_THE_INTERNET = {
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    "invalid": "RFC 6761",
    "onion": "RFC 7686",
    "alt": "RFC 9476",
    "arpa": "RFC 3172",
    "internal": "ICANN",
    "corp": "ICANN",
    "home": "ICANN",
    "mail": "ICANN",
    "lan": "",
    "localdomain": "",
    "intranet": "",
    "intra": "",
    "private": "",
    "domain": "",
    "workgroup": "",
}

#: Where Microsoft 365 gives each tenant a name. Source: Microsoft 365 endpoints of each cloud.
_TENANTS = ("onmicrosoft.com", "onmicrosoft.us", "partner.onmschina.cn", "onmicrosoft.de", "onmicrosoft.cn")


def about_domain(domain: str) -> str:
    """Why a canonical domain is hardly a partner's, and what to do, in one sentence; empty where nothing is to say."""
    name = domain.removeprefix("*.")
    top = name.rpartition(".")[2]
    if top in _NOT_ON_THE_INTERNET:
        by = _NOT_ON_THE_INTERNET[top]
        why = f"is reserved for other things ({by})" if by else "is no top-level domain"
        return (
            f"{domain} cannot be a mail domain on the internet, where .{top} {why}: no mail will match it; write the "
            "domain that stands in the partner's mail addresses."
        )
    for zone in _TENANTS:
        if domain == f"*.{zone}":
            return f"{domain} stands for every tenant of Microsoft 365; write the partner's own domains."
        if name.endswith(f".{zone}"):
            return (
                f"{domain} is a name that Microsoft 365 gives a tenant: make sure that it is the partner's and not one "
                "of your own, and that the domains of the partner's mail addresses are listed too."
            )
    return ""
