"""What a period's traffic comes to, for each partner and direction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import (
    Check,
    Fact,
    Finding,
    Judgement,
    Level,
    Party,
    Verdict,
    verdict_of,
    worst,
)
from regulated_partners.verify.traffic.counts import OLD, Line, Report, Tls, Traffic

#: Connectors that are named in one sentence.
_MOST_NAMED = 5
_NO_TLS_SHOWN = (
    "No report that was given shows TLS: a message trace has no such column. Export the Inbound messages and Outbound "
    "messages reports of the Exchange admin center, or run Start-HistoricalSearch -ReportType ConnectorReport."
)
_ONLY_THEIR_WORD = (
    "TLS reports are their sender's word, and anybody can mail one: they name failures, and prove nothing. Give "
    "reports of the tenant too: the admin center's Inbound messages report, or Start-HistoricalSearch -ReportType "
    "ConnectorReport."
)


def judge_traffic(traffic: Traffic, named: bool) -> tuple[Judgement, ...]:
    """One judgement for each partner and direction with messages, then one for each file that was not read.

    Args:
        traffic: what was counted.
        named: whether the partners were asked for by name: then none without a message passes in silence.
    """
    judged = []
    for pair in traffic.pairs:
        for direction in Direction:
            lines = lines_of(traffic, pair, direction)
            if lines or named:
                judged.append(_judge(pair, direction, lines))
    unread = [file for file in traffic.files if not file.is_whole]
    judged += [
        Judgement(
            "report",
            file.name,
            Verdict.UNKNOWN,
            findings=tuple(Finding(Check.REPORT, Level.WARNING, f"{file.name}: {text}") for text in file.remarks),
        )
        for file in unread
    ]
    if not judged:
        text = (
            "No report that was given has a message of a declared partner: look at the period, and at whether the "
            "partners' domains are as declared."
        )
        finding = Finding(Check.REPORT, Level.WARNING, text, Party.WE)
        judged.append(Judgement("report", "all reports", Verdict.UNKNOWN, findings=(finding,)))
    return tuple(judged)


def lines_of(traffic: Traffic, pair: Pair, direction: Direction) -> tuple[Line, ...]:
    """The counts of one partner and direction, in the order of the reports."""
    found = (traffic.lines.get((report, pair.name, direction)) for report in Report)
    return tuple(line for line in found if line)


def period(lines: Sequence[Line]) -> str:
    """From the first day to the last."""
    days = sorted({day for line in lines for day in line.days})
    if not days:
        return "days not shown"
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _judge(pair: Pair, direction: Direction, lines: Sequence[Line]) -> Judgement:
    settings = pair.half(direction).settings
    findings = [*_findings(lines, settings)]
    unknown = not _is_shown(lines) or any(_half_shown(line) for line in lines)
    otherwise = Verdict.UNKNOWN if unknown else Verdict.PASSED
    return Judgement.by_connector(
        "traffic",
        period(lines) if lines else "no messages",
        worst((verdict_of(findings, otherwise=otherwise), otherwise)),
        pair.name,
        settings,
        facts=_facts(lines),
        findings=findings,
    )


def _is_shown(lines: Sequence[Line]) -> bool:
    """Whether a report of the tenant's own shows TLS: a TLS report is the sender's word, and anybody can mail one."""
    return any(line.report is not Report.TLS_REPORT and line.total > line.by_tls[Tls.NOT_SHOWN] for line in lines)


def _half_shown(line: Line) -> bool:
    """Whether a report that shows TLS does not for some messages: they may be those without."""
    return 0 < line.by_tls[Tls.NOT_SHOWN] < line.total


def _facts(lines: Sequence[Line]) -> Iterator[Fact]:
    for line in lines:
        ways = ", ".join(f"{tls} {count}" for tls in Tls if (count := line.by_tls[tls]))
        lost = f"; not delivered {line.not_delivered}" if line.not_delivered else ""
        yield Fact(line.report, f"{line.total} {line.report.unit}: {ways or 'none'}{lost} ({line.report.basis})")
        shown = {name: count for name, count in line.by_connector.items() if name is not None}
        if shown:
            named = sorted(shown.items(), key=lambda item: -item[1])
            yield Fact("by connector", ", ".join(f"{name or 'none'} {count}" for name, count in named))
        if trend := _trend(line):
            yield Fact("trend", trend)


def _trend(line: Line) -> str:
    """The second half of the days beside the first."""
    days = line.days
    if len(days) < 4:
        return ""
    halves = [Line(line.report, line.pair, line.direction), Line(line.report, line.pair, line.direction)]
    for key, count in line.counts.items():
        if key.day:
            halves[key.day >= days[len(days) // 2]].counts[key] += count
    first, second = halves
    if not first.total or not second.total:
        return ""
    said = [f"{line.report.unit} {first.total} in the first half of the days, {second.total} in the second"]
    for tls in (Tls.TLS_1_3, Tls.NONE):
        shares = [100 * half.by_tls[tls] / half.total for half in halves]
        if any(shares):
            said.append(f"{tls} {shares[0]:.1f} %, {shares[1]:.1f} %")
    return "; ".join(said)


def _findings(lines: Sequence[Line], settings: InboundSettings | OutboundSettings) -> Iterator[Finding]:
    is_in = isinstance(settings, InboundSettings)
    demanded = settings.demands_tls if isinstance(settings, InboundSettings) else settings.tls_settings is not None
    if not lines:
        yield Finding(Check.REPORT, Level.WARNING, "The reports that were given have no message of this partner.")
        return
    for line in lines:
        yield from _clear(line, is_in=is_in, demanded=demanded and settings.in_use)
        if old := sum(line.by_tls[tls] for tls in OLD):
            text = (
                f"{old} of {line.total} messages came with a version of TLS older than 1.2, which is not safe "
                f"({line.report}). The partner's {'sending' if is_in else 'receiving'} server must speak TLS 1.2."
            )
            yield Finding(Check.PROTOCOL, Level.WARNING, text, Party.PARTNER)
        yield from _outside(line, is_in=is_in)
        yield from _failures(line)
        if _half_shown(line):
            text = f"{line.by_tls[Tls.NOT_SHOWN]} of {line.total} messages: the {line.report} does not show their TLS."
            yield Finding(Check.TRANSPORT, Level.WARNING, text)
        if line.report is Report.CONNECTORS:
            text = (
                "No source documents the columns of the connector report; they were taken by their names. One that was "
                "asked for with -TLSUsed holds only such messages, and proves nothing about the others."
            )
            yield Finding(Check.REPORT, Level.INFO, text, source="assumed")
    if not _is_shown(lines):
        only_theirs = all(line.report is Report.TLS_REPORT for line in lines)
        yield Finding(Check.TRANSPORT, Level.WARNING, _ONLY_THEIR_WORD if only_theirs else _NO_TLS_SHOWN, Party.WE)


def _clear(line: Line, *, is_in: bool, demanded: bool) -> Iterator[Finding]:
    count = line.by_tls[Tls.NONE]
    if not count:
        return
    days = sorted({key.day for key in line.counts if key.tls is Tls.NONE and key.delivered and key.day})
    when = f", first on {days[0]}, last on {days[-1]}" if days else ""
    of_pair = sum(
        number
        for key, number in line.counts.items()
        if key.tls is Tls.NONE and key.delivered and key.connector and line.is_of_pair(key.connector)
    )
    by_pair = f" {of_pair} of them used the pair's own connector." if of_pair else ""
    what = (
        " The sender is what the message says: it may be forged; refused they must be all the same."
        if is_in
        else " Mail to the partner must use the connector that demands TLS, and the partner's server must offer it."
    )
    yield Finding(
        Check.TRANSPORT,
        Level.ERROR if demanded else Level.WARNING,
        f"{count} of {line.total} messages crossed without TLS{when} ({line.report}).{by_pair}{what} "
        "`verify service` says whether the tenant's connectors are as declared.",
        Party.EITHER,
        source="" if line.report is not Report.CONNECTORS else "assumed",
    )


def _outside(line: Line, *, is_in: bool) -> Iterator[Finding]:
    outside = {
        name: count for name, count in line.by_connector.items() if name is not None and not line.is_of_pair(name)
    }
    if not outside:
        return
    named = sorted(outside.items(), key=lambda item: -item[1])
    ways = ", ".join(f"{name or 'no connector'} ({count})" for name, count in named[:_MOST_NAMED])
    text = (
        f"{sum(outside.values())} of {line.total} messages went outside the pair: {ways}, not "
        f"{line.pair.half(line.direction).settings.name} ({line.report}). What the pair demands was not demanded of "
        f"{'them; look for another inbound connector' if is_in else 'them; look for a rule or another connector'} that "
        "takes this mail: `verify service` names those in the tenant."
    )
    yield Finding(Check.ATTRIBUTION, Level.WARNING, text, Party.WE)


def _failures(line: Line) -> Iterator[Finding]:
    if line.failures:
        ways = ", ".join(f"{why} ({count})" for why, count in line.failures.most_common(_MOST_NAMED))
        text = (
            f"{line.not_delivered} of {line.total + line.not_delivered} TLS sessions failed, by the partner's own TLS "
            f"reports: {ways}. It is our receiving side that they speak of: MX, certificate, MTA-STS policy, TLSA."
        )
        yield Finding(Check.TRANSPORT, Level.WARNING, text, Party.WE, source="RFC 8460 4.3")
