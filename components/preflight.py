"""The pre-flight: at `pulumi preview`, would the partners' servers satisfy what is being declared?

Opt-in, by the setting `preflight`. It warns and never blocks, ends in time, and asks no server twice in an hour. It
belongs to the program: `check` and `diff` of the provider stay without a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from components.declaration import Partner
from components.pair import outbound_half
from components.preflight_cache import PreflightCache
from components.preflight_settings import PreflightSettingError, PreflightSettings, read_preflight_settings
from providers.exchange_online.connectors import OutboundSettings, check

#: A partner's servers fail alike; what is left out is counted.
_MOST_WARNINGS = 20


@dataclass(frozen=True)
class PreflightReport:
    """What there is to say: warnings, one for each thing that refuses mail, and notes."""

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def show_preflight(setting: object, partners: Sequence[Partner]) -> None:
    """Runs the pre-flight at a preview where the stack asks for it, and shows what it has to say.

    Args:
        setting: the value of `regulated-partners:preflight`.
        partners: as declared, without errors.
    """
    if not pulumi.runtime.is_dry_run():
        return
    report = preflight(setting, partners, Path.cwd())
    for warning in report.warnings:
        pulumi.log.warn(warning)
    for note in report.notes:
        pulumi.log.info(note)


def preflight(setting: object, partners: Sequence[Partner], directory: Path) -> PreflightReport:
    """Looks at the partners' servers, or at what was seen of them lately. Never raises for what it finds.

    Args:
        setting: the value of `regulated-partners:preflight`.
        partners: as declared.
        directory: of the project, where the cache is.
    """
    try:
        settings = read_preflight_settings(setting)
        return PreflightReport() if settings is None else _report(settings, partners, directory)
    except PreflightSettingError as error:
        return PreflightReport((f"The pre-flight was left out: {error}",))


def _report(settings: PreflightSettings, partners: Sequence[Partner], directory: Path) -> PreflightReport:
    # What follows costs a tenth of a second to import: only where it is asked for.
    from probing.collect import Questions, Surroundings, collect
    from probing.dns_client import DnsClient, NoResolverError
    from probing.roots import RootsError, load_roots, web_context
    from probing.route import ProbeIndex, probed_domains
    from probing.server_report import Rule

    connectors = [(partner.name, _outbound(partner)) for partner in partners]
    watched = [(name, connector) for name, connector in connectors if connector.enabled]
    questions = Questions(
        tuple(dict.fromkeys(domain for _, connector in watched for domain in probed_domains(connector))),
        tuple(dict.fromkeys(host for _, connector in watched for host in connector.smart_hosts)),
    )
    now, cache = datetime.now(UTC), PreflightCache(directory, questions, settings)
    try:
        roots = load_roots(None if settings.roots is None else directory / settings.roots)
        probe = cache.read(now)
        if probe is None:
            dns = DnsClient.of_the_system() if settings.resolver is None else DnsClient.at(settings.resolver)
            at = Surroundings(
                dns=dns,
                web=web_context(roots),
                port=settings.port,
                https_port=settings.https_port,
                seconds=min(5.0, settings.seconds),
                in_all=settings.seconds,
            )
            probe = collect(questions, at, now)
            cache.write(probe)
    except (NoResolverError, RootsError) as error:
        return PreflightReport((f"The pre-flight was left out: {error}",))
    index = ProbeIndex(probe)
    found = [
        each for name, connector in watched for each in _findings(name, Rule(connector, roots, now), index)
    ]
    return _said(found, probe.started)


