"""Exchange Online's reports as CSV, row by row: nothing but counts is kept."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from regulated_partners.text import printable
from regulated_partners.verify.header_blocks import encoding_of
from regulated_partners.verify.traffic.counts import FileRead, Key, Report, Traffic
from regulated_partners.verify.traffic.dates import understood
from regulated_partners.verify.traffic.rows import DATE, RECIPIENT, SENDER, NoTableError, Reading, counter, position

#: Characters of one line, and of one field.
_LONGEST_LINE = 1024 * 1024
#: Rows at which an export is cut off. Sources: Start-HistoricalSearch (100,000 in each file); Get-MessageTraceV2 (1,000
#: unless asked for, 5,000 at most); "Message trace in the modern Exchange admin center" (10,000, 20,000, 50,000).
_MOST_ROWS = {
    Report.TRACE: (1_000, 5_000, 10_000, 20_000),
    Report.ENHANCED: (50_000, 100_000),
    Report.CONNECTORS: (100_000,),
    Report.EXTENDED: (100_000,),
}
#: Columns that are shown of a table that is not known.
_MOST_COLUMNS = 8


def read_table(stream: BinaryIO, start: bytes, name: str, traffic: Traffic) -> FileRead:
    """Counts a table's rows.

    Args:
        stream: the whole file.
        start: its first bytes, by which its encoding is told.
        name: as outputs call it.
        traffic: what the counts are added to.

    Raises:
        NoTableError: where it is no table, or none that is known.
    """
    encoding = encoding_of(start)
    otherwise = "regulated-partners-cp1252" if encoding == "utf-8" else "replace"
    text = io.TextIOWrapper(stream, encoding=encoding, errors=otherwise, newline="")
    limit = csv.field_size_limit(_LONGEST_LINE)
    reading = Reading()
    try:
        lines = _lines(text)
        heads, delimiter = _heads(lines)
        report, count = counter(heads, reading, traffic)
        is_whole = _count(csv.reader(lines, delimiter=delimiter), count, reading)
    finally:
        csv.field_size_limit(limit)
        text.detach()
    return _finished(report, reading, name, traffic, is_whole=is_whole)


def _otherwise(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are of the code page of Western Windows, which Excel writes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("regulated-partners-cp1252", _otherwise)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise csv.Error("a line of a million characters")
        yield line.replace("\0", "")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _heads(lines: Iterator[str]) -> tuple[list[str], str]:
    """The names of the columns, without case and punctuation, and what stands between them."""
    first = ""
    try:
        for line in lines:
            # PowerShell 5 writes the type, and Excel the delimiter, above the columns.
            if line.strip("\ufeff \t\r\n") and not line.lstrip("\ufeff").startswith(("#TYPE", "sep=")):
                first = line.lstrip("\ufeff")
                break
    except csv.Error:
        raise NoTableError("no table: its first line is endless; name the report's file") from None
    found: list[list[str]] = []
    for delimiter in ",;\t|":
        try:
            found.append(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            found.append([])
    names = max(found, key=len)
    if len(names) < 3:
        raise NoTableError(
            "no table and no TLS report; give Exchange Online's reports as CSV, and TLS reports as they came (JSON, "
            "gzip, or the mail)"
        )
    heads = [_plain(name) for name in names]
    if position(heads, DATE) is None or (
        (position(heads, SENDER) is None or position(heads, RECIPIENT) is None) and "notls" not in heads
    ):
        shown = ", ".join(printable(name.strip()) for name in names[:_MOST_COLUMNS])
        more = ", ..." if len(names) > _MOST_COLUMNS else ""
        raise NoTableError(
            f"a table with the columns {shown}{more}, which is none of the reports that are known. If their names are "
            "in another language, export the report in English (Start-HistoricalSearch -Locale en-US; in the admin "
            "center the language of your account) and give that"
        )
    return heads, ",;\t|"[found.index(names)]


def _count(rows: Iterator[list[str]], count: Callable[[list[str]], None], reading: Reading) -> bool:
    """Whether all rows were read."""
    try:
        for row in rows:
            if not row:
                continue
            reading.rows += 1
            try:
                count(row)
            except IndexError:
                reading.bad()
    except csv.Error:
        reading.remarks.append(
            f"after row {reading.rows + 1} it cannot be read any more: a quotation mark that never ends, or a line "
            "without end; export it again"
        )
        return False
    return True


def _finished(report: Report, reading: Reading, name: str, traffic: Traffic, *, is_whole: bool) -> FileRead:
    for pair, way, event in reading.events.counted() if reading.events else ():
        reading.add(pair, way, event)
    days, remark = understood({key.day for _, _, key in reading.counts})
    if remark:
        reading.remarks.append(f"{remark}.")
    for (partner, direction, key), count in reading.counts.items():
        whole = Key(days[key.day], key.tls, key.connector, key.delivered)
        traffic.add(report, reading.pairs[partner], direction, [(whole, count)])
    if any(not day for day in days.values()):
        reading.remarks.append("some of its dates could not be read; those messages are counted without a day.")
    if reading.unknown_tls:
        words = ", ".join(sorted(repr(printable(word)) for word in reading.unknown_tls))
        reading.remarks.append(f"what it writes about TLS is not known ({words}), and counts as not shown.")
    if reading.not_read:
        rows = ", ".join(str(row) for row in reading.unread)
        reading.remarks.append(f"{reading.not_read} of its {reading.rows} rows could not be read (such as row {rows}).")
    if reading.twice:
        reading.remarks.append(f"{reading.twice} of its rows are of messages, or days, that were counted before.")
    if is_cut := reading.rows in _MOST_ROWS.get(report, ()):
        reading.remarks.append(
            f"it has {reading.rows} rows, the most that one export holds, so later messages are probably missing; "
            "export shorter periods."
        )
    is_whole = is_whole and not reading.not_read and not is_cut
    return FileRead(name, report, reading.rows, reading.of_partners, tuple(reading.remarks), is_whole)
