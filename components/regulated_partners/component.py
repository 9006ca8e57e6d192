"""`RegulatedPartner`: mail with a partner travels only over TLS, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import Direction, Severity
from regulated_partners.partners.connectors import arguments
from regulated_partners.partners.declaration import Inbound, Outbound, Partner
from regulated_partners.partners.findings import DeclarationFinding, read_partner
from regulated_partners.partners.pair import inbound_half, outbound_half

_TOKEN = "regulated-partners:index:RegulatedPartner"  # noqa: S105 - a type token


class DeclarationRefusedError(pulumi.RunError):
    """A declaration that the rules refuse; the text holds every finding. The engine shows it without a traceback."""

    def __init__(self, findings: Sequence[DeclarationFinding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


class RegulatedPartner(pulumi.ComponentResource):
    """An inbound and an outbound connector made from one declaration, so that they cannot disagree.

    Args:
        name: the partner's name. The connectors are named `<name> - inbound` and `<name> - outbound`.
        domains: the partner's mail domains; `*.fabrikam.com` is every subdomain.
        certificate_name: the name in the partner's certificate, for both directions unless one overrides it.
        comment: free text on both connectors.
        enabled: whether both are in use; default True.
        inbound: mail from the partner; an `Inbound`, or a mapping with the names of the stack file.
        outbound: mail to the partner; an `Outbound`, or a mapping with the names of the stack file.
        adopt_existing: takes over connectors that have these names already.
        protect: whether Pulumi refuses to delete both; None leaves it to `opts`.
        aliases: earlier names of the partner; with them a rename changes the connectors in place.
        opts: Pulumi's resource options, for both connectors where they apply to children.

    Values are plain values, no outputs of other resources: a declaration is judged before anything is created.

    Raises:
        DeclarationRefusedError: with every finding.
    """

    inbound: InboundConnector
    outbound: OutboundConnector

    def __init__(
        self,
        name: str,
        *,
        domains: Sequence[str],
        certificate_name: str | None = None,
        comment: str | None = None,
        enabled: bool = True,
        inbound: Inbound | Mapping[str, object] | None = None,
        outbound: Outbound | Mapping[str, object] | None = None,
        adopt_existing: bool = False,
        protect: bool | None = None,
        aliases: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        partner, findings = read_partner(
            {
                "name": name,
                "domains": domains,
                "certificateName": certificate_name,
                "comment": comment,
                "enabled": enabled,
                "inbound": inbound,
                "outbound": outbound,
                "adoptExisting": adopt_existing,
                "protect": protect,
                "aliases": aliases,
            }
        )
        errors = [finding.below(name) for finding in findings if finding.severity is Severity.ERROR]
        if partner is None or errors:
            raise DeclarationRefusedError(errors)
        own = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(name=alias) for alias in partner.aliases], protect=partner.protect
        )
        super().__init__(_TOKEN, name, None, pulumi.ResourceOptions.merge(opts, own))
        child = pulumi.ResourceOptions(parent=self)
        self.inbound = InboundConnector(
            f"{name}-inbound", **arguments(Direction.INBOUND, inbound_half(partner).inputs), opts=child
        )
        self.outbound = OutboundConnector(
            f"{name}-outbound", **arguments(Direction.OUTBOUND, outbound_half(partner).inputs), opts=child
        )
        self.register_outputs({"inboundConnector": self.inbound.id, "outboundConnector": self.outbound.id})

    @classmethod
    def declared(cls, partner: Partner, opts: pulumi.ResourceOptions | None = None) -> RegulatedPartner:
        """The component of a partner of a stack file."""
        return cls(
            partner.name,
            domains=partner.domains,
            certificate_name=partner.certificate_name,
            comment=partner.comment,
            enabled=partner.enabled,
            inbound=partner.inbound,
            outbound=partner.outbound,
            adopt_existing=partner.adopt_existing,
            protect=partner.protect,
            aliases=partner.aliases,
            opts=opts,
        )
