"""Questions to the DNS, with what DNSSEC says about each answer. Source: RFC 7672 2.1 (the AD flag)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Self

import dns.edns
import dns.exception
import dns.flags
import dns.resolver

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.seen import (
    AddressAnswer,
    DnsProblem,
    MxAnswer,
    MxRecord,
    TextAnswer,
    TlsaAnswer,
    TlsaRecord,
)

_PAYLOAD = 1232
_MOST = 50


class NoResolverError(CannotRunError):
    """No resolver to ask."""


@dataclass(frozen=True)
class _Found:
    """An answer before it is read: its records as dnspython has them."""

    records: tuple[Any, ...] = ()
    problem: DnsProblem | None = None
    authenticated: bool | None = None


class DnsClient:
    """A client of a recursive resolver.

    Args:
        nameservers: addresses.
        port: of all of them.
        trusted: whether their AD flag counts: they validate, and nobody sits between them and us. A resolver on
            loopback, or one that the operator names, is trusted. Source: RFC 7672 2.1.1, RFC 4035 4.9.3.
    """

    def __init__(self, nameservers: tuple[str, ...], port: int = 53, *, trusted: bool) -> None:
        self.trusted = trusted
        self._validating = self._resolver(nameservers, port, dns.flags.RD | dns.flags.AD)
        self._not_validating = self._resolver(nameservers, port, dns.flags.RD | dns.flags.CD)

    @staticmethod
    def _resolver(nameservers: tuple[str, ...], port: int, flags: dns.flags.Flag) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = list(nameservers)
        resolver.port = port
        resolver.use_edns(0, dns.flags.DO, _PAYLOAD)
        resolver.flags = flags
        return resolver

    @classmethod
    def of_the_system(cls) -> Self:
        """The resolver of /etc/resolv.conf. Raises NoResolverError."""
        try:
            found = [str(server) for server in dns.resolver.Resolver().nameservers]
        except dns.exception.DNSException as error:
            raise NoResolverError(
                f"This machine's DNS configuration cannot be read ({type(error).__name__}); name a resolver, such as "
                "127.0.0.1 or 192.0.2.53:53."
            ) from None
        return cls(tuple(found), trusted=all(ipaddress.ip_address(server).is_loopback for server in found))

    @classmethod
    def at(cls, text: str | None) -> Self:
        """A resolver that the operator names: `127.0.0.1`, `192.0.2.53:5353` or `[::1]:53`; None is the system's.

        Raises:
            NoResolverError: where it is none.
        """
        if text is None:
            return cls.of_the_system()
        address, port = text.strip(), "53"
        bracketed = re.fullmatch(r"\[([^\]]*)\](?::([0-9]+))?", address)
        if bracketed:
            address, port = bracketed[1], bracketed[2] or port
        elif address.count(":") == 1:
            address, _, port = address.partition(":")
        try:
            nameserver, number = str(ipaddress.ip_address(address)), int(port)
        except ValueError:
            nameserver, number = "", 0
        if not 0 < number < 65536:
            raise NoResolverError(f"{text!r} is no resolver: write an address, such as 127.0.0.1 or 192.0.2.53:5353.")
        return cls((nameserver,), number, trusted=True)

    def mx(self, domain: str, deadline: Deadline) -> MxAnswer:
        """The mail exchangers of a domain. Without MX record the domain itself, where it has an address."""
        found = self._ask(domain, "MX", deadline)
        records = [MxRecord(preference=record.preference, host=_host(record.exchange)) for record in found.records]
        records.sort(key=lambda record: (record.preference, record.host))
        if found.problem is DnsProblem.NO_RECORD and self.addresses(domain, deadline).addresses:
            implicit = (MxRecord(preference=0, host=domain),)
            return MxAnswer(records=implicit, implicit=True, authenticated=found.authenticated)
        return MxAnswer(records=tuple(records), problem=found.problem, authenticated=found.authenticated)

    def addresses(self, host: str, deadline: Deadline) -> AddressAnswer:
        """A, then AAAA records of a host; an address stands for itself."""
        try:
            return AddressAnswer(addresses=(str(ipaddress.ip_address(host)),))
        except ValueError:
            pass
        four, six = self._ask(host, "A", deadline), self._ask(host, "AAAA", deadline)
        addresses = tuple(record.address for record in (*four.records, *six.records))
        both = [answer.authenticated for answer in (four, six)]
        authenticated = None if None in both else all(both)
        # An IPv6 answer that fails does not matter where there is an IPv4 one, except that it is not authentic.
        problem = None if addresses else (four.problem if four.problem is not DnsProblem.NO_RECORD else six.problem)
        return AddressAnswer(addresses=addresses, problem=problem, authenticated=authenticated)

    def tlsa(self, host: str, deadline: Deadline) -> TlsaAnswer:
        """The TLSA records for SMTP. Source: RFC 7672 2.2.3: always port 25 in the name."""
        found = self._ask(f"_25._tcp.{host}", "TLSA", deadline)
        records = tuple(
            TlsaRecord(
                usage=record.usage,
                selector=record.selector,
                matching_type=record.mtype,
                data=record.cert.hex()[:40000],
            )
            for record in found.records
        )
        return TlsaAnswer(records=records, problem=found.problem, authenticated=found.authenticated)

    def text(self, name: str, deadline: Deadline) -> TextAnswer:
        """TXT records; the strings of each are joined. Source: RFC 8461 3.1."""
        found = self._ask(name, "TXT", deadline)
        joined = (b"".join(record.strings) for record in found.records)
        records = tuple(text.decode("ascii", errors="backslashreplace")[:2000] for text in joined)
        return TextAnswer(records=records, problem=found.problem, authenticated=found.authenticated)

    def _ask(self, name: str, kind: str, deadline: Deadline) -> _Found:
        try:
            return self._found(self._validating, name, kind, deadline)
        except dns.resolver.NoNameservers:
            # SERVFAIL: a validating resolver's answer to a forged or broken zone, and to many other things.
            return _Found(problem=self._cause(name, kind, deadline))
        except (dns.exception.Timeout, TimeoutError, OSError):
            return _Found(problem=DnsProblem.NO_ANSWER)
        except (dns.exception.DNSException, UnicodeError):
            return _Found(problem=DnsProblem.NO_SUCH_NAME)

    def _found(self, resolver: dns.resolver.Resolver, name: str, kind: str, deadline: Deadline) -> _Found:
        try:
            answer = resolver.resolve(name, kind, raise_on_no_answer=False, lifetime=deadline.left())
        except dns.resolver.NXDOMAIN as absent:
            flags = [answer.flags for answer in absent.kwargs.get("responses", {}).values()]
            proven = bool(flags) and all(answer & dns.flags.AD for answer in flags)
            return _Found(problem=DnsProblem.NO_SUCH_NAME, authenticated=proven if self.trusted else None)
        proven = bool(answer.response.flags & dns.flags.AD)
        records = tuple(answer.rrset or ())[:_MOST]
        problem = None if records else DnsProblem.NO_RECORD
        return _Found(records, problem, proven if self.trusted else None)

    def _cause(self, name: str, kind: str, deadline: Deadline) -> DnsProblem:
        try:
            self._found(self._not_validating, name, kind, deadline)
        except (dns.exception.DNSException, TimeoutError, OSError):
            return DnsProblem.NO_ANSWER
        return DnsProblem.BOGUS


def _host(name: object) -> str:
    return str(name).lower().removesuffix(".")[:255]
