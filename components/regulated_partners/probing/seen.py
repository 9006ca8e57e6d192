"""What a probe saw: facts only, in a form that a file keeps. Judging them needs no network."""

from __future__ import annotations

import base64
import datetime
from enum import StrEnum
from typing import Annotated, Literal

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field

from regulated_partners.probing.certificates import quiet

_Short = Annotated[str, Field(max_length=2000)]
_Name = Annotated[str, Field(max_length=255)]
_Chain = Annotated[tuple[Annotated[str, Field(max_length=400000)], ...], Field(max_length=20)]


class _Seen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DnsProblem(StrEnum):
    """Why a question to the DNS has no answer."""

    NO_SUCH_NAME = "no such name"
    NO_RECORD = "no such record"
    BOGUS = "DNSSEC validation failed"
    """The resolver gives the answer only when told not to validate."""
    NO_ANSWER = "no answer"
    """The resolver did not answer, or not with an answer: it says nothing about the partner."""


class DnsAnswer(_Seen):
    """An answer of the DNS.

    Attributes:
        problem: why there is none.
        authenticated: whether DNSSEC proves it (the AD flag); None where the resolver is not trusted to say so.
    """

    problem: DnsProblem | None = None
    authenticated: bool | None = None


class MxRecord(_Seen):
    """A mail exchanger; `host` without a trailing dot, empty for "accepts no mail" (RFC 7505)."""

    preference: int
    host: _Name


class MxAnswer(DnsAnswer):
    """The MX records of a domain, in the order of delivery.

    Attributes:
        implicit: there is no MX record, and the domain's own address stands for one (RFC 5321 5.1).
    """

    records: tuple[MxRecord, ...] = ()
    implicit: bool = False


class AddressAnswer(DnsAnswer):
    """A and AAAA of a host."""

    addresses: tuple[_Name, ...] = ()


class TlsaRecord(_Seen):
    """A TLSA record; `data` is lower-case hexadecimal. Source: RFC 6698 2.1."""

    usage: int
    selector: int
    matching_type: int
    data: Annotated[str, Field(max_length=40000)]

    def __str__(self) -> str:
        shown = self.data if len(self.data) <= 64 else f"{self.data[:64]}..."
        return f"{self.usage} {self.selector} {self.matching_type} {shown}"


class TlsaAnswer(DnsAnswer):
    """The TLSA records of `_25._tcp.<host>`."""

    records: tuple[TlsaRecord, ...] = ()


class TextAnswer(DnsAnswer):
    """TXT records, each one joined."""

    records: tuple[_Short, ...] = ()


class PolicyFile(_Seen):
    """The MTA-STS policy as it was fetched.

    Attributes:
        text: of the policy; None where it could not be had.
        problem: a clause: why not.
        reached: whether a web server answered at all.
    """

    text: Annotated[str, Field(max_length=70000)] | None = None
    problem: _Short | None = None
    reached: bool = True


class DomainSeen(_Seen):
    """What the DNS says about a recipient domain. `policy` is None where nothing points to one."""

    domain: _Name
    mx: MxAnswer
    mta_sts: TextAnswer
    tls_rpt: TextAnswer
    policy: PolicyFile | None = None


class HostSeen(_Seen):
    """What the DNS says about a server."""

    host: _Name
    addresses: AddressAnswer
    tlsa: TlsaAnswer


class ServerOutcome(StrEnum):
    """How far a connection came."""

    ENCRYPTED = "encrypted"
    CLOSED_AFTER_HANDSHAKE = "closed after the handshake"
    """TLS was made, and the connection ended with the next command: so a missing client certificate shows."""
    OLD_TLS_ONLY = "only TLS 1.1 or older"
    HANDSHAKE_FAILED = "handshake failed"
    STARTTLS_REFUSED = "STARTTLS refused"
    NO_STARTTLS = "no STARTTLS"
    NOT_SMTP = "no SMTP server"
    REFUSED = "refused"
    """It does not talk to this machine."""
    NO_ANSWER = "no answer in time"
    """The connection was accepted, and then a step took too long."""
    NOT_REACHABLE = "not reachable"
    NO_ROUTE = "no route"
    """This machine has no such network: IPv6, as a rule."""
    NOT_TRIED = "not tried"
    """The time of the whole probe was over."""


