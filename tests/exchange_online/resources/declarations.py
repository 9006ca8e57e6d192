"""Strategies for declarations that the service accepts, and for what somebody else does to connectors."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from exchange_online.connectors import Direction

#: The resources that a program may declare.
RESOURCES = {
    "bank-in": Direction.INBOUND,
    "clinic-in": Direction.INBOUND,
    "bank-out": Direction.OUTBOUND,
    "clinic-out": Direction.OUTBOUND,
}

_DOMAINS = st.lists(
    st.sampled_from(["fabrikam.com", "*.fabrikam.com", "Woodgrove.ORG", "bücher.example"]), min_size=1, max_size=3
)
_COMMENTS = st.sampled_from([None, "", "SEC-1234", "a | b\nc"])
_ADDRESSES = st.lists(st.sampled_from(["198.51.100.10", "203.0.113.9/28", "192.0.2.0/24"]), min_size=1, max_size=2)


@st.composite
def properties(draw: st.DrawFn, direction: Direction, resource: str) -> dict[str, Any]:
    """A valid declaration. Each resource has names of its own, so that two never want the same one."""
    chosen: dict[str, Any] = {
        "name": f"{resource} {draw(st.sampled_from(['one', 'two']))}",
        "enabled": draw(st.booleans()),
        "comment": draw(_COMMENTS),
    }
    return chosen | draw(_inbound() if direction is Direction.INBOUND else _outbound())


@st.composite
def _inbound(draw: st.DrawFn) -> dict[str, Any]:
    chosen: dict[str, Any] = {"senderDomains": draw(_DOMAINS)}
    restriction = draw(st.sampled_from(["certificate", "addresses", "none"]))
    if restriction == "certificate":
        name = draw(st.sampled_from(["mail.fabrikam.com", "*.fabrikam.com"]))
        return chosen | {"restrictDomainsToCertificate": True, "tlsSenderCertificateName": name}
    if restriction == "addresses":
        return chosen | {"restrictDomainsToIpAddresses": True, "senderIpAddresses": draw(_ADDRESSES)}
    return chosen | {"efSkipIps": draw(st.sampled_from([[], ["198.51.100.0/24"]]))}


@st.composite
def _outbound(draw: st.DrawFn) -> dict[str, Any]:
    recipients = draw(st.sampled_from([[], ["postmaster@fabrikam.com"], ["b@fabrikam.com", "a@fabrikam.com"]]))
    chosen: dict[str, Any] = {
        "recipientDomains": draw(_DOMAINS),
        "validationRecipients": recipients,
        "testMode": draw(st.booleans()),
    }
    if draw(st.booleans()):
        chosen |= {"useMxRecord": False, "smartHosts": draw(st.sampled_from([["relay.fabrikam.com"], ["192.0.2.1"]]))}
    if draw(st.booleans()):
        return chosen | {
            "tlsSettings": "DomainValidation",
            "tlsDomain": draw(st.sampled_from(["a.example", "b.example"])),
        }
    return chosen | {"tlsSettings": draw(st.sampled_from([None, "EncryptionOnly", "CertificateValidation"]))}


def drifts(direction: Direction, guid: str) -> st.SearchStrategy[dict[str, Any]]:
    """What somebody sets in the portal: parameters of `Set-`. A new name is one that no resource wants."""
    common: list[dict[str, Any]] = [
        {"Comment": "by hand"},
        {"Enabled": False},
        {"Enabled": True, "Comment": None},
        {"Name": f"Renamed {guid}"},
    ]
    if direction is Direction.INBOUND:
        return st.sampled_from([*common, {"RequireTls": False}, {"SenderDomains": ["*", "fabrikam.com"]}])
    return st.sampled_from([*common, {"TlsSettings": None}, {"RecipientDomains": []}, {"ValidationRecipients": []}])
