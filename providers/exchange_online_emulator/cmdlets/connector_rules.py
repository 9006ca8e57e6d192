"""The rules on the settings of connectors, each with its tag and source (connector-semantics section 5).

Texts are the service's where a public source shows them; every other text is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exchange_online_emulator.cmdlets.changes import Change
from exchange_online_emulator.errors import InvalidSettingError
from exchange_online_emulator.models import Kind
from exchange_online_emulator.rules import Applies, Rule, Tag, register

_NAME_LIMIT = 64
_INBOUND, _OUTBOUND, _BOTH = (Kind.INBOUND,), (Kind.OUTBOUND,), (Kind.INBOUND, Kind.OUTBOUND)


def in_use_text(name: str, rules: tuple[str, ...]) -> str:
    """The refusal to take a connector away from transport rules. The text is assumed."""
    return f"The connector '{name}' is used by the transport rule(s) {', '.join(rules)} and can't be changed so."


@dataclass(frozen=True)
class _Refusal:
    """A rule that refuses a change: when `of` is true of it, with the text, or with the text that `of` returns."""

    id: str
    summary: str
    kinds: tuple[Kind, ...]
    of: Callable[[Change], object]
    text: str
    source: str
    tag: Tag = "documented"
    applies: Applies = "always"


@dataclass(frozen=True)
class _Strict(_Refusal):
    """A refusal that is only assumed, and so made under the switch `strict` alone."""

    tag: Tag = "assumed"
    applies: Applies = "strict"


def judge(change: Change) -> None:
    """Let every rule of the connector's kind judge the change.

    Raises:
        InvalidSettingError: the first refusal.
    """
    for rule in _RULES:
        if (
            change.kind in rule.kinds
            and (change.switches.strict or rule.applies != "strict")
            and (bad := rule.of(change))
        ):
            raise InvalidSettingError(rule.text.format(bad))


def _dash_range(change: Change) -> str | None:
    return next((item for item in change.values("SenderIPAddresses") if "-" in item), None)


def _foreign_domain(change: Change) -> str | None:
    known = {item.casefold() for item in change.accepted_domains}
    return next((item for item in change.values("AssociatedAcceptedDomains") if item.casefold() not in known), None)


def _on_premises_routing(change: Change) -> str | None:
    names = ("AllAcceptedDomains", "RouteAllMessagesViaOnPremises")
    return next((name for name in names if change.partner and change.flag(name)), None)


def _unscoped_while_used(change: Change) -> str | None:
    was_scoped = change.before is not None and change.before.flag("IsTransportRuleScoped")
    if change.switches.connector_in_use == "accept" or not was_scoped or change.flag("IsTransportRuleScoped"):
        return None
    return in_use_text(change.name, change.rules_using) if change.rules_using else None


def _sender_rewriting(change: Change) -> bool:
    given = "SenderRewritingEnabled" in change.given and change.switches.sender_rewriting == "refuse"
    return change.partner and (given or change.flag("SenderRewritingEnabled"))


def _without_recipients(change: Change) -> bool:
    used = change.flag("AllAcceptedDomains") or change.flag("IsTransportRuleScoped")
    return not used and not change.values("RecipientDomains")


_RULES = (
    _Refusal(
        "V3",
        "a Name over 64 characters is refused",
        _OUTBOUND,
        lambda change: len(change.name) > _NAME_LIMIT,
        "The length of the property is too long. The maximum length is 64.",
        "New-OutboundConnector, Name",
    ),
    _Strict(
        "V3-inbound",
        "V3 for inbound connectors",
        _INBOUND,
        lambda change: len(change.name) > _NAME_LIMIT,
        "The length of the property is too long. The maximum length is 64.",
        "connector-semantics 3.1",
    ),
    _Strict(
        "V7",
        "SenderIPAddresses: a dash range is refused",
        _INBOUND,
        _dash_range,
        "The value '{}' of SenderIPAddresses isn't a valid IP address or CIDR range.",
        "not among the documented forms of New-InboundConnector, SenderIPAddresses",
    ),
    _Strict(
        "V8",
        "RestrictDomainsToIPAddresses true without SenderIPAddresses is refused",
        _INBOUND,
        lambda change: change.flag("RestrictDomainsToIPAddresses") and not change.values("SenderIPAddresses"),
        "SenderIPAddresses must be specified if RestrictDomainsToIPAddresses is set to true.",
        "New-InboundConnector",
    ),
    _Strict(
        "V9",
        "RestrictDomainsToCertificate true without TlsSenderCertificateName is refused",
        _INBOUND,
        lambda change: change.flag("RestrictDomainsToCertificate") and not change.after.get("TlsSenderCertificateName"),
        "TlsSenderCertificateName must be specified if RestrictDomainsToCertificate is set to true.",
        "New-InboundConnector",
    ),
    _Strict(
        "V10",
        "RestrictDomainsToCertificate true with RequireTls false is refused",
        _INBOUND,
        lambda change: change.flag("RestrictDomainsToCertificate") and not change.flag("RequireTls"),
        "RequireTls must be true if RestrictDomainsToCertificate is set to true.",
        "connector-semantics V10: a certificate is only presented over TLS",
    ),
    _Strict(
        "V11",
        "both Restrict flags true is refused",
        _INBOUND,
        lambda change: change.flag("RestrictDomainsToCertificate") and change.flag("RestrictDomainsToIPAddresses"),
        "RestrictDomainsToCertificate and RestrictDomainsToIPAddresses can't both be set to true.",
        "the docs advise separate connectors (EXO22); a refusal is assumed",
    ),
    _Refusal(
        "V14",
        "TreatMessagesAsInternal true needs OnPremises, and CloudServicesMailEnabled false",
        _INBOUND,
        lambda change: (
            change.flag("TreatMessagesAsInternal") and (change.partner or change.flag("CloudServicesMailEnabled"))
        ),
        "TreatMessagesAsInternal can't be set to true unless Connector type is OnPremises and CloudServicesMailEnabled "
        "is false.",
        "New-InboundConnector, TreatMessagesAsInternal",
    ),
    _Refusal(
        "V15",
        "CloudServicesMailEnabled true needs OnPremises",
        _BOTH,
        lambda change: change.flag("CloudServicesMailEnabled") and change.partner,
        "CloudServicesMailEnabled cannot be set to true if Connector type is not OnPremises",
        "inspnet/signer README, from New-OutboundConnector; documented for both",
        "observed:single",
    ),
    _Strict(
        "accepted-domain-names",
        "AssociatedAcceptedDomains that are not accepted domains of the tenant are refused",
        _INBOUND,
        _foreign_domain,
        "The domain '{}' isn't an accepted domain of your organization.",
        "New-InboundConnector, AssociatedAcceptedDomains",
    ),
    _Refusal(
        "V16",
        "SenderRewritingEnabled, whatever its value, is refused on a Partner connector; by the switch "
        "sender_rewriting=accept_false only true is",
        _OUTBOUND,
        _sender_rewriting,
        "The SenderRewritingEnabled parameter can only be specified for Connector type OnPremises.",
        "CIPP #3873 (seen with true; 'can only be specified' read as any value); undecided: terraform-provider-exo "
        "sends every Boolean",
        "observed:single",
    ),
    _Refusal(
        "V17",
        "AllAcceptedDomains and RouteAllMessagesViaOnPremises true need OnPremises",
        _OUTBOUND,
        _on_premises_routing,
        "{} can't be set to true if Connector type is not OnPremises.",
        "New-OutboundConnector, AllAcceptedDomains and RouteAllMessagesViaOnPremises",
    ),
    _Refusal(
        "V18",
        "UseMXRecord false without SmartHosts is refused",
        _OUTBOUND,
        lambda change: not change.flag("UseMXRecord") and not change.values("SmartHosts"),
        "SmartHosts must be specified if UseMXRecord is set to false.",
        "New-OutboundConnector, UseMXRecord: 'This setting requires one or more smart hosts'",
    ),
    _Strict(
        "V18-same-command",
        "Set UseMXRecord false without SmartHosts in the same command is refused",
        _OUTBOUND,
        lambda change: change.given.get("UseMXRecord") is False and not change.given.get("SmartHosts"),
        "SmartHosts must be specified in the command that sets UseMXRecord to false.",
        "documented until 2022 (connector-semantics 3.2, SmartHosts)",
    ),
    _Strict(
        "V19",
        "SmartHosts with UseMXRecord true is refused",
        _OUTBOUND,
        lambda change: change.flag("UseMXRecord") and change.values("SmartHosts"),
        "SmartHosts can't be specified if UseMXRecord is set to true.",
        "the portal makes them exclusive (EXO22); REST unknown",
    ),
    _Strict(
        "V21",
        "TlsSettings DomainValidation without TlsDomain is refused",
        _OUTBOUND,
        lambda change: change.after.get("TlsSettings") == "DomainValidation" and not change.after.get("TlsDomain"),
        "TlsDomain must be specified if TlsSettings is set to DomainValidation.",
        "New-OutboundConnector, TlsSettings",
    ),
    _Strict(
        "V22",
        "TlsDomain without TlsSettings DomainValidation is refused",
        _OUTBOUND,
        lambda change: change.after.get("TlsDomain") and change.after.get("TlsSettings") != "DomainValidation",
        "The TLSDomain parameter can only be set if the TLSAuthLevel parameter is set to DomainValidation.",
        "text of the on-premises sibling Set-SendConnector (CSS-Exchange #1999); peers send the pair",
    ),
    _Strict(
        "V23",
        "an outbound connector without RecipientDomains, AllAcceptedDomains or IsTransportRuleScoped is refused",
        _OUTBOUND,
        _without_recipients,
        "RecipientDomains must be specified.",
        "New-OutboundConnector: it would never be used",
    ),
    _Strict(
        "V24",
        "IsTransportRuleScoped true with RecipientDomains is refused",
        _OUTBOUND,
        lambda change: change.flag("IsTransportRuleScoped") and change.values("RecipientDomains"),
        "RecipientDomains can't be specified if IsTransportRuleScoped is set to true.",
        "exclusive in the portal (EXO22)",
    ),
    _Refusal(
        "V34-scope",
        "un-scoping (IsTransportRuleScoped false) a connector that a transport rule uses is refused",
        _OUTBOUND,
        _unscoped_while_used,
        "{}",
        "connector-semantics V34; the switch connector_in_use accepts it",
        "assumed",
    ),
)
for _rule in _RULES:
    register(Rule(_rule.id, _rule.summary, _rule.tag, _rule.source, _rule.applies))
