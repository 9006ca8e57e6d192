"""`InboundConnector`: mail from a partner to the tenant."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from exchange_online.connectors import Direction
from exchange_online.names import PACKAGE
from exchange_online.resources.connector import Connector
from exchange_online.resources.dynamic import InboundConnectorProvider


class InboundConnector(Connector, module=PACKAGE, name="InboundConnector"):
    """An inbound connector of Exchange Online. Source: New-InboundConnector, Set-InboundConnector.

    Args:
        resource_name: the resource's name in the Pulumi program.
        name: the connector's name in the tenant, at most 64 characters; changing it renames in place.
        sender_domains: `fabrikam.com`, `*.fabrikam.com` (and all subdomains) or `*`.
        connector_type: `Partner` (default) or `OnPremises`.
        enabled: whether it is in use; default True.
        comment: free text.
        require_tls: refuses mail of these senders that does not come over TLS; default True.
        restrict_domains_to_certificate: refuses mail of these senders unless the sending server's certificate matches
            `tls_sender_certificate_name`; needs `require_tls`.
        restrict_domains_to_ip_addresses: refuses mail of these senders unless it comes from `sender_ip_addresses`.
        tls_sender_certificate_name: the name in the partner's certificate, a domain or `*.domain`.
        sender_ip_addresses: IPv4 addresses, or IPv4 CIDR from /24 to /32.
        cloud_services_mail_enabled: hybrid only, needs type `OnPremises`.
        treat_messages_as_internal: needs type `OnPremises`.
        associated_accepted_domains: limits it to mail for these accepted domains; for trials on a subset.
        ef_skip_last_ip: Enhanced Filtering skips only the last source address.
        ef_skip_ips: Enhanced Filtering skips these: IPv4 addresses, CIDR or dash ranges.
        ef_users: the recipients Enhanced Filtering applies to; empty is all.
        trusted_organizations: other Microsoft 365 organizations that are trusted sources.
        adopt_existing: takes over a connector of the same name and changes it as declared, instead of refusing.
        allow_tenant_wide_restriction: lets `*` among the sender domains meet a restriction, which refuses all other
            inbound mail of the tenant.
        opts: Pulumi's resource options.

    Bad values are refused by `check`, all at once, before anything is sent.
    """

    direction = Direction.INBOUND

    sender_domains: pulumi.Output[list[str]]
    require_tls: pulumi.Output[bool]
    restrict_domains_to_certificate: pulumi.Output[bool]
    restrict_domains_to_ip_addresses: pulumi.Output[bool]
    tls_sender_certificate_name: pulumi.Output[str | None]
    sender_ip_addresses: pulumi.Output[list[str] | None]
    treat_messages_as_internal: pulumi.Output[bool]
    associated_accepted_domains: pulumi.Output[list[str] | None]
    ef_skip_last_ip: pulumi.Output[bool]
    ef_skip_ips: pulumi.Output[list[str] | None]
    ef_users: pulumi.Output[list[str] | None]
    trusted_organizations: pulumi.Output[list[str] | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        sender_domains: pulumi.Input[Sequence[pulumi.Input[str]]],
        connector_type: pulumi.Input[str] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        comment: pulumi.Input[str] | None = None,
        require_tls: pulumi.Input[bool] | None = None,
        restrict_domains_to_certificate: pulumi.Input[bool] | None = None,
        restrict_domains_to_ip_addresses: pulumi.Input[bool] | None = None,
        tls_sender_certificate_name: pulumi.Input[str] | None = None,
        sender_ip_addresses: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        cloud_services_mail_enabled: pulumi.Input[bool] | None = None,
        treat_messages_as_internal: pulumi.Input[bool] | None = None,
        associated_accepted_domains: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        ef_skip_last_ip: pulumi.Input[bool] | None = None,
        ef_skip_ips: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        ef_users: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        trusted_organizations: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        adopt_existing: bool | None = None,
        allow_tenant_wide_restriction: bool | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        arguments = {
            "name": name,
            "sender_domains": sender_domains,
            "connector_type": connector_type,
            "enabled": enabled,
            "comment": comment,
            "require_tls": require_tls,
            "restrict_domains_to_certificate": restrict_domains_to_certificate,
            "restrict_domains_to_ip_addresses": restrict_domains_to_ip_addresses,
            "tls_sender_certificate_name": tls_sender_certificate_name,
            "sender_ip_addresses": sender_ip_addresses,
            "cloud_services_mail_enabled": cloud_services_mail_enabled,
            "treat_messages_as_internal": treat_messages_as_internal,
            "associated_accepted_domains": associated_accepted_domains,
            "ef_skip_last_ip": ef_skip_last_ip,
            "ef_skip_ips": ef_skip_ips,
            "ef_users": ef_users,
            "trusted_organizations": trusted_organizations,
            "adopt_existing": adopt_existing,
            "allow_tenant_wide_restriction": allow_tenant_wide_restriction,
        }
        super().__init__(InboundConnectorProvider(), resource_name, arguments, opts)
