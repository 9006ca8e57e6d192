"""`OutboundConnector`: mail from the tenant to a partner."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from exchange_online.connectors import Direction
from exchange_online.names import PACKAGE
from exchange_online.resources.connector import Connector
from exchange_online.resources.dynamic import OutboundConnectorProvider


class OutboundConnector(Connector, module=PACKAGE, name="OutboundConnector"):
    """An outbound connector of Exchange Online. Source: New-OutboundConnector, Set-OutboundConnector.

    Args:
        resource_name: the resource's name in the Pulumi program.
        name: the connector's name in the tenant, at most 64 characters; changing it renames in place.
        recipient_domains: `fabrikam.com`, `*.fabrikam.com` or `*`; empty only for a rule-scoped connector.
        connector_type: `Partner` (default) or `OnPremises`.
        enabled: whether it is in use; default True.
        comment: free text.
        use_mx_record: delivers by the recipient domain's MX record; default True. False needs `smart_hosts`.
        smart_hosts: the servers to deliver to, host names or IPv4 addresses; always port 25.
        tls_settings: `EncryptionOnly` (any certificate), `CertificateValidation` (a trusted CA) or `DomainValidation`
            (that, and the name in `tls_domain`); unset is opportunistic TLS.
        tls_domain: the name the receiving server's certificate must hold, a domain or `*.domain`.
        smtp_dane_mode: `Opportunistic` (default), `Mandatory` or `None`.
        mta_sts_mode: `Opportunistic` (default) or `None`.
        is_transport_rule_scoped: used only by transport rules that route to it.
        validation_recipients: addresses at the partner for `Validate-OutboundConnector`.
        cloud_services_mail_enabled: hybrid only, needs type `OnPremises`.
        all_accepted_domains: needs type `OnPremises`.
        route_all_messages_via_on_premises: needs type `OnPremises`.
        sender_rewriting_enabled: needs type `OnPremises`.
        test_mode: test-mode connectors are hidden from a plain `Get-OutboundConnector`.
        adopt_existing: takes over a connector of the same name and changes it as declared, instead of refusing.
        opts: Pulumi's resource options.

    Bad values are refused by `check`, all at once, before anything is sent.
    """

    direction = Direction.OUTBOUND

    recipient_domains: pulumi.Output[list[str] | None]
    use_mx_record: pulumi.Output[bool]
    smart_hosts: pulumi.Output[list[str] | None]
    tls_settings: pulumi.Output[str | None]
    tls_domain: pulumi.Output[str | None]
    smtp_dane_mode: pulumi.Output[str | None]
    mta_sts_mode: pulumi.Output[str | None]
    is_transport_rule_scoped: pulumi.Output[bool]
    validation_recipients: pulumi.Output[list[str] | None]
    all_accepted_domains: pulumi.Output[bool]
    route_all_messages_via_on_premises: pulumi.Output[bool]
    sender_rewriting_enabled: pulumi.Output[bool]
    test_mode: pulumi.Output[bool]
    is_validated: pulumi.Output[bool | None]
    last_validation_timestamp: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        recipient_domains: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        connector_type: pulumi.Input[str] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        comment: pulumi.Input[str] | None = None,
        use_mx_record: pulumi.Input[bool] | None = None,
        smart_hosts: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        tls_settings: pulumi.Input[str] | None = None,
        tls_domain: pulumi.Input[str] | None = None,
        smtp_dane_mode: pulumi.Input[str] | None = None,
        mta_sts_mode: pulumi.Input[str] | None = None,
        is_transport_rule_scoped: pulumi.Input[bool] | None = None,
        validation_recipients: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        cloud_services_mail_enabled: pulumi.Input[bool] | None = None,
        all_accepted_domains: pulumi.Input[bool] | None = None,
        route_all_messages_via_on_premises: pulumi.Input[bool] | None = None,
        sender_rewriting_enabled: pulumi.Input[bool] | None = None,
        test_mode: pulumi.Input[bool] | None = None,
        adopt_existing: bool | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        arguments = {
            "name": name,
            "recipient_domains": recipient_domains,
            "connector_type": connector_type,
            "enabled": enabled,
            "comment": comment,
            "use_mx_record": use_mx_record,
            "smart_hosts": smart_hosts,
            "tls_settings": tls_settings,
            "tls_domain": tls_domain,
            "smtp_dane_mode": smtp_dane_mode,
            "mta_sts_mode": mta_sts_mode,
            "is_transport_rule_scoped": is_transport_rule_scoped,
            "validation_recipients": validation_recipients,
            "cloud_services_mail_enabled": cloud_services_mail_enabled,
            "all_accepted_domains": all_accepted_domains,
            "route_all_messages_via_on_premises": route_all_messages_via_on_premises,
            "sender_rewriting_enabled": sender_rewriting_enabled,
            "test_mode": test_mode,
            "adopt_existing": adopt_existing,
        }
        super().__init__(OutboundConnectorProvider(), resource_name, arguments, opts)
