"""Reports as Exchange Online and other senders make them, with invented names."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from email.message import EmailMessage
from typing import Any

from regulated_partners.verify.traffic import Line, Report, Traffic, read_report
from tests.regulated_partners.verify.partners import declared

INBOUND, OUTBOUND = "Fabrikam Bank - inbound", "Fabrikam Bank - outbound"
TRACE = (
    *(
        "PSComputerName",
        "Organization",
        "MessageId",
        "Received",
        "SenderAddress",
        "RecipientAddress",
        "Subject",
        "Status",
    ),
    *("ToIP", "FromIP", "Size", "MessageTraceId", "StartDate", "EndDate", "Index"),
)
ENHANCED = (
    *("origin_timestamp_utc", "sender_address", "recipient_status", "message_subject", "total_bytes", "message_id"),
    *("network_message_id", "original_client_ip", "directionality", "connector_id", "delivery_priority"),
)
EXTENDED = (
    *("date_time_utc", "client_ip", "source", "event_id", "message_id", "network_message_id", "recipient_address"),
    *("message_subject", "sender_address", "directionality", "connector_id", "custom_data"),
)
CONNECTORS = (
    "date_time_utc",
    "sender_address",
    "recipient_address",
    "connector_name",
    "direction",
    "tls_used",
    "message_id",
)
MESSAGES = (
    *(
        "Date",
        "Connector direction and name",
        "Connector type",
        "Forced TLS?",
        "No TLS",
        "TLS 1.0",
        "TLS 1.1",
        "TLS 1.2",
    ),
    *("TLS 1.3", "Volume"),
)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",", quoting: int = csv.QUOTE_ALL
) -> str:
    """A CSV file's text."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(heads)
    writer.writerows(rows)
    return written.getvalue()


def row(heads: Sequence[str], **values: object) -> list[object]:
    """A row by the names of its columns, the others empty."""
    unknown = values.keys() - set(heads)
    assert not unknown, unknown
    return [values.get(head, "") for head in heads]


def connectors(*rows: tuple[str, str, str, str, str]) -> str:
    """A connector report: day, sender, recipient, connector, TLS."""
    return table(
        CONNECTORS,
        (
            (f"{day}T10:00:00Z", sender, recipient, connector, "", tls, f"<{number}@x>")
            for number, (day, sender, recipient, connector, tls) in enumerate(rows)
        ),
    )


IN = ("p@fabrikam.com", "me@contoso.com")
OUT = ("me@contoso.com", "p@fabrikam.com")


def counted(*files: str | bytes, **changes: Any) -> Traffic:
    """What these files count for Fabrikam Bank."""
    traffic = Traffic([declared(**changes)])
    for number, content in enumerate(files):
        data = content.encode("utf-8") if isinstance(content, str) else content
        read_report(io.BytesIO(data), f"file{number}", traffic)
    return traffic


def line(traffic: Traffic, report: Report, direction: str) -> Line:
    """The counts of one report and direction."""
    (found,) = (line for (kind, _, way), line in traffic.lines.items() if (kind, way.word) == (report, direction))
    return found


def tls_report(organization: str = "Fabrikam Bank", contact: str = "tls@fabrikam.com", **more: Any) -> dict[str, Any]:
    """A TLS report. Source: RFC 8460 appendix B, with other names."""
    return {
        "organization-name": organization,
        "date-range": {"start-datetime": "2026-11-01T00:00:00Z", "end-datetime": "2026-11-01T23:59:59Z"},
        "contact-info": contact,
        "report-id": "1@fabrikam.com",
        "policies": [
            {
                "policy": {"policy-type": "sts", "policy-string": ["version: STSv1"], "policy-domain": "contoso.com"},
                "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
                "failure-details": [
                    {"result-type": "certificate-expired", "failed-session-count": 100},
                    {"result-type": "starttls-not-supported", "failed-session-count": 200},
                ],
            }
        ],
        **more,
    }


def report_mail(document: dict[str, Any], zipped: bool = True) -> bytes:
    """The mail that brings a report. Source: RFC 8460 5.3."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "noreply@relay.example", "Report Domain: contoso.com"
    mail["TLS-Report-Domain"], mail["TLS-Report-Submitter"] = "contoso.com", "fabrikam.com"
    mail.set_content("This is a report.")
    data = json.dumps(document).encode()
    kind = "tlsrpt+gzip" if zipped else "tlsrpt+json"
    mail.add_attachment(gzip.compress(data) if zipped else data, "application", kind, filename="report.json.gz")
    return bytes(mail)


def many_rows(count: int, of_partner: int = 3, first: int = 0) -> bytes:
    """A connector report of so many messages, each third (or so) of the partner's; its columns only above the first."""
    domains = ("fabrikam.com", *(f"example{number}.net" for number in range(1, of_partner)))
    rows = (
        f'"2026-11-{number % 28 + 1:02}T10:00:00Z","u{number % 997}@{domains[number % of_partner]}","v@contoso.com",'
        f'"{INBOUND}","Inbound","TLS1.{2 + number % 2}","<{number}@x>"\r\n'
        for number in range(first, first + count)
    )
    heads = "" if first else ",".join(CONNECTORS) + "\r\n"
    return (heads + "".join(rows)).encode()
