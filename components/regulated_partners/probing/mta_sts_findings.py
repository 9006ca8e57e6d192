"""What a partner's MTA-STS means for an outbound connector, and which MtaStsMode to choose. Pure.

Source: RFC 8461; New-OutboundConnector, MtaStsMode.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors import Direction, OutboundSettings
from exchange_online.connectors.names import MtaStsMode
from regulated_partners.probing.mta_sts import BrokenPolicyError, Policy, PolicyMode, domain_policy
from regulated_partners.probing.names import MatchMode, Outcome, match_names
from regulated_partners.probing.route import Route, RouteHost
from regulated_partners.probing.seen import DnsProblem, DomainSeen, ServerOutcome
from regulated_partners.probing.server_report import ServerReport
from regulated_partners.probing.verdicts import Fact, Finding, Level, Party

_SOURCE = "New-OutboundConnector, MtaStsMode; RFC 8461"
#: Source: Exchange Online's page on MTA-STS; the exact words are assumed.
_MX = "450 4.4.8 MX hosts of '{domain}' failed MTA-STS validation."
_CERTIFICATE = "450 4.7.5 Remote certificate failed MTA-STS validation."
_CHOICE = "Until then MtaStsMode None would let mail pass, which weakens the connector and needs a decision."
_UNUSABLE = (
    ServerOutcome.NO_STARTTLS,
    ServerOutcome.STARTTLS_REFUSED,
    ServerOutcome.OLD_TLS_ONLY,
)


class MtaStsState(StrEnum):
    """What MTA-STS came to."""

    ENFORCED = "valid, enforce"
    TESTING = "valid, testing"
    SWITCHED_OFF = "mode none"
    BROKEN = "broken"
    """Nobody can read the policy: senders act as if there were none."""
    VIOLATED = "the servers do not meet it"
    ABSENT = "absent"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class _Violation:
    sentence: str
    answer: str
    host: str


def mta_sts_report(
    route: Route, settings: OutboundSettings
) -> tuple[MtaStsState, tuple[Finding, ...], tuple[Fact, ...]]:
    """Judges the MTA-STS of a route. Smart hosts have none: their connector does not go by the MX record.

    Args:
        route: with the judged servers.
        settings: of the connector; its MtaStsMode counts.
    """
    if route.domain is None:
        return MtaStsState.ABSENT, (), ()
    state, policy, sentence = _policy_state(route.domain)
    facts = (Fact("MTA-STS", sentence),)
    violations = tuple(_violations(route, policy)) if policy else ()
    if policy and violations and policy.mode is not PolicyMode.NONE:
        findings = tuple(_violated(policy, violations, settings, len(route.hosts)))
        return MtaStsState.VIOLATED, findings, facts
    return state, (_advice(state, sentence),), facts


def _policy_state(domain: DomainSeen) -> tuple[MtaStsState, Policy | None, str]:
    if domain.mta_sts.problem in (DnsProblem.NO_ANSWER, DnsProblem.BOGUS):
        return MtaStsState.UNKNOWN, None, f"There is no answer for _mta-sts.{domain.domain}."
    try:
        policy = domain_policy(domain)
    except BrokenPolicyError as error:
        if domain.policy is not None and not domain.policy.reached:
            return MtaStsState.UNKNOWN, None, f"The policy was not reachable from here: {error}."
        return MtaStsState.BROKEN, None, f"The policy of {domain.domain} cannot be used: {error}."
    if policy is None:
        return MtaStsState.ABSENT, None, f"{domain.domain} publishes no policy."
    days = policy.max_age // 86400
    sentence = f"mode {policy.mode}, mx {', '.join(policy.mx[:6]) or 'none'}, max_age {policy.max_age} ({days} days)"
    state = {
        PolicyMode.ENFORCE: MtaStsState.ENFORCED,
        PolicyMode.TESTING: MtaStsState.TESTING,
        PolicyMode.NONE: MtaStsState.SWITCHED_OFF,
    }[policy.mode]
    return state, policy, sentence


def _violations(route: Route, policy: Policy) -> Iterable[_Violation]:
    for host in route.hosts:
        if not policy.covers(host.name):
            yield _Violation(f"The policy does not name {host.name}.", _MX.format(domain=route.subject), host.name)
            continue
        for server in host.servers:
            reason = _refused(host, server)
            if reason:
                yield _Violation(f"{server.seen.place}: {reason}", _CERTIFICATE, host.name)
                break


def _refused(host: RouteHost, server: ServerReport) -> str | None:
    """Why a sender that honours the policy does not deliver here. Source: RFC 8461 4.2."""
    if server.seen.outcome in _UNUSABLE:
        return server.seen.detail
    if server.facts is None or server.chain_verdict is None:
        return None
    if not server.chain_verdict.is_trusted:
        return server.chain_verdict.sentence
    # By its own name, whatever TlsDomain says; and only a SAN counts.
    named = match_names(host.name, server.facts.names, Direction.OUTBOUND, MatchMode.SAN)
    return None if named.outcome is Outcome.MATCH else f"The certificate has no SAN {host.name}."


def _advice(state: MtaStsState, sentence: str) -> Finding:
    if state is MtaStsState.BROKEN:
        text = (
            f"MTA-STS is broken: senders act as if there were no policy. {sentence} The partner must correct it. Keep "
            "MtaStsMode Opportunistic."
        )
        return Finding("mta-sts", Level.WARNING, text, Party.PARTNER, source=_SOURCE)
    text = {
        MtaStsState.ENFORCED: "MTA-STS is valid and enforced: keep MtaStsMode Opportunistic.",
        MtaStsState.TESTING: "MTA-STS is valid, in mode testing, which refuses nothing: keep MtaStsMode Opportunistic.",
        MtaStsState.SWITCHED_OFF: "MTA-STS is switched off by mode none: keep MtaStsMode Opportunistic.",
        MtaStsState.ABSENT: "MTA-STS is absent: keep MtaStsMode Opportunistic, which uses it once it is there.",
    }.get(state, f"MTA-STS was not judged. {sentence}")
    return Finding("mta-sts", Level.INFO, text, source=_SOURCE)


def _violated(
    policy: Policy, violations: tuple[_Violation, ...], settings: OutboundSettings, hosts: int
) -> Iterable[Finding]:
    ignored = settings.mta_sts_mode == MtaStsMode.NONE.value
    # As long as one host meets the policy, mail goes there.
    refused = policy.mode is PolicyMode.ENFORCE and not ignored
    all_fail = len({each.host for each in violations}) >= hosts
    for each in violations:
        if refused:
            effect = "Mail is refused." if all_fail else "Mail does not go to this server."
            text = f"MTA-STS is enforced and not met. {each.sentence} {effect} The partner must correct it. {_CHOICE}"
            yield Finding("mta-sts", Level.ERROR, text, Party.PARTNER, each.answer, _SOURCE)
        else:
            why = "the connector ignores by MtaStsMode None" if ignored else "mode testing only reports"
            text = f"MTA-STS is not met, which {why}. {each.sentence} The partner should correct it."
            yield Finding("mta-sts", Level.WARNING, text, Party.PARTNER, source=_SOURCE)
