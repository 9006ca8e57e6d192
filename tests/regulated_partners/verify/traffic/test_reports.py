"""Reports of Exchange Online and TLS reports: what each of them counts."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile

import pytest

from regulated_partners.verify.traffic import Report, Tls
from tests.regulated_partners.verify.traffic import reports as r
from tests.regulated_partners.verify.traffic.reports import CONNECTORS, counted, line, row, table
from tests.support.outlook_file import Item, outlook_file


def test_a_message_trace() -> None:
    """Failing: a trace's messages count for nobody, for each recipient, or as encrypted although it says nothing."""
    made = {"Received": "2026-11-02T10:00:00Z", "Status": "Delivered"}
    rows = [
        row(r.TRACE, **made, SenderAddress="a@Fabrikam.com", RecipientAddress="x@contoso.com", MessageTraceId="1"),
        row(r.TRACE, **made, SenderAddress="a@fabrikam.com", RecipientAddress="y@contoso.com", MessageTraceId="1"),
        row(r.TRACE, **made, SenderAddress="x@contoso.com", RecipientAddress="b@fabrikam.com", MessageTraceId="2"),
        row(r.TRACE, **made, SenderAddress="x@notfabrikam.com", RecipientAddress="y@contoso.com", MessageTraceId="3"),
        row(
            r.TRACE,
            Received="2026-11-03T10:00:00Z",
            Status="Failed",
            SenderAddress="x@contoso.com",
            RecipientAddress="b@fabrikam.com",
            MessageTraceId="4",
        ),
    ]
    traffic = counted("#TYPE Selected.System\r\n" + table(r.TRACE, rows))
    inbound, outbound = (line(traffic, Report.TRACE, way) for way in ("inbound", "outbound"))
    assert (inbound.total, inbound.by_tls, inbound.by_connector) == (1, {Tls.NOT_SHOWN: 1}, {None: 1})
    assert (outbound.total, outbound.not_delivered, outbound.days) == (1, 1, ("2026-11-02", "2026-11-03"))
    assert traffic.files[0].rows == 5
    twice = counted(table(r.TRACE, rows), table(r.TRACE, rows))
    assert line(twice, Report.TRACE, "inbound").total == 1, "a message that stands in two files counts twice"


def test_an_enhanced_summary() -> None:
    """Failing: the connector of the historical search is lost, or one of Exchange Online's own is blamed."""
    mine, in_, out = "a@fabrikam.com", "x@contoso.com##Receive, Deliver", "z@example.net##Receive, Send"
    messages = [
        (mine, in_, r.INBOUND, "1"),
        (mine, in_, "Other", "1"),
        (mine, in_, "DB9\\Default DB9", ""),
        ("x@contoso.com", f"{out};b@fabrikam.com##Receive, Fail", "", "2"),
        (mine, out, "", "2"),
    ]
    rows = [
        row(
            r.ENHANCED,
            origin_timestamp_utc="2026-11-02T10:00:00.000Z",
            sender_address=sender,
            recipient_status=recipients,
            connector_id=connector,
            directionality=direction,
            network_message_id=number,
        )
        for number, (sender, recipients, connector, direction) in enumerate(messages)
    ]
    traffic = counted(table(r.ENHANCED, rows, quoting=csv.QUOTE_MINIMAL).encode("utf-16"))
    inbound = line(traffic, Report.ENHANCED, "inbound")
    assert inbound.by_connector == {r.INBOUND: 1, "Other": 1, None: 1}
    assert inbound.outside == 1
    assert line(traffic, Report.ENHANCED, "outbound").total == 1


def test_what_came_in_and_was_not_delivered_has_crossed() -> None:
    """Failing: a message that came in clear and went into quarantine does not count."""
    made = {"Received": "2026-11-02T10:00:00Z", "SenderAddress": r.IN[0], "RecipientAddress": r.IN[1]}
    rows = [
        row(r.TRACE, **made, MessageTraceId=status, Status=status) for status in ("Failed", "Quarantined", "Delivered")
    ]
    assert line(counted(table(r.TRACE, rows)), Report.TRACE, "inbound").total == 3


def test_an_extended_trace() -> None:
    """Failing: a message counts once for each of its events, or what custom_data says of it is lost."""
    common = {
        "date_time_utc": "2026-11-02T10:00:00.000Z",
        "sender_address": "a@fabrikam.com",
        "recipient_address": "x@contoso.com",
        "network_message_id": "1",
        "directionality": "Incoming",
    }
    data = f"S:InboundConnectorData=Name={r.INBOUND};ConnectorType=Partner"
    rows = [
        row(
            r.EXTENDED,
            **common,
            source="SMTP",
            event_id="RECEIVE",
            custom_data="S:tlsversion=SP_PROT_TLS1_2_SERVER;S:x=1",
        ),
        row(r.EXTENDED, **common, source="AGENT", event_id="AGENTINFO", custom_data=data),
        row(r.EXTENDED, **common, source="SMTP", event_id="RECEIVE"),
        row(r.EXTENDED, **common, source="STOREDRIVER", event_id="DELIVER"),
    ]
    inbound = line(counted(table(r.EXTENDED, rows)), Report.EXTENDED, "inbound")
    assert inbound.total == 1
    assert (inbound.by_tls, inbound.by_connector) == ({Tls.TLS_1_2: 1}, {r.INBOUND: 1})


