"""The pre-flight: at `pulumi preview`, would the partners' servers satisfy what is being declared?

Opt-in, by the setting `preflight`. It warns and never blocks, ends in time, and asks no server twice in an hour. It
belongs to the program: `check` and `diff` of the provider stay without a network. What it needs takes a good part of a
second to import: only where it is asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from pydantic import ValidationError

from exchange_online.connectors import OutboundSettings
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair, PreflightSettings
from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.collect import Questions, Surroundings, collect, questions
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.mta_sts import web_context
from regulated_partners.probing.route import ProbeIndex, routes
from regulated_partners.probing.route_report import report_route
from regulated_partners.probing.seen import DnsProblem, Probe, ServerOutcome
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Finding, Level, Verdict

#: A change that breaks everything shall not bury the preview; what is left out is counted.
_MOST_WARNINGS = 20
_STEP = 5.0

#: Below the project's directory; it is in .gitignore.
FOLDER = Path(".state") / "preflight"


@dataclass(frozen=True)
class PreflightReport:
    """What there is to say: warnings, one for each thing that refuses mail, and notes."""

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def preflight(setting: object, pairs: Sequence[Pair], directory: Path, *, keep: bool = True) -> PreflightReport:
    """Looks at the partners' servers, or at what was seen of them lately. Never raises for what it finds.

    Args:
        setting: the value of `regulated-partners:preflight`; nothing is done where it is missing or false.
        pairs: the partners as declared; those that are switched off are left out.
        directory: of the project, where the cache is.
        keep: whether what was seen may be kept there; not where the names of the servers are secret.
    """
    if setting in (None, False, "false"):
        return PreflightReport()
    watched = [(pair.name, pair.outbound.settings) for pair in pairs if pair.partner.enabled]
    now = datetime.now(UTC)
    try:
        settings = _read(setting)
        if not keep:
            settings = settings.model_copy(update={"cache_minutes": 0})
        roots = load_roots(None if settings.roots is None else directory / settings.roots)
        probe = _probe(settings, [connector for _, connector in watched], roots, directory, now)
    except CannotRunError as error:
        return PreflightReport((f"The pre-flight was left out: {error}",))
    index = ProbeIndex(probe)
    warnings: list[str] = []
    unreached = 0
    for name, connector in watched:
        found, missing = _judged(name, Demand(connector, roots, now), index)
        warnings += found
        unreached += missing
    return PreflightReport(_shortened(list(dict.fromkeys(warnings))), tuple(_notes(unreached, probe, now)))


def _read(declared: object) -> PreflightSettings:
    if declared in (True, "true"):
        return PreflightSettings()
    try:
        return PreflightSettings.model_validate(declared)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(["preflight", *(str(part) for part in first["loc"])])
        raise CannotRunError(
            f"{where}: {first['msg'][:200]}; write true, false, or the settings that docs/verify.md lists."
        ) from None


def _probe(
    settings: PreflightSettings,
    connectors: Sequence[OutboundSettings],
    roots: Sequence[x509.Certificate],
    directory: Path,
    now: datetime,
) -> Probe:
    asked = questions(connectors)
    cache = _Cache(directory, asked, settings)
    known = cache.read(now)
    if known is not None:
        return known
    surroundings = Surroundings(
        dns=DnsClient.at(settings.resolver),
        web=web_context(roots),
        port=settings.port,
        https_port=settings.https_port,
        seconds=min(_STEP, settings.seconds),
        in_all=settings.seconds,
    )
    probe = collect(asked, surroundings, now)
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


class _Cache:
    """What was seen, kept for a while: previews are repeated, and others' servers not to be bothered.

    One file for each set of questions and way of asking, which may see something else.
    """

    def __init__(self, directory: Path, questions: Questions, settings: PreflightSettings) -> None:
        asked = json.dumps([asdict(questions), settings.model_dump(exclude={"seconds", "cache_minutes"})])
        self._path = directory / FOLDER / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"
        self._age = timedelta(minutes=settings.cache_minutes)

    def read(self, now: datetime) -> Probe | None:
        """What was seen not too long ago; None where there is nothing that counts."""
        try:
            probe = Probe.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None
        return probe if timedelta(0) <= now - probe.started < self._age else None

    def write(self, probe: Probe) -> None:
        """Keeps a probe, unless the time was too short for it. A cache that cannot be written is no failure."""
        if not self._age or not _is_whole(probe):
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as new:
                new.write(probe.model_dump_json())
            Path(new.name).replace(self._path)


def _is_whole(probe: Probe) -> bool:
    unasked = any(domain.mx.problem is DnsProblem.NO_ANSWER for domain in probe.domains)
    return not unasked and all(server.outcome is not ServerOutcome.NOT_TRIED for server in probe.servers)