class Cause(StrEnum):
    """What an outcome came of, where it has several causes, each with a remedy of its own."""

    RESET = "connection reset after it was accepted"
    CLOSED_BEFORE_GREETING = "connection closed before a greeting"
    CLOSED_IN_DIALOGUE = "connection closed in the dialogue"
    NO_EHLO = "EHLO not known"
    FIREWALL = "STARTTLS overwritten by a firewall"
    TEMPORARY = "STARTTLS refused for the time being"
    INJECTED = "clear text after STARTTLS"
    NO_COMMON_SUITE = "no cipher suite that Exchange Online offers"


class Asked(StrEnum):
    """What a further connection asked: with all that Exchange Online offers, or with that and without ECDSA."""

    WHOLE = "as Exchange Online"
    RSA_ALONE = "for an RSA certificate"


class Answered(_Seen):
    """What a server answered to one offer, without ending the handshake.

    Attributes:
        asked: the offer.
        version, cipher, group, chain: as of `ServerSeen`.
        refusal: a clause: why there is no certificate; None where there is one.
        decided: whether the server said so itself, as opposed to a connection that failed.
    """

    asked: Asked
    version: _Name | None = None
    cipher: _Name | None = None
    group: _Name | None = None
    chain: _Chain = ()
    refusal: _Short | None = None
    decided: bool = True

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The chain. Raises ValueError where one of it is malformed."""
        return _loaded(self.chain)


class ServerSeen(_Seen):
    """What one address of a server has shown.

    Attributes:
        host: by which it was found, and which was sent as SNI.
        outcome, detail: how far it came, and a sentence about where it ended.
        cause: what the outcome came of, where that makes a difference.
        earlier: a sentence about a first connection that failed for the time being, before this one.
        version, cipher: as OpenSSL names them.
        group: in which keys were agreed on; None where none was, or where it was not seen.
        asks_client_certificate: whether the handshake asked for one; None without a handshake.
        chain: as the server sent it, DER in Base64, its own first.
        answers: to further connections, made only where they could show something else.
        transcript: the dialogue.
    """

    host: _Name
    address: _Name
    port: int
    outcome: ServerOutcome
    detail: _Short = ""
    cause: Cause | None = None
    earlier: _Short = ""
    version: _Name | None = None
    cipher: _Name | None = None
    group: _Name | None = None
    asks_client_certificate: bool | None = None
    chain: _Chain = ()
    answers: tuple[Answered, ...] = ()
    transcript: tuple[_Short, ...] = ()

    @property
    def place(self) -> str:
        """`mx1.fabrikam.com [192.0.2.25]:25`."""
        return f"{self.host} [{self.address}]:{self.port}"

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """The chain. Raises ValueError where one of it is malformed."""
        return _loaded(self.chain)

    def answer(self, asked: Asked) -> Answered | None:
        """The answer to an offer, where it was made."""
        return next((answer for answer in self.answers if answer.asked is asked), None)


def _loaded(chain: tuple[str, ...]) -> tuple[x509.Certificate, ...]:
    with quiet():
        return tuple(x509.load_der_x509_certificate(base64.b64decode(certificate)) for certificate in chain)


class Probe(_Seen):
    """Everything that was seen in one run, each domain, host and address once."""

    format: Literal[1] = 1
    started: datetime.datetime
    seen_from: _Name = ""
    domains: tuple[DomainSeen, ...] = ()
    hosts: tuple[HostSeen, ...] = ()
    servers: tuple[ServerSeen, ...] = ()
