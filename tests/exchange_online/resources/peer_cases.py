"""What should come of each of the peers' cases: the declaration in our words, and the calls it sends.

Where our calls differ from the peer's, `why` says so.
"""

from __future__ import annotations

from typing import Any

from exchange_online.connectors import Direction
from tests.exchange_online.resources.peer_words import RAW, Call, Case, declare, new_call, peers_row

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND
_WIDE = {"allowTenantWideRestriction": True}
_V12 = "`*` with a restriction refuses the tenant's other mail, so it needs the explicit consent (V12)"

_M365_IN = declare(_IN, RAW["m365dsc-in-create"]["desired"])
_M365_IN_NEW: Call = new_call(
    _IN,
    Name="TestInboundConnector",
    ConnectorType="OnPremises",
    Comment="Test Inbound connector",
    SenderDomains=["contoso.com", "fabrikam.com"],
    RestrictDomainsToIPAddresses=True,
    TlsSenderCertificateName="*.contoso.com",
    SenderIPAddresses=["192.168.2.11"],
    TreatMessagesAsInternal=True,
    AssociatedAcceptedDomains=["contoso.com", "contoso.org"],
)
_M365_OUT = declare(_OUT, RAW["m365dsc-out-create"]["desired"])
_M365_OUT_NEW: Call = new_call(
    _OUT,
    Name="TestOutboundConnector",
    Comment="Test outbound connector",
    RecipientDomains=["contoso.com", "fabrikam.com"],
    UseMXRecord=False,
    SmartHosts=["mail.contoso.com"],
    TlsSettings="EncryptionOnly",
    TlsDomain="*.contoso.com",
)
_RECIPIENTS: Call = ("Set-OutboundConnector", {"ValidationRecipients": ["test@contoso.com"]})


def _pair(name: str, half: str, direction: Direction, call: Call, why: str = "", **more: Any) -> Case:
    return Case(name, direction, declare(direction, RAW[name][half], **more), (call,), why=why)


def _single(name: str, direction: Direction, **parameters: Any) -> Case:
    return Case(name, direction, declare(direction, RAW[name]["desired"]), (new_call(direction, **parameters),))


_HOST = ["mail.partner.example"]
_SCOPED = {
    "IsTransportRuleScoped": True,
    "SmartHosts": _HOST,
    "UseMXRecord": False,
}
_VALIDATED = {"TlsSettings": "DomainValidation", "TlsDomain": "mail.partner.example"}
_CERTIFICATE = {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "mail.partner.example"}

