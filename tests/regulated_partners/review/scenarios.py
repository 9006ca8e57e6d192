"""What the recorded plans were made from: one base stack, and for each plan what a pull request does to it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange_online.connectors import Direction
from exchange_online.names import Face
from exchange_online_emulator import Control
from regulated_partners.names import COMPONENT_TOKENS

Settings = dict[str, Any]
Edit = Callable[[Settings], None]
Behind = Callable[[Control], object]

BASE: Settings = {
    "partners": [
        {
            "name": "Fabrikam Bank",
            "domains": ["fabrikam.com", "*.fabrikam.com"],
            "certificateName": "mail.fabrikam.com",
            "comment": "SEC-1234, owner messaging team",
        },
        {
            "name": "Woodgrove Hospital",
            "domains": ["woodgrove.org"],
            "certificateName": "mail.woodgrove.org",
            "comment": "SEC-1302, owner messaging team",
            "outbound": {
                "connectionSecurity": "trustedCertificationAuthority",
                "smartHosts": ["relay1.woodgrove.org", "relay2.woodgrove.org"],
            },
        },
        {
            "name": "Humongous Insurance",
            "domains": ["humongousinsurance.com"],
            "certificateName": "mx.humongousinsurance.com",
            "comment": "SEC-1317, owner messaging team",
            "inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["198.51.100.10", "203.0.113.0/28"]},
        },
    ],
    "inboundConnectors": [
        {
            "name": "Newsletter gateway",
            "senderDomains": ["news.example"],
            "requireTls": True,
            "comment": "owner marketing",
        }
    ],
}

BANK, HOSPITAL, INSURER = 0, 1, 2


@dataclass(frozen=True)
class Scenario:
    """One plan.

    Attributes:
        edit: changes a copy of the base's settings.
        behind: what somebody did in the admin centre before the preview.
        flags: further arguments of `pulumi preview`.
        saved: the plan is saved too, with the state it was made against.
        fails: the preview ends with an error.
    """

    edit: Edit = lambda _: None
    behind: Behind | None = None
    flags: tuple[str, ...] = ()
    saved: bool = False
    fails: bool = False

    def settings(self) -> Settings:
        """The stack's settings in the pull request."""
        changed = copy.deepcopy(BASE)
        self.edit(changed)
        return changed


def _partner(index: int, **changes: Any) -> Edit:
    def edit(settings: Settings) -> None:
        settings["partners"][index].update(changes)

    return edit


def _half(index: int, half: str, **changes: Any) -> Edit:
    def edit(settings: Settings) -> None:
        settings["partners"][index].setdefault(half, {}).update(changes)

    return edit


def _all(*edits: Edit) -> Edit:
    def edit(settings: Settings) -> None:
        for each in edits:
            each(settings)

    return edit


def _remove(index: int) -> Edit:
    return lambda settings: settings["partners"].pop(index)


def _add(**partner: Any) -> Edit:
    return lambda settings: settings["partners"].append(partner)


def _top(**changes: Any) -> Edit:
    return lambda settings: settings.update(changes)


def _set(cmdlet: str, identity: str, **parameters: Any) -> Behind:
    return lambda control: control.invoke(cmdlet, {"Identity": identity, **parameters})


def _gone(identity: str) -> Behind:
    return lambda control: control.invoke("Remove-OutboundConnector", {"Identity": identity, "Confirm": False})


_NEW = {"name": "Contoso Clearing", "domains": ["clearing.example"], "certificateName": "mx.clearing.example"}
_ACKNOWLEDGED = {"reason": "SEC-2001, agreed with the hospital until their new CA", "expires": "2099-12-31"}
_LONG_AGO = {"reason": "SEC-1999, the migration", "expires": "2020-01-31"}
_TLS_OFF = {"RequireTls": False, "RestrictDomainsToCertificate": False}

