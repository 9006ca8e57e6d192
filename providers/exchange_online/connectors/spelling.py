"""Which of the names that there are somebody meant who wrote another one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

#: So few letters are part of too many names.
_SHORTEST_PART = 4

#: Other words for properties: those of the cmdlets in part, of the admin centre, and of people.
_OTHER_WORDS = {
    "name": ("connectorname", "displayname", "partnername", "title"),
    "senderDomains": ("domain", "domains", "maildomain", "maildomains", "domainname", "domainnames", "from"),
    "recipientDomains": ("domain", "domains", "maildomain", "maildomains", "domainname", "domainnames", "to"),
    "tlsSenderCertificateName": (
        *("cert", "certname", "certificate", "certificatename", "certificatedomain", "certificatesubject", "cn"),
        *("commonname", "san", "sendercertificate", "subject", "subjectname", "tlscertificate", "tlscertificatename"),
    ),
    "tlsDomain": (
        *("cert", "certname", "certificate", "certificatename", "certificatedomain", "certificatesubject", "cn"),
        *("commonname", "san", "subject", "subjectname", "tlscertificate", "tlscertificatename", "tlsdomainname"),
    ),
    "requireTls": ("connectionsecurity", "forcetls", "forcedtls", "rejectwithouttls", "tls", "tlsrequired"),
    "tlsSettings": ("connectionsecurity", "forcetls", "forcedtls", "requiretls", "security", "tls", "tlsauthlevel"),
    "restrictDomainsToCertificate": ("restrictbycertificate", "restrictdomains", "restrictdomainsby"),
    "restrictDomainsToIpAddresses": ("restrictbyip", "restrictbyipaddresses"),
    "senderIpAddresses": ("addresses", "ip", "ipaddress", "ipaddresses", "iprange", "ipranges", "ips", "senderips"),
    "smartHosts": ("host", "hosts", "relay", "relays", "route", "routing", "server", "servers"),
    "useMxRecord": ("delivery", "mx", "mxrecord", "usemx"),
    "validationRecipients": ("validation", "validationaddress", "validationaddresses"),
    "comment": ("description", "note", "notes", "owner", "remark", "remarks", "ticket"),
    "enabled": ("active", "disabled", "isenabled", "off", "on", "state", "status", "switchedon", "turnon", "turniton"),
    "smtpDaneMode": ("dane", "danemode", "smtpdane"),
    "mtaStsMode": ("mtasts", "sts"),
    "efSkipIps": ("enhancedfiltering", "skipips", "skiplisting"),
    "isTransportRuleScoped": ("rule", "rulescoped", "transportrule"),
}


def folded(name: str) -> str:
    """The same for `EFSkipIPs`, `efSkipIps`, `ef_skip_ips` and `ef-skip-ips`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def nearest(name: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The name that another one resembles; empty where there is none.

    The same letters come first, then what looks like it, then the only one that it is a part of.

    Args:
        name: what was written.
        known: the names that there are.
        alike: how much of them must be the same, as `difflib` counts.
    """
    spelled = {folded(candidate): candidate for candidate in known}
    written = folded(name)
    if written in spelled:
        return spelled[written]
    if near := difflib.get_close_matches(written, spelled, n=1, cutoff=alike):
        return spelled[near[0]]
    holding = [candidate for letters, candidate in spelled.items() if written in letters]
    return holding[0] if len(holding) == 1 and len(written) >= _SHORTEST_PART else ""


def other_words(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The properties among those that are known for which a name is another word."""
    written = folded(name)
    return tuple(key for key in known if written in _OTHER_WORDS.get(key, ()))


def meant_by(name: str, known: Iterable[str]) -> str:
    """The property that was meant, by its letters, by another word for it, or by its looks; empty where none was."""
    keys = list(known)
    same = next((key for key in keys if folded(key) == folded(name)), "")
    return same or next(iter(other_words(name, keys)), "") or nearest(name, keys)
