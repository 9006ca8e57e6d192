"""What connectors do to single messages by the documentation, written apart from the code that says it.

Source: New-InboundConnector, New-OutboundConnector; Exchange Online mail flow pages (2022), examples 1 to 5;
connector-semantics 1, 3, 6.1 and 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

DOMAIN, NAME, ADDRESS, ACCEPTED, ORGANIZATION = (
    "fabrikam.com",
    "mail.fabrikam.com",
    "203.0.113.5",
    "contoso.com",
    "tailspin.example",
)
HOST = "relay.fabrikam.com"


class Fate(Enum):
    """What becomes of a message."""

    PASSES = "passes"
    REFUSED = "refused"
    NOT_DOCUMENTED = "not documented"


@dataclass(frozen=True)
class Incoming:
    """A message that comes in: whether it is what the settings name."""

    of_domain: bool
    of_address: bool
    over_tls: bool
    with_name: bool
    to_accepted: bool
    of_organization: bool


@dataclass(frozen=True)
class Outgoing:
    """A message that leaves: to the domain, another or one's own; routed by a rule or not; and what the server has."""

    to: str
    by_rule: bool
    server: str
    dane: bool


INCOMING = tuple(
    Incoming(*values)
    for values in product((True, False), repeat=6)
    # A certificate is shown over TLS only.
    if values[2] or not values[3]
)
#: What the receiving server has, from nothing to a trusted certificate with the name.
SERVERS = ("no TLS", "any certificate", "trusted certificate", "trusted certificate with the name")
OUTGOING = tuple(
    Outgoing(to, by_rule, server, dane)
    for to, by_rule, server, dane in product(("domain", "other", "own"), (False, True), SERVERS, (False, True))
    if server != "no TLS" or not dane
)


def fate_of_incoming(s: Mapping[str, Any], m: Incoming) -> Fate:
    """Of a message, as far as one connector decides it."""
    everybody = s["senderDomains"] == ["*"]
    for_it = everybody or m.of_domain
    spared = (s["trustedOrganizations"] and m.of_organization) or (s["associatedAcceptedDomains"] and not m.to_accepted)
    if not s["enabled"] or s["connectorType"] == "OnPremises" or spared or not for_it:
        return Fate.PASSES
    by_certificate, by_address = s["restrictDomainsToCertificate"], s["restrictDomainsToIpAddresses"]
    no_tls = not m.over_tls and (s["requireTls"] or by_certificate)
    if not by_certificate and not by_address and s["senderIpAddresses"] and not m.of_address and no_tls:
        # Example 5 identifies by address alone; what a domain and addresses mean together is not documented.
        return Fate.PASSES if everybody else Fate.NOT_DOCUMENTED
    refused = no_tls or (by_certificate and not m.with_name) or (by_address and not m.of_address)
    return Fate.REFUSED if refused else Fate.PASSES


def fate_of_outgoing(s: Mapping[str, Any], m: Outgoing) -> Fate:
    """Of a message that takes the connector, PASSES where another way is taken."""
    if not takes(s, m):
        return Fate.PASSES
    needed = {None: 0, "EncryptionOnly": 1, "CertificateValidation": 2, "DomainValidation": 3}[s["tlsSettings"]]
    if SERVERS.index(m.server) < needed:
        return Fate.REFUSED
    if s["smtpDaneMode"] == "Mandatory" and not m.dane:
        return Fate.NOT_DOCUMENTED if s["smartHosts"] else Fate.REFUSED
    return Fate.PASSES


def takes(s: Mapping[str, Any], m: Outgoing) -> bool:
    """Whether the message takes the connector, as far as its own settings say."""
    if not s["enabled"] or s["testMode"]:
        return False
    if s["routeAllMessagesViaOnPremises"] and s["connectorType"] == "OnPremises":
        return True
    if s["isTransportRuleScoped"]:
        return m.by_rule
    if s["recipientDomains"] == ["*"] or (s["allAcceptedDomains"] and m.to == "own"):
        return True
    return s["recipientDomains"] == [DOMAIN] and m.to == "domain"


_FLAG = (False, True)


def inbound_rows() -> Iterator[dict[str, Any]]:
    """Every combination of the settings that matter to mail from a partner, as far as the service takes it."""
    choices: dict[str, tuple[Any, ...]] = {
        "enabled": _FLAG,
        "connectorType": ("Partner", "OnPremises"),
        "senderDomains": ([DOMAIN], ["*"]),
        "requireTls": _FLAG,
        "restrictDomainsToCertificate": _FLAG,
        "restrictDomainsToIpAddresses": _FLAG,
        "tlsSenderCertificateName": (None, NAME),
        "senderIpAddresses": ([], [ADDRESS]),
        "associatedAcceptedDomains": ([], [ACCEPTED]),
        "trustedOrganizations": ([], [ORGANIZATION]),
        "cloudServicesMailEnabled": _FLAG,
    }
    for row in _product(choices):
        nameless = row["restrictDomainsToCertificate"] and not row["tlsSenderCertificateName"]
        nowhere = row["restrictDomainsToIpAddresses"] and not row["senderIpAddresses"]
        if not nameless and not nowhere:
            yield row


def outbound_rows() -> Iterator[dict[str, Any]]:
    """Every combination of the settings that matter to mail to a partner, of connectors that mail can take."""
    choices: dict[str, tuple[Any, ...]] = {
        "enabled": _FLAG,
        "testMode": _FLAG,
        "connectorType": ("Partner", "OnPremises"),
        "recipientDomains": ([], [DOMAIN], ["*"]),
        "isTransportRuleScoped": _FLAG,
        "allAcceptedDomains": _FLAG,
        "routeAllMessagesViaOnPremises": _FLAG,
        "tlsSettings": (None, "EncryptionOnly", "CertificateValidation", "DomainValidation"),
        "smtpDaneMode": ("Opportunistic", "Mandatory", "None"),
        "mtaStsMode": ("Opportunistic", "None"),
        "smartHosts": ([], [HOST]),
    }
    for row in _product(choices):
        if not any(takes({**row, "enabled": True, "testMode": False}, m) for m in OUTGOING):
            continue
        yield {
            **row,
            "useMxRecord": not row["smartHosts"],
            "tlsDomain": NAME if row["tlsSettings"] == "DomainValidation" else None,
        }


def _product(choices: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))
