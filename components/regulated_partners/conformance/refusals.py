"""Rules about settings: what New- and Set- refuse, and what they take.

Whatever is sent is for a connector that is disabled. Where what is wrong needs company to be wrong (a restriction and
the name it goes by), the same is sent with the fault mended, so that no other cause passes for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import Answer, was_refused
from regulated_partners.conformance.experiment import (
    Experiment,
    Reading,
    UndecidedError,
    by_switch,
    held,
    otherwise,
)
from regulated_partners.conformance.workbench import ABSENT, Workbench

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND

#: Settings, made with the domain of the run.
_Settings = Callable[[str], Mapping[str, object]]


@dataclass(frozen=True)
class Write:
    """One write that may be refused.

    Attributes:
        wrong: what is set beside what a connector is made with.
        right: the same without the fault; None where the connector that stands through the run is that already.
        on_set: whether it goes into a Set- of that connector.
    """

    direction: Direction
    wrong: _Settings
    right: _Settings | None = None
    on_set: bool = False

    def send(self, bench: Workbench, settings: Mapping[str, object]) -> Answer:
        if not self.on_set:
            return bench.new(self.direction, settings)
        return bench.set(self.direction, bench.standing(self.direction), settings)

    def is_refused(self, bench: Workbench) -> bool:
        """Whether it is, for what is wrong with it. Raises UndecidedError."""
        refused = was_refused(self.send(bench, self.wrong(bench.mark.domain)))
        if refused and self.right is not None and not self.send(bench, self.right(bench.mark.domain)).accepted:
            raise UndecidedError("the same without its fault is refused too")
        return refused


@dataclass(frozen=True)
class Judgement:
    """What to make of writes that all should end alike.

    Attributes:
        refuses: whether the rule's sentence is that they are refused.
        strict: whether the switch of that name turns the emulator's answer.
    """

    writes: tuple[Write, ...]
    refuses: bool
    strict: bool

    def __call__(self, bench: Workbench) -> Reading:
        refused = [write.is_refused(bench) for write in self.writes]
        if len(set(refused)) > 1:
            return otherwise(f"{sum(refused)} of {len(refused)} were refused")
        was_refused = refused[0]
        said = "refused" if was_refused else "accepted"
        if self.strict:
            # By default the emulator takes what is only assumed to be refused.
            return by_switch(said, "strict", was_refused, was_refused is self.refuses)
        return held(said) if was_refused is self.refuses else otherwise(said)


def _rule(rule: str, sends: str, *writes: Write, strict: bool = False, refuses: bool = True) -> Experiment:
    holds = "refused (HTTP 4xx), and nothing is made" if refuses and not strict else "accepted (HTTP 200)"
    needs = tuple(dict.fromkeys(write.direction for write in writes))
    read = Judgement(writes, refuses, strict)
    return Experiment(rule, sends, holds, read, ("strict",) if strict else (), needs)


def _fixed(**settings: object) -> _Settings:
    return lambda _: settings


def _inbound(right: _Settings | None = None, **wrong: object) -> Write:
    return Write(_IN, _fixed(**wrong), right)


def _outbound(right: _Settings | None = None, **wrong: object) -> Write:
    return Write(_OUT, _fixed(**wrong), right)


def _addresses(*addresses: str) -> _Settings:
    return _fixed(SenderIPAddresses=[*addresses])


def _smart_host(domain: str) -> Mapping[str, object]:
    return {"SmartHosts": [f"mail.{domain}"], "UseMXRecord": False}


def _certificate(domain: str, **more: object) -> Mapping[str, object]:
    return {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": f"mail.{domain}", **more}


#: Addresses that are nobody's (RFC 5737).
_ADDRESS, _RANGE = "192.0.2.7", "192.0.2.1-192.0.2.9"
_NARROW, _WIDE = "198.51.100.0/24", "198.51.100.0/23"
_SHARED = {"ConnectorType": "OnPremises", "TreatMessagesAsInternal": True}

REFUSALS: tuple[Experiment, ...] = (
    _rule(
        "V1",
        "New-InboundConnector without SenderDomains, and without Name",
        _inbound(SenderDomains=ABSENT),
        _inbound(Name=ABSENT),
    ),
    _rule("V2", "New-OutboundConnector without Name", _outbound(Name=ABSENT)),
    _rule(
        "V4",
        "a wildcard in the middle of SenderDomains, TlsSenderCertificateName, RecipientDomains, TlsDomain",
        Write(_IN, lambda domain: {"SenderDomains": [f"a.*.{domain}"]}),
        Write(_IN, lambda domain: {"TlsSenderCertificateName": f"a.*.{domain}"}),
        Write(_OUT, lambda domain: {"RecipientDomains": [f"a.*.{domain}"]}),
        Write(
            _OUT,
            lambda domain: {"TlsSettings": "DomainValidation", "TlsDomain": f"a.*.{domain}"},
            lambda domain: {"TlsSettings": "DomainValidation", "TlsDomain": f"*.{domain}"},
        ),
    ),
    _rule(
        "V5",
        "an IPv6 address in SenderIPAddresses",
        _inbound(_addresses(_ADDRESS), SenderIPAddresses=["2001:db8::1"]),
    ),
    _rule("V6", "a /23 in SenderIPAddresses", _inbound(_addresses(_NARROW), SenderIPAddresses=[_WIDE])),
    _rule(
        "V7",
        "a dash range in SenderIPAddresses",
        _inbound(_addresses(_ADDRESS), SenderIPAddresses=[_RANGE]),
        strict=True,
    ),
    _rule(
        "V8",
        "RestrictDomainsToIPAddresses without SenderIPAddresses",
        _inbound(
            _fixed(RestrictDomainsToIPAddresses=True, SenderIPAddresses=[_ADDRESS]), RestrictDomainsToIPAddresses=True
        ),
        strict=True,
    ),
    _rule(
        "V9",
        "RestrictDomainsToCertificate without TlsSenderCertificateName",
        _inbound(_certificate, RestrictDomainsToCertificate=True),
        strict=True,
    ),
    _rule(
        "V10",
        "RestrictDomainsToCertificate with RequireTls false",
        Write(_IN, lambda domain: _certificate(domain, RequireTls=False), _certificate),
        strict=True,
    ),
    _rule(
        "V11",
        "both Restrict flags true",
        Write(
            _IN,
            lambda domain: _certificate(domain, RestrictDomainsToIPAddresses=True, SenderIPAddresses=[_ADDRESS]),
            lambda domain: _certificate(domain, SenderIPAddresses=[_ADDRESS]),
        ),
        strict=True,
    ),
    _rule("V13", "a Partner connector without TLS and without restriction", _inbound(RequireTls=False), refuses=False),
    _rule(
        "V14",
        "TreatMessagesAsInternal on a Partner connector, and beside CloudServicesMailEnabled on an OnPremises one",
        _inbound(TreatMessagesAsInternal=True),
        _inbound(_fixed(**_SHARED), **_SHARED, CloudServicesMailEnabled=True),
    ),
    _rule(
        "V15",
        "CloudServicesMailEnabled on Partner connectors",
        _inbound(CloudServicesMailEnabled=True),
        _outbound(CloudServicesMailEnabled=True),
    ),
    _rule(
        "V17",
        "AllAcceptedDomains, and RouteAllMessagesViaOnPremises, on Partner connectors",
        _outbound(AllAcceptedDomains=True),
        _outbound(RouteAllMessagesViaOnPremises=True),
    ),
    _rule("V18", "UseMXRecord false without SmartHosts", _outbound(_smart_host, UseMXRecord=False)),
    _rule(
        "V19",
        "SmartHosts beside UseMXRecord true",
        Write(
            _OUT,
            lambda domain: {"SmartHosts": [f"mail.{domain}"], "UseMXRecord": True},
            _smart_host,
        ),
        strict=True,
    ),
    _rule(
        "V20",
        "a port in SmartHosts",
        Write(
            _OUT,
            lambda domain: {"SmartHosts": [f"mail.{domain}:587"], "UseMXRecord": False},
            _smart_host,
        ),
    ),
    _rule(
        "V21",
        "TlsSettings DomainValidation without TlsDomain",
        _outbound(
            lambda domain: {"TlsSettings": "DomainValidation", "TlsDomain": f"mail.{domain}"},
            TlsSettings="DomainValidation",
        ),
        strict=True,
    ),
    _rule(
        "V22",
        "TlsDomain without DomainValidation",
        Write(
            _OUT,
            lambda domain: {"TlsDomain": f"mail.{domain}"},
            lambda domain: {"TlsSettings": "DomainValidation", "TlsDomain": f"mail.{domain}"},
        ),
        strict=True,
    ),
    _rule("V23", "an outbound connector without RecipientDomains", _outbound(RecipientDomains=[]), strict=True),
    _rule(
        "V24",
        "IsTransportRuleScoped true with RecipientDomains",
        _outbound(_fixed(IsTransportRuleScoped=True, RecipientDomains=[]), IsTransportRuleScoped=True),
        strict=True,
    ),
    _rule(
        "EF-private",
        "private addresses in EFSkipIPs: one, a network, a range that ends in one, a wide one around one",
        _inbound(_fixed(EFSkipIPs=["198.51.100.1"]), EFSkipIPs=["192.168.1.1"]),
        *(_inbound(EFSkipIPs=[address]) for address in ("192.168.1.7/24", "172.15.255.0-172.16.0.0", "8.0.0.0/6")),
    ),
    _rule(
        "accepted-domain-names",
        "a domain that is none of the tenant's in AssociatedAcceptedDomains",
        Write(_IN, lambda domain: {"AssociatedAcceptedDomains": [domain]}),
        strict=True,
    ),
    _rule(
        "smtp-addresses",
        "what is no address in EFUsers, and in ValidationRecipients",
        Write(_IN, lambda _: {"EFUsers": ["nobody"]}, lambda domain: {"EFUsers": [f"nobody@{domain}"]}),
        Write(
            _OUT,
            lambda _: {"ValidationRecipients": ["nobody"]},
            lambda domain: {"ValidationRecipients": [f"nobody@{domain}"]},
            on_set=True,
        ),
    ),
    _rule(
        "common-parameters",
        "ErrorAction, WarningAction, Verbose and OutVariable within Parameters of a New-",
        _inbound(ErrorAction="Stop", WarningAction="Ignore", Verbose=True, OutVariable="x"),
        strict=True,
        refuses=False,
    ),
)