SCENARIOS: dict[str, Scenario] = {
    "nothing": Scenario(),
    "comment": Scenario(_partner(BANK, comment="SEC-1234, owner @messaging | *team* <b>#42</b>")),
    "domain-added": Scenario(_partner(BANK, domains=["fabrikam.com", "*.fabrikam.com", "fabrikam.bank"])),
    "domain-removed": Scenario(_partner(BANK, domains=["*.fabrikam.com"])),
    "subdomains-removed": Scenario(_partner(BANK, domains=["fabrikam.com"])),
    "certificate-name-changed": Scenario(_partner(BANK, certificateName="mx.fabrikam.net")),
    "certificate-name-wildcard": Scenario(_partner(BANK, certificateName="*.fabrikam.com")),
    "switched-off": Scenario(_partner(BANK, enabled=False)),
    "inbound-opportunistic": Scenario(
        _half(
            BANK,
            "inbound",
            connectionSecurity="opportunisticTls",
            restrictDomainsBy="ipAddresses",
            senderIpAddresses=["192.0.2.10"],
        )
    ),
    "inbound-unrestricted": Scenario(_half(BANK, "inbound", restrictDomainsBy="none")),
    "inbound-certificate-to-addresses": Scenario(
        _half(BANK, "inbound", restrictDomainsBy="ipAddresses", senderIpAddresses=["192.0.2.10"])
    ),
    "inbound-addresses-to-certificate": Scenario(_partner(INSURER, inbound={})),
    "addresses-added": Scenario(_half(INSURER, "inbound", senderIpAddresses=["198.51.100.10", "203.0.113.0/27"])),
    "addresses-removed": Scenario(_half(INSURER, "inbound", senderIpAddresses=["203.0.113.0/28"])),
    "outbound-opportunistic": Scenario(_half(BANK, "outbound", connectionSecurity="opportunisticTls")),
    "outbound-self-signed": Scenario(_half(HOSPITAL, "outbound", connectionSecurity="selfSignedCertificate")),
    "outbound-name-checked": Scenario(
        _half(HOSPITAL, "outbound", connectionSecurity="recipientCertificateMatchesDomain")
    ),
    "smart-host-changed": Scenario(_half(HOSPITAL, "outbound", smartHosts=["relay3.woodgrove.org"])),
    "smart-hosts-to-mx": Scenario(_half(HOSPITAL, "outbound", smartHosts=[])),
    "dane-mandatory": Scenario(_half(BANK, "outbound", settings={"smtpDaneMode": "Mandatory"}), saved=True),
    "mta-sts-off": Scenario(_half(BANK, "outbound", settings={"mtaStsMode": "None"})),
    "trusted-organization": Scenario(_half(BANK, "inbound", settings={"trustedOrganizations": ["contoso.example"]})),
    "partner-added": Scenario(_add(**_NEW)),
    "partner-added-switched-off": Scenario(_add(**_NEW, enabled=False)),
    "partner-removed": Scenario(_remove(BANK)),
    "partner-removed-acknowledged": Scenario(
        _all(
            _remove(BANK),
            _top(
                acknowledge=[
                    {"partner": "Fabrikam Bank", "reason": "SEC-2020, merged with Contoso", "expires": "2099-12-31"}
                ]
            ),
        )
    ),
    "partner-renamed": Scenario(_partner(BANK, name="Fabrikam Trust", aliases=["Fabrikam Bank"])),
    "partner-renamed-without-alias": Scenario(_partner(BANK, name="Fabrikam Trust")),
    "weakened-acknowledged": Scenario(
        _all(
            _half(HOSPITAL, "outbound", connectionSecurity="selfSignedCertificate"),
            _partner(HOSPITAL, acknowledge=_ACKNOWLEDGED),
        )
    ),
    "weakened-acknowledgement-expired": Scenario(
        _all(
            _half(HOSPITAL, "outbound", connectionSecurity="selfSignedCertificate"),
            _partner(HOSPITAL, acknowledge=_LONG_AGO),
        )
    ),
    "several": Scenario(
        _all(
            _partner(BANK, domains=["fabrikam.com"], certificateName="mx.fabrikam.com"),
            _half(HOSPITAL, "outbound", connectionSecurity="opportunisticTls"),
            _remove(INSURER),
            _add(**_NEW),
        ),
        saved=True,
    ),
    "saved-weakening": Scenario(_half(BANK, "outbound", connectionSecurity="selfSignedCertificate"), saved=True),
    "saved-nothing": Scenario(saved=True),
    "connector-weakened": Scenario(_top(inboundConnectors=[{**BASE["inboundConnectors"][0], "requireTls": False}])),
    "connector-every-sender": Scenario(
        _top(
            inboundConnectors=[
                {
                    **BASE["inboundConnectors"][0],
                    "senderDomains": ["*"],
                    "restrictDomainsToIpAddresses": True,
                    "senderIpAddresses": ["192.0.2.0/24"],
                    "allowTenantWideRestriction": True,
                }
            ]
        )
    ),
    "connector-removed": Scenario(_top(inboundConnectors=[])),
    "replaced": Scenario(
        flags=(
            "--target-replace",
            f"urn:pulumi:dev::regulated-partners::{COMPONENT_TOKENS[Face.DYNAMIC]}"
            f"${Direction.OUTBOUND.token(Face.DYNAMIC)}::Fabrikam Bank-outbound",
        )
    ),
    "no-refresh": Scenario(_half(BANK, "outbound", connectionSecurity="opportunisticTls"), flags=("--refresh=false",)),
    "refused-by-check": Scenario(
        _top(inboundConnectors=[{"name": "Broken", "senderDomains": ["a.example"], "nonsense": True}]), fails=True
    ),
    "drift": Scenario(behind=_set("Set-InboundConnector", "Fabrikam Bank - inbound", **_TLS_OFF)),
    "drift-beside-a-change": Scenario(
        _partner(BANK, comment="SEC-1235, owner messaging team"),
        behind=_set("Set-OutboundConnector", "Fabrikam Bank - outbound", TlsSettings=None, TlsDomain=None),
    ),
    "drift-on-the-same-property": Scenario(
        _half(HOSPITAL, "outbound", connectionSecurity="recipientCertificateMatchesDomain"),
        behind=_set("Set-OutboundConnector", "Woodgrove Hospital - outbound", TlsSettings=None),
    ),
    "drift-stronger-undone": Scenario(
        behind=_set("Set-OutboundConnector", "Woodgrove Hospital - outbound", SmtpDaneMode="Mandatory")
    ),
    "drift-gone": Scenario(behind=_gone("Fabrikam Bank - outbound")),
    "drift-gone-and-removed": Scenario(_remove(BANK), behind=_gone("Fabrikam Bank - outbound")),
}
