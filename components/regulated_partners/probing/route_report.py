"""A recipient domain, or the smart hosts, judged: where its mail goes, DANE, MTA-STS, and what would pass too. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.probing.dane import DaneState, dane_report
from regulated_partners.probing.mta_sts import MtaStsState, mta_sts_report
from regulated_partners.probing.names import NameOutcome, match_names
from regulated_partners.probing.route import Route
from regulated_partners.probing.seen import DnsProblem, MxAnswer
from regulated_partners.probing.server_report import ConnectionSecurity, Demand, ServerReport
from regulated_partners.probing.verdicts import Check, Fact, Finding, Level, Party, Verdict, verdict_of


@dataclass(frozen=True)
class RouteReport:
    """What there is to say about a route beside its servers.

    Attributes:
        dane, mta_sts: their states.
        verdict, findings, facts: for the outputs.
    """

    route: Route
    dane: DaneState
    mta_sts: MtaStsState
    verdict: Verdict
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]


def report_route(route: Route, demand: Demand) -> RouteReport:
    """Judges a route."""
    dane, about_dane, dane_facts = dane_report(route, demand.settings, demand.now)
    sts, about_sts, sts_facts = mta_sts_report(route, demand.settings)
    findings = (*_delivery(route), *about_dane, *about_sts, *_stricter(route, demand))
    return RouteReport(
        route=route,
        dane=dane,
        mta_sts=sts,
        verdict=verdict_of(findings, otherwise=_otherwise(route)),
        findings=findings,
        facts=(*_hosts(route), *dane_facts, *sts_facts, *_reports(route)),
    )


def _otherwise(route: Route) -> Verdict:
    if route.domain is not None and route.domain.mx.problem is DnsProblem.NO_ANSWER:
        return Verdict.NOT_REACHABLE
    if not route.hosts:
        return Verdict.UNKNOWN
    unanswered = [host.seen.addresses.problem is DnsProblem.NO_ANSWER for host in route.hosts]
    return Verdict.NOT_REACHABLE if all(unanswered) else Verdict.PASSED


def _delivery(route: Route) -> Iterable[Finding]:
    if route.domain is not None:
        yield from _mx(route.subject, route.domain.mx)
    without = [host for host in route.hosts if not host.seen.addresses.addresses]
    for host in without:
        problem = host.seen.addresses.problem
        if problem is DnsProblem.NO_ANSWER:
            text = f"The DNS gives no answer for {host.name}: whether it has an address could not be seen from here."
            yield Finding(Check.DNS, Level.INFO, text)
        else:
            rest = "" if len(without) == len(route.hosts) else " Mail goes to the others only."
            level = Level.WARNING if rest else Level.ERROR
            text = f"{host.name} has no address ({problem}), so no mail can go there.{rest}"
            yield Finding(Check.DNS, level, text, Party.PARTNER, source="RFC 5321 5.1")


def _mx(name: str, mx: MxAnswer) -> Iterable[Finding]:
    if mx.problem is DnsProblem.NO_ANSWER:
        text = f"The DNS gives no answer for the MX record of {name}: nothing can be said about it from here."
        yield Finding(Check.DNS, Level.INFO, text)
    elif mx.problem is DnsProblem.BOGUS:
        return  # That is DANE's finding.
    elif mx.problem is not None:
        text = f"{name} cannot receive mail: {mx.problem} for its MX. Correct the declared domain, or ask the partner."
        yield Finding(Check.MX, Level.ERROR, text, Party.EITHER, source="RFC 5321 5.1")
    elif any(not record.host for record in mx.records):
        text = f"{name} says that it accepts no mail (null MX)."
        yield Finding(Check.MX, Level.ERROR, text, Party.PARTNER, source="RFC 7505 3")
    elif mx.implicit:
        text = f"{name} has no MX record; mail goes to the address of the domain itself."
        yield Finding(Check.MX, Level.INFO, text, Party.PARTNER, source="RFC 5321 5.1")


def _hosts(route: Route) -> Iterable[Fact]:
    if route.domain is not None:
        order = ", ".join(f"{record.preference} {record.host or '(none)'}" for record in route.domain.mx.records)
        signed = {True: "signed", False: "not signed", None: "not known"}[route.domain.mx.authenticated]
        yield Fact("MX", order or f"none ({route.domain.mx.problem})")
        yield Fact("DNSSEC", signed)
    for host in route.hosts:
        yield Fact(host.name, ", ".join(host.seen.addresses.addresses) or f"none ({host.seen.addresses.problem})")


def _reports(route: Route) -> Iterable[Fact]:
    """Only says that the partner watches. Source: RFC 8460."""
    if route.domain is not None:
        found = [record for record in route.domain.tls_rpt.records if record.startswith("v=TLSRPTv1")]
        yield Fact("TLS-RPT", found[0][:200] if found else "absent")


def _stricter(route: Route, demand: Demand) -> Iterable[Finding]:
    """Whether every server would pass more than the connector demands."""
    servers = route.servers
    passed = [server.satisfies for server in servers if server.satisfies is not None]
    if not servers or len(passed) < len(servers):
        return
    least = min(passed, key=lambda security: security.rank)
    name = demand.settings.tls_domain
    if least is ConnectionSecurity.TRUSTED_CERTIFICATION_AUTHORITY and name is None:
        name = _common_name(servers, demand)
        if name is not None:
            least = ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    if least.rank > demand.security.rank:
        with_name = least is ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN and name
        value = f" with tlsDomain: {name}" if with_name else ""
        text = f"Every server also passes the stricter connectionSecurity: {least.value}{value}. Declare it."
        yield Finding(Check.STRICTER, Level.INFO, text, Party.WE, source="Set-OutboundConnector, TlsSettings")


def _common_name(servers: Iterable[ServerReport], demand: Demand) -> str | None:
    """A name that every certificate has: the first one's, exact ones before wildcards."""
    facts = [shown.facts for server in servers for shown in server.certificates]
    names = dict.fromkeys(name.lower() for certificate in facts[:1] for name in certificate.names.dns_names)
    for name in sorted(names, key=lambda candidate: candidate.startswith("*.")):
        verdicts = [match_names(name, shown.names, Direction.OUTBOUND, demand.mode) for shown in facts]
        if all(verdict.outcome is NameOutcome.MATCH for verdict in verdicts):
            return name
    return None
