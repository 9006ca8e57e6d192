"""The declaration of a partner, as a stack file holds it.

The option names are those of the Exchange admin centre. The JSON Schema that editors complete from is generated from
these models (`python -m regulated_partners.partners.schema`).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    StringConstraints,
)
from pydantic.alias_generators import to_camel

from regulated_partners.partners.findings import visible
from regulated_partners.partners.yaml_scalars import Moment, go_moment


class InboundSecurity(StrEnum):
    """Connection security of mail from the partner."""

    FORCE_TLS = "forceTls"
    OPPORTUNISTIC_TLS = "opportunisticTls"


class RestrictDomainsBy(StrEnum):
    """What mail from the partner's domains must come with."""

    CERTIFICATE = "certificate"
    IP_ADDRESSES = "ipAddresses"
    NONE = "none"


class OutboundSecurity(StrEnum):
    """Connection security of mail to the partner, the strictest first."""

    RECIPIENT_CERTIFICATE_MATCHES_DOMAIN = "recipientCertificateMatchesDomain"
    TRUSTED_CERTIFICATION_AUTHORITY = "trustedCertificationAuthority"
    SELF_SIGNED_CERTIFICATE = "selfSignedCertificate"
    OPPORTUNISTIC_TLS = "opportunisticTls"


def _nothing_is_empty(value: object) -> object:
    """YAML writes an empty list as null as easily as `[]`."""
    return () if value is None or value == "" else tuple(value) if isinstance(value, list) else value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


Names = Annotated[tuple[StrictStr, ...], BeforeValidator(_nothing_is_empty)]
OptionalText = Annotated[StrictStr | None, BeforeValidator(_blank_is_none)]
SettingValue = StrictBool | StrictStr | tuple[StrictStr, ...] | None
NullIsEmpty = BeforeValidator(lambda value: {} if value is None else value)
Settings = Annotated[dict[str, SettingValue], NullIsEmpty]


class _Declaration(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Inbound(_Declaration):
    """Mail from the partner: what the inbound connector demands."""

    name: OptionalText = Field(None, description="The connector's name, where it is not '<partner> - inbound'.")
    enabled: StrictBool | None = Field(
        None,
        description="Whether the inbound connector is in use, where that is not the partner's. While it is off, mail "
        "from the partner is accepted without its demands: with or without TLS, from anybody.",
    )
    comment: OptionalText = Field(None, description="Free text on this connector, instead of the partner's.")
    connection_security: InboundSecurity = Field(
        InboundSecurity.FORCE_TLS, description="forceTls refuses mail that does not come over TLS."
    )
    restrict_domains_by: RestrictDomainsBy = Field(
        RestrictDomainsBy.CERTIFICATE,
        description="Refuses mail of the partner's domains unless it comes with the certificate, or from the IP "
        "addresses; none demands neither.",
    )
    sender_ip_addresses: Names = Field(
        (),
        description="The partner's sending addresses, IPv4 or CIDR; for ipAddresses. A range from /18 to /23 becomes "
        "its /24s: the service takes none that is wider.",
    )
    certificate_name: OptionalText = Field(
        None, description="The name in the certificate of the partner's sending server, where it is not the partner's."
    )
    settings: Settings = Field(
        {}, description="Further parameters of New-InboundConnector, such as efSkipIps, by their Pulumi names."
    )


class Outbound(_Declaration):
    """Mail to the partner: what the outbound connector demands."""

    name: OptionalText = Field(None, description="The connector's name, where it is not '<partner> - outbound'.")
    enabled: StrictBool | None = Field(
        None,
        description="Whether the outbound connector is in use, where that is not the partner's. While it is off, mail "
        "to the partner is delivered by the MX record, with TLS only where the server offers it.",
    )
    comment: OptionalText = Field(None, description="Free text on this connector, instead of the partner's.")
    connection_security: OutboundSecurity = Field(
        OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN,
        description="What the partner's receiving server must show before mail is delivered to it.",
    )
    tls_domain: OptionalText = Field(
        None, description="The name in the certificate of the receiving server, where it is not certificateName."
    )
    smart_hosts: Names = Field(
        (), description="Servers to deliver to, host names or IPv4 addresses; empty: the MX record of the domain."
    )
    validation_recipients: Names = Field((), description="Addresses at the partner for a validation message.")
    settings: Settings = Field(
        {}, description="Further parameters of New-OutboundConnector, such as smtpDaneMode, by their Pulumi names."
    )


def _day(value: object) -> object:
    """A day may stand there with or without quotation marks."""
    moment = go_moment(value) if isinstance(value, str) else value
    return (moment.day or moment.written) if isinstance(moment, Moment) else value


Words = Annotated[StrictStr, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(visible)]


class Meant(_Declaration):
    """An exception that somebody wants: until a day, and with a reason."""

    reason: Words = Field(description="Why: a ticket, a decision.")
    expires: Annotated[datetime.date, BeforeValidator(_day)] = Field(
        description="The last day it counts, such as 2027-03-31."
    )

    def in_force(self, today: datetime.date) -> bool:
        """Whether its day is not over."""
        return self.expires >= today


class Acknowledgement(Meant):
    """A weakening that is meant: `regulated-partners review --fail-on weakens` lets it pass, and shows it."""


class StackAcknowledgement(Acknowledgement):
    """The same beside the partners: for one that goes away, for a connector, for a partner declared in Python."""

    partner: Words = Field(description="The partner's name, or that of a connector that belongs to none.")


class StackWaiver(Meant):
    """A policy that a partner need not keep for a while."""

    policy: Words = Field(description="The policy's id, as in docs/policies.md.")
    partner: Words = Field(description="The partner's name, or that of a connector that belongs to none.")


class Partner(_Declaration):
    """A partner with whom mail travels only over TLS."""

    name: Annotated[StrictStr, Field(min_length=1)] = Field(
        description="The connectors are named '<name> - inbound' and '<name> - outbound'."
    )
    domains: Names = Field(description="The partner's mail domains; '*.fabrikam.com' is every subdomain.", min_length=1)
    certificate_name: OptionalText = Field(
        None, description="The name in the partner's certificate, for both directions unless one overrides it."
    )
    comment: OptionalText = Field(None, description="Free text on both connectors: an owner, a ticket.")
    enabled: StrictBool = Field(
        True, description="Whether both connectors are in use; for one of them inbound.enabled, outbound.enabled."
    )
    inbound: Annotated[Inbound, NullIsEmpty] = Field(default_factory=Inbound, description="Mail from the partner.")
    outbound: Annotated[Outbound, NullIsEmpty] = Field(default_factory=Outbound, description="Mail to the partner.")
    adopt_existing: StrictBool = Field(
        False, description="Takes over connectors that have these names already, and changes them as declared."
    )
    protect: StrictBool | None = Field(
        None, description="Whether Pulumi refuses to delete the connectors; by default it does outside the emulator."
    )
    aliases: Names = Field(
        (), description="Earlier names of the partner: with them a rename changes the connectors in place."
    )
    acknowledge: Acknowledgement | None = Field(
        None, description="Says that a change which weakens protection is meant; it changes no connector."
    )
