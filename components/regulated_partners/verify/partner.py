"""`verify partner`: does the partner's mail system meet what the outbound connector demands?"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from exchange_online.connectors import Direction, OutboundSettings
from regulated_partners.partners import Pair
from regulated_partners.probing.certificate_findings import switched_off
from regulated_partners.probing.certificates import certificate_facts
from regulated_partners.probing.route import SMART_HOSTS, ProbeIndex, Route, probed_domains, routes
from regulated_partners.probing.route_report import RouteReport, report_route
from regulated_partners.probing.seen import Answered, Probe
from regulated_partners.probing.server_report import Demand, ServerReport
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Party, Verdict, verdict_of
from regulated_partners.verify.baseline import Observation, Observed, read_record
from regulated_partners.verify.certificate import certificate_facts_shown, names_shown, subjects
from regulated_partners.verify.outputs import write_file


def judge_partner(partner: Pair, demand: Demand, index: ProbeIndex) -> tuple[Observed, ...]:
    """Judges every domain and every server of a partner.

    Args:
        partner: as declared; its outbound connector counts.
        demand: of the same connector.
        index: of a probe.
    """
    found = routes(demand, index)
    observed = [_observed_route(report_route(route, demand), partner) for route in found]
    seen: set[str] = set()
    for route in found:
        for server in route.servers:
            if server.seen.place not in seen:
                seen.add(server.seen.place)
                observed.append(_observed_server(server, partner, demand.now, _place(server, route)))
    known = {route.subject for route in found}
    observed += [Observed(judgement) for judgement in _missing(partner, known)]
    return tuple(observed)


def from_elsewhere(observed: Observed, probe: Probe) -> Observed:
    """The same, with where and when the probe was made: the record must not pass for one of here and now."""
    made = Fact("probe made", f"{probe.started:%Y-%m-%d %H:%M} UTC at {probe.seen_from or 'an unnamed machine'}")
    return replace(observed, judgement=replace(observed.judgement, facts=(made, *observed.judgement.facts)))


def _missing(partner: Pair, known: set[str]) -> Iterable[Judgement]:
    """What the probe should hold, and does not."""
    settings = partner.outbound.settings
    wanted = [SMART_HOSTS] if settings.smart_hosts else list(probed_domains(settings))
    for subject in wanted:
        if subject not in known:
            text = f"The probe holds nothing about {subject}: it was made for other declarations. Make it anew."
            yield _unproven(subject, partner, Finding(Check.PROBE, Level.INFO, text))
    if not wanted:
        text = "The connector names no recipient domain and no smart host, so there is no server to probe."
        yield _unproven(settings.name, partner, Finding(Check.PROBE, Level.INFO, text, Party.WE))


def _unproven(subject: str, partner: Pair, finding: Finding) -> Judgement:
    settings = partner.outbound.settings
    return Judgement.by_connector("domain", subject, Verdict.UNKNOWN, partner.name, settings, findings=[finding])


def _observed_route(report: RouteReport, partner: Pair) -> Observed:
    route, settings = report.route, partner.outbound.settings
    findings = (*report.findings, *_about_declaration(settings, route))
    verdict = verdict_of(findings, otherwise=report.verdict)
    judgement = Judgement.by_connector(
        "domain", route.subject, verdict, partner.name, settings, facts=report.facts, findings=findings
    )
    hosts = tuple(record.host for record in route.domain.mx.records) if route.domain else ()
    seen = (Observation(partner.name, Direction.OUTBOUND, route.subject, mx=hosts),) if hosts else ()
    return Observed(judgement, seen)


def _about_declaration(settings: OutboundSettings, route: Route) -> Iterable[Finding]:
    yield from switched_off(settings)
    if route.domain is not None and route.subject not in settings.recipient_domains:
        text = (
            f"*.{route.subject} is declared: a wildcard has no MX record of its own, so {route.subject} stands for it. "
            "Subdomains with other servers were not probed."
        )
        yield Finding(Check.DOMAIN, Level.INFO, text, Party.WE)


def _place(server: ServerReport, route: Route) -> str:
    """The baseline's name for a server: its host, unless the host's addresses show different certificates."""
    host = server.seen.host
    digests = {other.facts.sha256 for other in route.servers if other.facts and other.seen.host == host}
    return host if len(digests) < 2 else f"{host} [{server.seen.address}]"


def _observed_server(server: ServerReport, partner: Pair, now: datetime.datetime, place: str) -> Observed:
    judgement = Judgement.by_connector(
        "server",
        server.seen.place,
        server.verdict,
        partner.name,
        partner.outbound.settings,
        facts=server_facts(server, now),
        findings=server.findings,
        transcript=server.seen.transcript,
        not_after=min((shown.facts.not_after for shown in server.certificates), default=None),
    )
    places = {
        place if not number else f"{place} ({shown.kind})": shown for number, shown in enumerate(server.certificates)
    }
    seen = (
        Observation(partner.name, Direction.OUTBOUND, name, certificate=shown.facts) for name, shown in places.items()
    )
    return Observed(judgement, tuple(seen))


def _shown(answer: Answered) -> str:
    if not answer.chain:
        return f"no certificate ({answer.refusal or 'without a reason'})"
    try:
        facts = certificate_facts(answer.certificates[0])
        whose = f"{facts.key} for {', '.join(facts.names.common_names) or facts.names.subject or '(no subject)'}"
    except ValueError:
        whose = "a malformed certificate"
    return f"{answer.version}, {answer.cipher}, {whose}"


def server_facts(server: ServerReport, now: datetime.datetime) -> Iterable[Fact]:
    seen = server.seen
    yield Fact("probe", seen.cause.value if seen.cause else seen.outcome.value)
    if seen.version:
        yield Fact("protocol", seen.version)
        yield Fact("cipher", seen.cipher or "not known")
    if seen.group:
        yield Fact("keys agreed on by", seen.group)
    for answer in seen.answers:
        yield Fact(f"asked {answer.asked}", _shown(answer))
    if seen.asks_client_certificate is not None:
        yield Fact("asks for a client certificate", "yes" if seen.asks_client_certificate else "no")
    if server.satisfies is not None:
        yield Fact("satisfies connectionSecurity", server.satisfies.value)
    if server.facts is not None:
        yield from certificate_facts_shown(server.facts, now)
        if server.chain_verdict is not None:
            yield Fact("chain", server.chain_verdict.sentence)
        yield Fact("certificates sent", subjects(server.chain))
        yield from names_shown(server.names)


def read_probe(path: Path) -> Probe:
    """Reads a file that `--save-probe` wrote. Raises CannotRunError."""
    advice = "Make it with `regulated-partners verify partner --save-probe FILE`, of the same version."
    return read_record(path, Probe, "probe", advice)


def write_probe(path: Path, probe: Probe) -> None:
    """Writes the file that `--from` reads. Raises CannotRunError."""
    write_file(path, probe.model_dump_json(indent=1) + "\n", f"The probe {path}")