@pytest.mark.parametrize(
    ("text", "tls"),
    [
        ("TLS1.3", Tls.TLS_1_3),
        ("TLS 1.2", Tls.TLS_1_2),
        ("TLS1_2", Tls.TLS_1_2),
        ("Tls12", Tls.TLS_1_2),
        ("TLSv1.1", Tls.TLS_1_1),
        ("TLS1.0", Tls.TLS_1_0),
        ("TLS 1", Tls.TLS_1_0),
        ("SSL3", Tls.SSL),
        ("TLS", Tls.SOME),
        ("No TLS", Tls.NONE),
        ("no_tls", Tls.NONE),
        ("", Tls.NOT_SHOWN),
        ("Kein TLS mehr", Tls.NOT_SHOWN),
        ("??", Tls.NOT_SHOWN),
    ],
)
def test_what_a_connector_report_says_of_tls(text: str, tls: Tls) -> None:
    """Failing: clear text counts as TLS, TLS as clear text, or an unknown word as either."""
    traffic = counted(r.connectors(("2026-11-02", *r.IN, r.INBOUND, text)))
    assert line(traffic, Report.CONNECTORS, "inbound").by_tls == {tls: 1}
    assert bool(traffic.files[0].remarks) == (tls is Tls.NOT_SHOWN and bool(text))


def test_a_message_in_clear_is_not_hidden_by_its_other_recipient() -> None:
    """Failing: of a message that crossed twice only the crossing with TLS counts."""
    rows = [
        (f"2026-11-02T1{n}:00:00Z", *r.IN, r.INBOUND, "", tls, "<1@x>") for n, tls in enumerate(("TLS1.2", "No TLS"))
    ]
    assert line(counted(table(CONNECTORS, rows)), Report.CONNECTORS, "inbound").by_tls[Tls.NONE] == 1


def test_the_reports_of_the_admin_center() -> None:
    """Failing: the columns of versions are mixed up, or messages beyond the columns pass for encrypted."""
    rows = [
        ("2026-11-02", f"Inbound: {r.INBOUND}", "Partner", "Yes", 2, 0, 1, "1,200", 34, "1,237"),
        ("2026-11-02", f"Outbound ({r.OUTBOUND})", "Partner", "Yes", 0, 0, 0, 5, 0, 7),
        ("2026-11-02", "Inbound from the internet", "", "No", 900, 0, 0, 5, 0, 905),
    ]
    traffic = counted(table(r.MESSAGES, rows))
    inbound, outbound = (line(traffic, Report.MESSAGES, way) for way in ("inbound", "outbound"))
    assert inbound.by_tls == {Tls.NONE: 2, Tls.TLS_1_1: 1, Tls.TLS_1_2: 1200, Tls.TLS_1_3: 34}
    assert outbound.by_tls == {Tls.TLS_1_2: 5, Tls.NOT_SHOWN: 2}


@pytest.mark.parametrize("form", ["json", "gzip", "mail", "mail with json", "mbox", "msg", "zip"])
def test_a_tls_report_in_every_form(form: str) -> None:
    """Failing: a report must be unpacked by hand, or its failures are lost."""
    document = r.tls_report()
    data = json.dumps(document).encode()
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", data)
    forms = {
        "json": data,
        "gzip": gzip.compress(data),
        "mail": r.report_mail(document),
        "mail with json": r.report_mail(document, zipped=False),
        "mbox": b"From a b\n" + r.report_mail(document) + b"\n",
        "msg": outlook_file(Item("From: a@b\r\n", files=(gzip.compress(data),))),
        "zip": zipped.getvalue(),
    }
    traffic = counted(forms[form], forms[form])
    found = line(traffic, Report.TLS_REPORT, "inbound")
    assert (found.total, found.not_delivered, found.days) == (5326, 303, ("2026-11-01",))
    assert found.failures == {"certificate-expired": 100, "starttls-not-supported": 200, "no reason given": 3}


