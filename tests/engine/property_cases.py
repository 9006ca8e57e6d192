"""Every parameter that can be declared, with two values, and what `Set-` must carry to get from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.engine_run import Change

Arguments = Mapping[str, Any]

ACCEPTED_DOMAIN = "contoso.com"


@dataclass(frozen=True)
class Case:
    """One connector of which one thing changes.

    Attributes:
        direction: `inbound` or `outbound`.
        title: unique; names the resource.
        before, after: the changing arguments of the resource class; None leaves the argument out.
        shown: the properties that the preview must show, and no others.
        there, back: the parameters of `Set-` besides Identity, on the way to `after` and back to `before`.
        always: further arguments, the same in both.
    """

    direction: str
    title: str
    before: Arguments
    after: Arguments
    shown: Mapping[str, Change]
    there: Mapping[str, Any]
    back: Mapping[str, Any]
    always: Arguments = field(default_factory=dict)

    @property
    def resource(self) -> str:
        return f"{self.direction}: {self.title}"

    def arguments(self, changing: Arguments) -> dict[str, Any]:
        """The arguments of the resource class for `before` or `after`."""
        domain = f"{self.title.replace(' ', '-').replace('_', '-')}.fabrikam.com"
        own = {f"{'sender' if self.direction == 'inbound' else 'recipient'}_domains": [domain]}
        found = {"name": self.resource, **own, **self.always, **changing}
        return {name: value for name, value in found.items() if value is not None}


def _one(
    direction: str, attribute: str, parameter: str, values: tuple[Any, Any], clear: Any = None, **always: Any
) -> Case:
    """One argument from one value to another; `clear` is what `Set-` carries for None."""
    before, after = values
    key = _camel(attribute)
    return Case(
        direction,
        attribute if not always.pop("clears", False) else f"{attribute} cleared",
        {attribute: before},
        {attribute: after},
        {key: Change(before, after)},
        {parameter: clear if after is None else after},
        {parameter: clear if before is None else before},
        always,
    )


def _camel(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return first + "".join(part.capitalize() for part in rest)


_OWN: Arguments = {"connector_type": "OnPremises"}
_BY_ADDRESS: Arguments = {"restrict_domains_to_ip_addresses": True}
_RELAYED: Arguments = {"use_mx_record": False}

INBOUND = (
    _one("inbound", "name", "Name", ("Fabrikam", "Fabrikam (bank)")),
    _one("inbound", "connector_type", "ConnectorType", ("Partner", "OnPremises")),
    _one("inbound", "enabled", "Enabled", (True, False)),
    _one("inbound", "comment", "Comment", (None, "SEC-1"), clear=""),
    _one("inbound", "sender_domains", "SenderDomains", (["a.example"], ["a.example", "*.b.example"])),
    _one("inbound", "require_tls", "RequireTls", (True, False)),
    _one(
        "inbound",
        "restrict_domains_to_certificate",
        "RestrictDomainsToCertificate",
        (False, True),
        tls_sender_certificate_name="mail.fabrikam.com",
    ),
    _one(
        "inbound",
        "restrict_domains_to_ip_addresses",
        "RestrictDomainsToIPAddresses",
        (False, True),
        sender_ip_addresses=["198.51.100.7"],
    ),
    _one(
        "inbound",
        "tls_sender_certificate_name",
        "TlsSenderCertificateName",
        ("mail.fabrikam.com", "*.fabrikam.com"),
        restrict_domains_to_certificate=True,
    ),
    _one(
        "inbound", "tls_sender_certificate_name", "TlsSenderCertificateName", ("mail.fabrikam.com", None), clears=True
    ),
    _one(
        "inbound",
        "sender_ip_addresses",
        "SenderIPAddresses",
        (["198.51.100.7"], ["198.51.100.7", "203.0.113.0/28"]),
        **_BY_ADDRESS,
    ),
    _one("inbound", "sender_ip_addresses", "SenderIPAddresses", (["198.51.100.7"], None), clears=True),
    _one("inbound", "cloud_services_mail_enabled", "CloudServicesMailEnabled", (False, True), **_OWN),
    _one("inbound", "treat_messages_as_internal", "TreatMessagesAsInternal", (False, True), **_OWN),
    _one("inbound", "associated_accepted_domains", "AssociatedAcceptedDomains", (None, [ACCEPTED_DOMAIN])),
    _one("inbound", "ef_skip_last_ip", "EFSkipLastIP", (False, True)),
    _one("inbound", "ef_skip_ips", "EFSkipIPs", (None, ["198.51.100.0/24", "203.0.113.1-203.0.113.9"])),
    _one("inbound", "ef_users", "EFUsers", (None, ["pilot@contoso.com"])),
    _one("inbound", "trusted_organizations", "TrustedOrganizations", (None, ["northwind.onmicrosoft.com"])),
)

OUTBOUND = (
    _one("outbound", "name", "Name", ("Woodgrove", "Woodgrove (hospital)")),
    _one("outbound", "connector_type", "ConnectorType", ("Partner", "OnPremises")),
    _one("outbound", "enabled", "Enabled", (True, False)),
    _one("outbound", "comment", "Comment", (None, "SEC-1"), clear=""),
    _one("outbound", "recipient_domains", "RecipientDomains", (["a.example"], ["a.example", "*.b.example"])),
    Case(
        "outbound",
        "use_mx_record",
        {"use_mx_record": True},
        {"use_mx_record": False, "smart_hosts": ["relay.fabrikam.com"]},
        {"useMxRecord": Change(True, False), "smartHosts": Change(None, ["relay.fabrikam.com"])},
        {"UseMXRecord": False, "SmartHosts": ["relay.fabrikam.com"]},
        {"UseMXRecord": True, "SmartHosts": None},
    ),
    _one("outbound", "smart_hosts", "SmartHosts", (["a.example"], ["198.51.100.7", "a.example"]), **_RELAYED),
    _one("outbound", "tls_settings", "TlsSettings", ("EncryptionOnly", "CertificateValidation")),
    _one("outbound", "tls_settings", "TlsSettings", ("EncryptionOnly", None), clears=True),
    Case(
        "outbound",
        "tls_settings and tls_domain",
        {"tls_settings": "CertificateValidation"},
        {"tls_settings": "DomainValidation", "tls_domain": "mx.fabrikam.com"},
        {
            "tlsSettings": Change("CertificateValidation", "DomainValidation"),
            "tlsDomain": Change(None, "mx.fabrikam.com"),
        },
        {"TlsSettings": "DomainValidation", "TlsDomain": "mx.fabrikam.com"},
        {"TlsSettings": "CertificateValidation", "TlsDomain": None},
    ),
    _one("outbound", "tls_domain", "TlsDomain", ("mx.fabrikam.com", "*.fabrikam.com"), tls_settings="DomainValidation"),
    # At their defaults these two are not among the inputs: some clouds do not know them yet.
    Case(
        "outbound",
        "smtp_dane_mode",
        {"smtp_dane_mode": "Opportunistic"},
        {"smtp_dane_mode": "Mandatory"},
        {"smtpDaneMode": Change(None, "Mandatory")},
        {"SmtpDaneMode": "Mandatory"},
        {"SmtpDaneMode": "Opportunistic"},
    ),
    Case(
        "outbound",
        "mta_sts_mode",
        {"mta_sts_mode": "Opportunistic"},
        {"mta_sts_mode": "None"},
        {"mtaStsMode": Change(None, "None")},
        {"MtaStsMode": "None"},
        {"MtaStsMode": "Opportunistic"},
    ),
    Case(
        "outbound",
        "is_transport_rule_scoped",
        {"is_transport_rule_scoped": False, "recipient_domains": ["fabrikam.com"]},
        {"is_transport_rule_scoped": True, "recipient_domains": None},
        {"isTransportRuleScoped": Change(False, True), "recipientDomains": Change(["fabrikam.com"], None)},
        {"IsTransportRuleScoped": True, "RecipientDomains": None},
        {"IsTransportRuleScoped": False, "RecipientDomains": ["fabrikam.com"]},
    ),
    _one("outbound", "validation_recipients", "ValidationRecipients", (None, ["postmaster@fabrikam.com"])),
    _one("outbound", "test_mode", "TestMode", (False, True)),
    _one("outbound", "cloud_services_mail_enabled", "CloudServicesMailEnabled", (False, True), **_OWN),
    _one("outbound", "all_accepted_domains", "AllAcceptedDomains", (False, True), **_OWN),
    _one("outbound", "route_all_messages_via_on_premises", "RouteAllMessagesViaOnPremises", (False, True), **_OWN),
    _one("outbound", "sender_rewriting_enabled", "SenderRewritingEnabled", (False, True), **_OWN),
)

CASES = (*INBOUND, *OUTBOUND)
