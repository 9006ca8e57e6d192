"""What the pre-flight sees of the partners' servers, and says about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from exchange_online.connectors import OutboundSettings, check
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import outbound_half
from regulated_partners.preflight_cache import PreflightCache
from regulated_partners.preflight_settings import PreflightSettings
from regulated_partners.probing.certificates import RootsError, load_roots
from regulated_partners.probing.collect import Questions, Surroundings, collect
from regulated_partners.probing.dns_client import DnsClient, NoResolverError
from regulated_partners.probing.mta_sts import web_context
from regulated_partners.probing.route import ProbeIndex, probed_domains, routes
from regulated_partners.probing.route_report import report_route
from regulated_partners.probing.seen import Probe
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Finding, Level, Verdict

#: A change that breaks everything shall not bury the preview; what is left out is counted.
_MOST_WARNINGS = 20
_STEP = 5.0

Said = tuple[tuple[str, ...], tuple[str, ...]]


def look(settings: PreflightSettings, partners: Sequence[Partner], directory: Path) -> Said:
    """Probes the servers of all partners whose connectors are in use, unless the cache knows them.

    Returns:
        Warnings, and notes.
    """
    watched = [(partner.name, _outbound(partner)) for partner in partners if partner.enabled]
    now = datetime.now(UTC)
    try:
        roots = load_roots(None if settings.roots is None else directory / settings.roots)
        probe = _probe(settings, [connector for _, connector in watched], directory, now)
    except (NoResolverError, RootsError) as error:
        return (f"The pre-flight was left out: {error}",), ()
    index = ProbeIndex(probe)
    warnings: list[str] = []
    unreached = 0
    for name, connector in watched:
        found, missing = _judged(name, Demand(connector, roots, now), index)
        warnings += found
        unreached += missing
    return _shortened(list(dict.fromkeys(warnings))), tuple(_notes(unreached, probe, now))


def _outbound(partner: Partner) -> OutboundSettings:
    half = outbound_half(partner)
    settings = check(half.direction, half.inputs).settings
    if not isinstance(settings, OutboundSettings):
        raise TypeError(partner.name)
    return settings


def _probe(
    settings: PreflightSettings, connectors: Sequence[OutboundSettings], directory: Path, now: datetime
) -> Probe:
    questions = Questions(
        tuple(dict.fromkeys(domain for each in connectors for domain in probed_domains(each))),
        tuple(dict.fromkeys(host for each in connectors for host in each.smart_hosts)),
    )
    cache = PreflightCache(directory, questions, settings)
    known = cache.read(now)
    if known is not None:
        return known
    surroundings = Surroundings(
        dns=DnsClient.of_the_system() if settings.resolver is None else DnsClient.at(settings.resolver),
        web=web_context(load_roots(None if settings.roots is None else directory / settings.roots)),
        port=settings.port,
        https_port=settings.https_port,
        seconds=min(_STEP, settings.seconds),
        in_all=settings.seconds,
    )
    probe = collect(questions, surroundings, now)
    cache.write(probe)
    return probe


def _judged(name: str, demand: Demand, index: ProbeIndex) -> tuple[list[str], int]:
    """Warnings about one partner, and how many of its servers were not reached."""
    warnings: list[str] = []
    unreached = 0
    for route in routes(demand, index):
        report = report_route(route, demand)
        warnings += _errors(f"{name}: {route.subject}", report.findings)
        unreached += report.verdict is Verdict.NOT_REACHABLE
        for server in route.servers:
            warnings += _errors(f"{name}: {server.seen.place}", server.findings)
            unreached += server.verdict is Verdict.NOT_REACHABLE
    return warnings, unreached


def _errors(place: str, findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        if finding.level is Level.ERROR:
            answer = f" Exchange Online answers: {finding.answer}" if finding.answer else ""
            yield f"{place}: {finding.text}{answer}"


def _shortened(warnings: list[str]) -> tuple[str, ...]:
    left_out = len(warnings) - _MOST_WARNINGS
    if left_out <= 0:
        return tuple(warnings)
    rest = f"The pre-flight has {left_out} more warnings: `regulated-partners verify partner --all` shows them."
    return (*warnings[:_MOST_WARNINGS], rest)


def _notes(unreached: int, probe: Probe, now: datetime) -> Iterable[str]:
    minutes = (now - probe.started).total_seconds() // 60
    if minutes >= 1:
        yield f"The pre-flight goes by what was seen {minutes:.0f} minutes ago."
    if unreached:
        yield (
            f"The pre-flight did not reach {unreached} of the partners' servers or domains from here, which says "
            "nothing about them."
        )