CASES: tuple[Case, ...] = (
    Case("m365dsc-in-create", _IN, _M365_IN, (_M365_IN_NEW,), why="ConnectorSource is never sent"),
    Case(
        "m365dsc-in-noop",
        _IN,
        _M365_IN.with_(adoptExisting=True),
        (),
        actual=peers_row(RAW["m365dsc-in-noop"]["desired"]),
        why="the peer's connector is the Hybrid Configuration Wizard's: adopted on request, and then no write",
    ),
    Case(
        "m365dsc-in-update",
        _IN,
        _M365_IN,
        (
            (
                "Set-InboundConnector",
                {
                    "ConnectorType": "OnPremises",
                    "TlsSenderCertificateName": "*.contoso.com",
                    "SenderIPAddresses": ["192.168.2.11"],
                    "TreatMessagesAsInternal": True,
                },
            ),
        ),
        managed=_M365_IN.with_(
            connectorType="Partner",
            senderIpAddresses=["192.168.2.114"],
            tlsSenderCertificateName="*.contoso.org",
            treatMessagesAsInternal=False,
        ),
        why="the peer's mock holds Partner with CloudServicesMailEnabled, which the service refuses (V15): left out",
    ),
    Case("m365dsc-in-remove", _IN, None, (("Remove-InboundConnector", {"Confirm": False}),), managed=_M365_IN),
    Case("m365dsc-out-create", _OUT, _M365_OUT, (_M365_OUT_NEW, _RECIPIENTS)),
    Case("m365dsc-out-noop", _OUT, _M365_OUT, (), managed=_M365_OUT),
    Case(
        "m365dsc-out-update",
        _OUT,
        _M365_OUT,
        (
            (
                "Set-OutboundConnector",
                {
                    "Enabled": True,
                    "UseMXRecord": False,
                    "SmartHosts": ["mail.contoso.com"],
                    "TlsDomain": "*.contoso.com",
                },
            ),
        ),
        managed=_M365_OUT.with_(enabled=False, tlsDomain="*.contoso.org", useMxRecord=True, smartHosts=None),
        why="the peer's mock holds smart hosts with UseMXRecord, which nobody saw: without them before",
    ),
    _single(
        "m365dsc-live-in",
        _IN,
        Name="Integration Inbound Connector",
        Comment="Inbound connector for Integration",
        SenderDomains=["*.contoso.com"],
        TlsSenderCertificateName="contoso.com",
    ),
    _single(
        "m365dsc-live-out",
        _OUT,
        Name="Contoso Outbound Connector",
        Comment="Outbound connector to Contoso",
        RecipientDomains=["contoso.com"],
        TlsDomain="*.contoso.com",
        TlsSettings="DomainValidation",
    ),
    _pair(
        "seppmail-inline-pair",
        "inbound",
        _IN,
        new_call(_IN, Name="[SEPPmail.cloud] Inbound-InLine", SenderDomains=["*"], EFSkipLastIP=True, **_CERTIFICATE),
        _V12,
        **_WIDE,
    ),
    _pair(
        "seppmail-inline-pair",
        "outbound",
        _OUT,
        new_call(_OUT, Name="[SEPPmail.cloud] Outbound-InLine", **_SCOPED, **_VALIDATED),
    ),
    _pair(
        "seppmail-parallel-pair",
        "inbound",
        _IN,
        new_call(_IN, ConnectorType="OnPremises", SenderDomains=["*"], EFSkipLastIP=True, **_CERTIFICATE),
        "one's own servers: no consent needed, V12 is about partners",
    ),
    _pair(
        "seppmail-parallel-pair",
        "outbound",
        _OUT,
        new_call(_OUT, ConnectorType="OnPremises", **_SCOPED, **_VALIDATED),
    ),
    _pair(
        "mailroute-pair",
        "inbound",
        _IN,
        new_call(
            _IN,
            Name="MailRoute Inbound",
            SenderDomains=["*"],
            RestrictDomainsToCertificate=True,
            TlsSenderCertificateName="*.mailroute.net",
            EFSkipIPs=["199.89.0.0/21"],
        ),
        _V12,
        **_WIDE,
    ),
    _pair(
        "mailroute-pair",
        "outbound",
        _OUT,
        new_call(
            _OUT,
            Name="MailRoute Outbound",
            RecipientDomains=["*"],
            SmartHosts=["outbound.mailroute.net"],
            UseMXRecord=False,
            TlsSettings="DomainValidation",
            TlsDomain="mailroute.net",
        ),
    ),
    _pair(
        "proofpoint-pair",
        "inbound",
        _IN,
        new_call(_IN, SenderDomains=["*"], SenderIPAddresses=["198.51.100.0/24"], RestrictDomainsToIPAddresses=True),
        _V12,
        **_WIDE,
    ),
    _pair(
        "proofpoint-pair",
        "outbound",
        _OUT,
        new_call(
            _OUT,
            RecipientDomains=["*"],
            SmartHosts=["outbound-us1.ppe-hosted.com"],
            UseMXRecord=False,
            TlsSettings="EncryptionOnly",
        ),
    ),
    _single(
        "tls-list-connector",
        _OUT,
        Name="External TLS 1",
        TlsSettings="CertificateValidation",
        RecipientDomains=["contoso.com", "example.com"],
    ),
    _pair(
        "doqex-mixed-types",
        "inbound",
        _IN,
        new_call(
            _IN,
            ConnectorType="OnPremises",
            SenderDomains=["*"],
            RestrictDomainsToIPAddresses=True,
            SenderIPAddresses=["198.51.100.7"],
        ),
    ),
    _pair("doqex-mixed-types", "outbound", _OUT, new_call(_OUT, TlsSettings="EncryptionOnly", **_SCOPED)),
    _single("barracuda-minimal-out", _OUT, RecipientDomains=["partner.example"], TlsSettings="EncryptionOnly"),
    _single(
        "docs-in-1",
        _IN,
        Name="Contoso Inbound Connector",
        SenderDomains=["*.contoso.com"],
        SenderIPAddresses=["192.168.0.0/25"],
        RestrictDomainsToIPAddresses=True,
    ),
    Case(
        "docs-refuse-1",
        _IN,
        declare(_IN, RAW["docs-refuse-1"]["desired"], senderDomains=["contoso.com"]),
        (
            new_call(
                _IN,
                SenderDomains=["contoso.com"],
                SenderIPAddresses=[f"10.0.{third}.0/24" for third in range(16)],
            ),
        ),
        why="the service refuses the range, and takes its /24s",
    ),
    _single(
        "docs-out-1",
        _OUT,
        Name="Contoso Outbound Connector",
        RecipientDomains=["*.contoso.com"],
        TlsSettings="DomainValidation",
        TlsDomain="*.contoso.com",
    ),
)
