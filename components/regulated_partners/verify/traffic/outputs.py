"""Where the counts go: a table, JSON, CSV, Prometheus."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from regulated_partners.text import printable
from regulated_partners.verify.evidence import Run, as_json
from regulated_partners.verify.outputs import as_prometheus, as_text
from regulated_partners.verify.traffic.counts import OLD, Line, Tls, Traffic

#: Days of one line that the terminal shows.
_MOST_DAYS = 31
_COLUMNS: tuple[tuple[str, tuple[Tls, ...]], ...] = (
    ("TLS 1.3", (Tls.TLS_1_3,)),
    ("TLS 1.2", (Tls.TLS_1_2,)),
    ("older", OLD),
    ("not stated", (Tls.SOME,)),
    ("no TLS", (Tls.NONE,)),
    ("not shown", (Tls.NOT_SHOWN,)),
)
_HEADS = ("messages", *(name for name, _ in _COLUMNS), "outside the pair", "not delivered")


def traffic_text(run: Run, traffic: Traffic) -> str:
    """A table of everything, the days of each line, then the judgements."""
    lines = [
        line for _, line in sorted(traffic.lines.items(), key=lambda item: (item[0][1], item[0][2].word, item[0][0]))
    ]
    blocks = []
    if lines:
        heads = ("partner", "direction", "report", *_HEADS)
        rows = [(line.pair.name, line.direction.word, str(line.report), *_cells(line)) for line in lines]
        blocks.append("\n".join(_table(heads, rows, 3)))
    for line in lines:
        if days := line.days:
            title = f"{line.pair.name}, {line.direction.word}, {line.report}, by day"
            if len(days) > _MOST_DAYS:
                title += f" (the last {_MOST_DAYS} of {len(days)}; all are in --csv and --json)"
            rows = [(day, *_cells(line.on(day))) for day in days[-_MOST_DAYS:]]
            blocks.append("\n".join([printable(title), *_table(("day", *_HEADS), rows, 1)]))
    if traffic.other_senders:
        named = ", ".join(f"{name} ({count})" for name, count in traffic.other_senders.most_common(10))
        blocks.append(f"TLS reports of senders that are no declared partner, in sessions: {named}.")
    blocks += [printable(f"{name}: {remark}") for name, remark in _remarks(traffic)]
    return "\n\n".join([*blocks, as_text(run)])


def _remarks(traffic: Traffic) -> Iterator[tuple[str, str]]:
    """Those of files that were read; the others are judgements."""
    for file in traffic.files:
        if file.is_whole:
            yield from ((file.name, remark) for remark in file.remarks)
    if not traffic.is_remembered:
        yield "all files", "there are more messages than are remembered: one that stands in two files may count twice."


def _cells(line: Line) -> tuple[str, ...]:
    by_tls = line.by_tls
    ways = (sum(by_tls[tls] for tls in group) for _, group in _COLUMNS)
    return tuple(str(number) for number in (line.total, *ways, line.outside, line.not_delivered))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> Iterator[str]:
    """The columns after the names only where one of them has something."""
    shown = [at for at in range(len(heads)) if at <= names or any(row[at] != "0" for row in rows)]
    widths = {at: max(len(row[at]) for row in (heads, *rows)) for at in shown}
    for row in (heads, *rows):
        cells = (row[at].ljust(widths[at]) if at < names else row[at].rjust(widths[at]) for at in shown)
        yield printable("  ".join(cells).rstrip())


def traffic_json(run: Run, traffic: Traffic) -> str:
    """The run as every `verify` command writes it, and the counts."""
    document = json.loads(as_json(run))
    document["traffic"] = [_line(line) for line in traffic.lines.values()]
    document["otherSenders"] = dict(traffic.other_senders.most_common())
    document["files"] = [
        {
            "name": file.name,
            "report": file.report,
            "basis": file.report.basis if file.report else None,
            "rows": file.rows,
            "rowsOfPartners": file.of_partners,
            "isWhole": file.is_whole,
            "remarks": list(file.remarks),
        }
        for file in traffic.files
    ]
    return json.dumps(document, indent=2) + "\n"


def _line(line: Line) -> dict[str, Any]:
    return {
        "partner": line.pair.name,
        "direction": line.direction.word,
        "report": line.report,
        "basis": line.report.basis,
        "unit": line.report.unit,
        **_numbers(line),
        "byConnector": [{"connector": name, "count": count} for name, count in line.by_connector.items()],
        "failures": dict(line.failures),
        "days": [{"day": day, **_numbers(line.on(day))} for day in line.days],
    }


def _numbers(line: Line) -> dict[str, Any]:
    return {
        "count": line.total,
        "byTls": {tls.value: count for tls in Tls if (count := line.by_tls[tls])},
        "withoutTls": line.by_tls[Tls.NONE],
        "outsideThePair": line.outside,
        "notDelivered": line.not_delivered,
    }


def traffic_csv(traffic: Traffic) -> str:
    """One row for each partner, direction, report, day, TLS and connector."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(
        (
            "partner",
            "direction",
            "report",
            "unit",
            "day",
            "tls",
            "connector",
            "of_pair",
            "delivered",
            "failure",
            "count",
        )
    )
    for line in traffic.lines.values():
        for key, count in sorted(
            line.counts.items(), key=lambda item: (item[0].day, item[0].tls, str(item[0].connector))
        ):
            of_pair = "" if key.connector is None else "yes" if line.is_of_pair(key.connector) else "no"
            named = "not shown" if key.connector is None else key.connector or "none"
            cells = (
                line.pair.name,
                line.direction.word,
                line.report,
                line.report.unit,
                key.day,
                key.tls,
                named,
                of_pair,
            )
            delivered = "yes" if key.delivered else "no"
            writer.writerow([*(_cell(cell) for cell in cells), delivered, _cell(key.failure), count])
    return written.getvalue()


def _cell(text: str) -> str:
    """A spreadsheet must not take a connector's name for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def traffic_prometheus(run: Run, traffic: Traffic) -> str:
    """The metrics of every `verify` command, and the counts of the reports that were given."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    labels = ("partner", "direction", "report")
    names = "regulated_partners_traffic"
    counted = Gauge(f"{names}_count", "Messages, or TLS sessions, by TLS.", (*labels, "tls"), registry=registry)
    outside = Gauge(f"{names}_outside_pair", "Of them, those outside the pair.", labels, registry=registry)
    lost = Gauge(f"{names}_not_delivered", "Beside them, those that did not arrive.", labels, registry=registry)
    for line in traffic.lines.values():
        whose = (line.pair.name, line.direction.word, str(line.report))
        for tls in Tls:
            counted.labels(*whose, tls.value).set(line.by_tls[tls])
        outside.labels(*whose).set(line.outside)
        lost.labels(*whose).set(line.not_delivered)
    return as_prometheus(run) + generate_latest(registry).decode("utf-8")
