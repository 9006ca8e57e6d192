"""Names: how a cmdlet parameter is spelled as a Pulumi property and as a Python argument."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from exchange_online.names import Face

_WORD = re.compile(r"IPs|IP|MX|TLS|EF|[A-Z][a-z]+|[a-z]+|[0-9]+|[A-Z]+(?![a-z])")


class Direction(StrEnum):
    """Which way mail travels through a connector, seen from the tenant. The value is the cmdlets' noun."""

    INBOUND = "InboundConnector"
    OUTBOUND = "OutboundConnector"

    @property
    def word(self) -> str:
        """`inbound` or `outbound`, as sentences say it."""
        return self.name.lower()

    def token(self, face: Face) -> str:
        """The type token of its resource."""
        return face.token(self.value)

    @property
    def other(self) -> Direction:
        return Direction.OUTBOUND if self is Direction.INBOUND else Direction.INBOUND


#: The direction of each connector's type token, of either face.
TOKENS = {direction.token(face): direction for face in Face for direction in Direction}


class ConnectorType(StrEnum):
    """Source: New-InboundConnector, ConnectorType."""

    PARTNER = "Partner"
    ON_PREMISES = "OnPremises"


class TlsSettings(StrEnum):
    """How an outbound connector checks the receiving server; unset is opportunistic TLS.

    Source: New-OutboundConnector, TlsSettings.
    """

    ENCRYPTION_ONLY = "EncryptionOnly"
    CERTIFICATE_VALIDATION = "CertificateValidation"
    DOMAIN_VALIDATION = "DomainValidation"


class SmtpDaneMode(StrEnum):
    """Source: New-OutboundConnector, SmtpDaneMode (documented 2026-02-20)."""

    OPPORTUNISTIC = "Opportunistic"
    MANDATORY = "Mandatory"
    NONE = "None"


class MtaStsMode(StrEnum):
    """Source: New-OutboundConnector, MtaStsMode (documented 2026-02-20); there is no Mandatory."""

    OPPORTUNISTIC = "Opportunistic"
    NONE = "None"


def words(parameter: str) -> list[str]:
    """The words of a cmdlet parameter: `SenderIPAddresses` gives `["sender", "ip", "addresses"]`."""
    return [word.lower() for word in _WORD.findall(parameter)]


def camel_case(parameter: str) -> str:
    """The Pulumi property of a cmdlet parameter: `SenderIPAddresses` gives `senderIpAddresses`."""
    first, *rest = words(parameter)
    return first + "".join(word.capitalize() for word in rest)


def snake_case(parameter: str) -> str:
    """The Python argument of a cmdlet parameter: `SenderIPAddresses` gives `sender_ip_addresses`."""
    return "_".join(words(parameter))


@dataclass(frozen=True)
class Named:
    """What has a name of the cmdlets', `SenderIPAddresses`, and is known to Pulumi and to Python too."""

    name: str

    @cached_property
    def key(self) -> str:
        """The Pulumi property, `senderIpAddresses`."""
        return camel_case(self.name)

    @cached_property
    def attribute(self) -> str:
        """The Python argument and attribute, `sender_ip_addresses`."""
        return snake_case(self.name)