def test_whose_tls_report_it_is() -> None:
    """Failing: the report of a large provider counts for a partner, or a partner's counts for nobody."""
    mail = counted(r.report_mail(r.tls_report("Fabrikam", "somebody@provider.example")))
    assert line(mail, Report.TLS_REPORT, "inbound").total == 5326
    other = counted(json.dumps(r.tls_report("Example Inc.", "tls@example.net")))
    assert not other.lines
    assert other.other_senders == {"Example Inc.": 5629}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    """Failing: an export of another country's Windows is not read, or a name with an umlaut is another connector's."""
    name = "Müller Bank, ein"
    rows = [("2026-11-02", *r.IN, name, "", "TLS1.2", '"a\nb"'), ("2026-11-02", *r.IN, name, "", "TLS1.3", "<2>")]
    text = "sep=;\r\n" * (delimiter == ";") + table(CONNECTORS, rows, delimiter)
    traffic = counted(text.encode(encoding), inbound={"name": name})
    found = line(traffic, Report.CONNECTORS, "inbound")
    assert (found.total, found.outside) == (2, 0)


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2026-11-02T10:00:00Z", "2026-11-03 10:00:00"], ("2026-11-02", "2026-11-03")),
        (["11/2/2026 10:00:00 AM", "11/13/2026 1:00:00 PM"], ("2026-11-02", "2026-11-13")),
        (["02/11/2026 10:00", "13/11/2026 10:00"], ("2026-11-02", "2026-11-13")),
        (["02.11.2026 10:00:00", "3.11.26"], ("2026-11-02", "2026-11-03")),
        (["02/11/2026", "03/11/2026", "04/11/2026"], ("2026-11-02", "2026-11-03", "2026-11-04")),
        (["11/02/2026", "11/03/2026"], ("2026-11-02", "2026-11-03")),
        (["03/04/2026"], ("2026-03-04",)),
        (["yesterday"], ()),
    ],
)
def test_days(texts: list[str], days: tuple[str, ...]) -> None:
    """Failing: day and month are mixed up, or a date that cannot be read loses the message."""
    rows = [(text, *r.IN, r.INBOUND, "", "TLS1.2", number) for number, text in enumerate(texts)]
    found = line(counted(table(CONNECTORS, rows)), Report.CONNECTORS, "inbound")
    assert (found.days, found.total) == (days, len(texts))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "PDF"),
        (b"hello", "no table"),
        (b"{}", "no TLS report"),
        (b"{", "damaged"),
        (b'{"policies": ' + b"[" * 100_000, "damaged"),
        (b"[[]," * 400_000, "more entries"),
        (b"\x1f\x8b\x08\x00", "damaged"),
        (b"PK\x03\x04junk", "zip"),
        (b"Subject: x\nFrom: a@b\n\nhello\n", "without a TLS report"),
        ("Datum;Absender;Empfänger;Betreff;Status\n1;2;3;4;5\n".encode(), "another language"),
        ("Datum;Absender;Empfänger;Betreff;Status\n1;2;3;4;5\n".encode("utf-16"), "Datum, Absender, Empfänger"),
        (b"a,b,c,d\n1,2,3,4\n", "a, b, c, d"),
        (gzip.compress(b"[" * 60_000_000), "beyond all measure"),
        (gzip.compress(b'{"policies":[' + b" " * 60_000_000), "beyond all measure"),
        (gzip.compress(r.connectors(("2026-11-02", *r.IN, "", "")).encode() + b"1,2,3\n" * 4_000_000), "grows beyond"),
        (outlook_file(Item("From: a@b\r\n")), "without a TLS report"),
        (b"x" * 3_000_000, "endless"),
    ],
)
def test_each_wrong_file_has_its_reason(data: bytes, words: str) -> None:
    """Failing: a file that is no report ends with a traceback, or counts as one without a message."""
    traffic = counted(data)
    assert not traffic.files[-1].is_whole
    assert words in traffic.files[-1].remarks[-1]


def test_an_export_that_was_cut_off_is_said() -> None:
    """Failing: the first 5,000 messages of a month pass for the month."""
    made = {"Received": "2026-11-02T10:00:00Z", "SenderAddress": r.IN[0], "RecipientAddress": r.IN[1]}
    (file,) = counted(table(r.TRACE, [row(r.TRACE, **made, MessageTraceId=str(n)) for n in range(5_000)])).files
    assert not file.is_whole
    assert "export shorter periods" in file.remarks[0]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('"2026-11-02","a@fabrikam.com"\n', "1 of its 2 rows"),
        ('"2026-11-02","never ends' + "x\n" * 600_000, "quotation mark"),
    ],
)
def test_what_was_not_read_of_a_table_is_said(more: str, words: str) -> None:
    """Failing: a report that is cut off passes for the whole month."""
    traffic = counted(r.connectors(("2026-11-02", *r.IN, r.INBOUND, "TLS1.2")) + more)
    assert line(traffic, Report.CONNECTORS, "inbound").total == 1
    assert not traffic.files[0].is_whole
    assert words in traffic.files[0].remarks[0]
