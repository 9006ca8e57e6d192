"""TLS reports that other senders make about our domains: JSON, gzip, or the mail that brought it.

Source: RFC 8460 4.4 (fields), 4.3.2 (result types), 5.2 (media types application/tlsrpt+gzip and +json), 5.3 (headers
TLS-Report-Domain and TLS-Report-Submitter).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any, BinaryIO

from exchange_online.connectors import Direction
from regulated_partners.text import printable
from regulated_partners.verify.bounded import GZIP, ZIP, TooMuchError, opened, read_json
from regulated_partners.verify.traffic.counts import FileRead, Key, Report, Tls, Traffic
from regulated_partners.verify.traffic.dates import day_text, understood

#: Bytes of a report, and of a mail that brings one: they have some thousand.
LARGEST_REPORT, LARGEST_MAIL = 8 * 1024 * 1024, 16 * 1024 * 1024
#: Policies and failures of one report that are counted, and parts of a mail that are opened.
_MOST_POLICIES, _MOST_FAILURES, _MOST_PARTS = 1_000, 5_000, 100
_MOST_SENDERS = 1_000
_TYPES = (
    "application/tlsrpt+gzip",
    "application/tlsrpt+json",
    "application/gzip",
    "application/json",
    "application/zip",
)
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", re.IGNORECASE)


class NoTlsReportError(Exception):
    """A clause: what the file is instead, or what is wrong with it."""


def read_tls_report(data: bytes, name: str, traffic: Traffic, submitter: str = "") -> FileRead:
    """Counts the sessions of a report.

    Args:
        data: JSON.
        name: as outputs call the file.
        traffic: what the counts are added to.
        submitter: the domain that the mail says the report is of; the report's own word counts first.

    Raises:
        NoTlsReportError: where it is none.
    """
    try:
        document = read_json(data)
    except TooMuchError as error:
        raise NoTlsReportError(str(error)) from None
    policies = document.get("policies") if isinstance(document, dict) else None
    if not isinstance(policies, list):
        raise NoTlsReportError(
            "JSON that is no TLS report (RFC 8460 has `policies`); Exchange Online's reports are read as CSV"
        )
    day = _day(document)
    organization = _word(document.get("organization-name")) or submitter or "a sender without a name"
    identity = (Report.TLS_REPORT, organization, str(document.get("report-id", ""))[:200], day)
    if document.get("report-id") and not traffic.is_new(identity):
        return FileRead(name, Report.TLS_REPORT, len(policies), 0, ("it was counted before.",))
    pair = next((found for domain in _senders(document, submitter) if (found := traffic.partner_of(domain))), None)
    remarks: list[str] = [] if day else ["its date could not be read; its sessions are counted without a day."]
    counted: list[tuple[Key, int]] = []
    wrong = 0
    for policy in policies[:_MOST_POLICIES]:
        sessions = _sessions(policy, day)
        wrong += sessions is None
        counted += sessions or []
    if wrong:
        remarks.append(f"{wrong} of its {len(policies)} policies have no summary that could be read.")
    if len(policies) > _MOST_POLICIES:
        remarks.append(f"its policies after the first {_MOST_POLICIES} were not looked at.")
    if pair:
        traffic.add(Report.TLS_REPORT, pair, Direction.INBOUND, counted)
    elif len(traffic.other_senders) < _MOST_SENDERS:
        traffic.other_senders[printable(organization)] += sum(count for _, count in counted)
    whole = not wrong and len(policies) <= _MOST_POLICIES
    return FileRead(name, Report.TLS_REPORT, len(policies), len(policies) if pair else 0, tuple(remarks), whole)


def read_report_mail(data: bytes, name: str, traffic: Traffic) -> Iterator[FileRead]:
    """Counts the reports that a mail brings.

    Raises:
        NoTlsReportError: where it brings none.
    """
    try:
        message = message_from_bytes(data)
        submitter = str(message.get("TLS-Report-Submitter", "")).strip()
        parts = [part for part, _ in zip(message.walk(), range(_MOST_PARTS), strict=False) if _is_report(part)]
        payloads = [part.get_payload(decode=True) for part in parts]
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        raise NoTlsReportError("a mail that cannot be taken apart; save the attached report itself") from None
    if not payloads:
        raise NoTlsReportError(
            "a mail without a TLS report (application/tlsrpt+gzip); single messages are judged by `verify message`"
        )
    for payload in payloads:
        if isinstance(payload, bytes):
            yield read_tls_report(unpacked(payload), name, traffic, submitter)


def unpacked(data: bytes) -> bytes:
    """What a compressed report holds. Raises NoTlsReportError."""
    if not data.startswith((GZIP, ZIP)):
        return data
    try:
        found = opened(io.BytesIO(data), data, len(data)).read(LARGEST_REPORT + 1)
    except TooMuchError as error:
        raise NoTlsReportError(str(error)) from None
    if len(found) > LARGEST_REPORT:
        raise NoTlsReportError("a compressed file that grows beyond all measure for a TLS report; it was not read")
    return found


def start_of(stream: BinaryIO, most: int) -> bytes:
    """The file, where it is no larger. Raises NoTlsReportError."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise NoTlsReportError(f"larger than {most >> 20} MB, which no TLS report is")
    return data


def _is_report(part: Message) -> bool:
    name = (part.get_filename() or "").lower()
    return not part.is_multipart() and (
        part.get_content_type() in _TYPES or name.endswith((".json.gz", ".json", ".json.zip", ".gz"))
    )


def _day(document: dict[str, Any]) -> str:
    dates = document.get("date-range")
    start = dates.get("start-datetime") if isinstance(dates, dict) else None
    text = day_text(str(start)[:40]) if start else ""
    return understood([text])[0][text]


def _senders(document: dict[str, Any], submitter: str) -> Iterator[str]:
    """The domains that a report is of, by its own words and by those of its mail."""
    for word in (document.get("contact-info"), document.get("organization-name"), submitter):
        text = str(word)[:300].rpartition("@")[2].strip().lower().rstrip(".>")
        if word and _DOMAIN.fullmatch(text):
            yield text


def _sessions(policy: Any, day: str) -> list[tuple[Key, int]] | None:
    summary = policy.get("summary") if isinstance(policy, dict) else None
    if not isinstance(summary, dict):
        return None
    good = _whole(summary.get("total-successful-session-count"))
    bad = _whole(summary.get("total-failure-session-count"))
    if good is None or bad is None:
        return None
    counted = [(Key(day, Tls.SOME, None), good)] if good else []
    details = policy.get("failure-details")
    left = bad
    for detail in details[:_MOST_FAILURES] if isinstance(details, list) else ():
        if isinstance(detail, dict) and (number := _whole(detail.get("failed-session-count"))):
            number = min(number, left)
            left -= number
            why = _word(detail.get("result-type")) or "no reason given"
            counted.append((Key(day, Tls.NOT_SHOWN, None, delivered=False, failure=why), number))
    if left:
        counted.append((Key(day, Tls.NOT_SHOWN, None, delivered=False, failure="no reason given"), left))
    return [entry for entry in counted if entry[1]]


def _whole(value: Any) -> int | None:
    """Some senders write numbers as text."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None


def _word(value: Any) -> str:
    return printable(value.strip()[:100]) if isinstance(value, str) else ""
