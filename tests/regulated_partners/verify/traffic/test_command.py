"""`verify traffic` as a user starts it: verdicts, table, JSON, CSV, metrics; size and damage."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import time
import tracemalloc
from pathlib import Path

import pytest

from regulated_partners.cli.main import main
from regulated_partners.probing.verdicts import Judgement, Verdict
from regulated_partners.verify.traffic import Traffic, judge_traffic, read_report
from tests.regulated_partners.verify.messages import checks
from tests.regulated_partners.verify.partners import declared
from tests.regulated_partners.verify.traffic import reports as r
from tests.regulated_partners.verify.traffic.reports import IN, INBOUND, OUT, OUTBOUND, connectors, counted
from tests.support.damage import damaged
from tests.support.engine import ROOT

GOOD = connectors(
    *((f"2026-11-{day:02}", *IN, INBOUND, "TLS1.3" if day > 5 else "TLS1.2") for day in range(1, 11)),
    *((f"2026-11-{day:02}", *OUT, OUTBOUND, "TLS1.2") for day in range(1, 11)),
)


def _judged(*files: str | bytes, **changes: object) -> dict[str, Judgement]:
    found = judge_traffic(counted(*files, **changes), named=False)
    return {judgement.direction.word if judgement.direction else judgement.subject: judgement for judgement in found}


def test_a_good_month() -> None:
    """Failing: a month of forced TLS is not PASSED, or its trend is lost."""
    found = _judged(GOOD)
    assert {way: judgement.verdict for way, judgement in found.items()} == {
        "inbound": Verdict.PASSED,
        "outbound": Verdict.PASSED,
    }
    facts = {fact.name: fact.value for fact in found["inbound"].facts}
    assert facts["trend"] == ("messages 5 in the first half of the days, 5 in the second; TLS 1.3 0.0 %, 100.0 %")
    assert found["inbound"].subject == "2026-11-01 to 2026-11-10"


@pytest.mark.parametrize(
    ("more", "way", "verdict", "check"),
    [
        (("2026-11-11", *IN, INBOUND, "No TLS"), "inbound", Verdict.FAILED, "transport"),
        (("2026-11-11", *IN, "", "No TLS"), "inbound", Verdict.FAILED, "transport"),
        (("2026-11-11", *OUT, "Other", "No TLS"), "outbound", Verdict.FAILED, "transport"),
        (("2026-11-11", *IN, "Other", "TLS1.2"), "inbound", Verdict.WARNING, "attribution"),
        (("2026-11-11", *IN, "", "TLS1.2"), "inbound", Verdict.WARNING, "attribution"),
        (("2026-11-11", *IN, INBOUND, "TLS1.0"), "inbound", Verdict.WARNING, "protocol"),
        (("2026-11-11", *IN, INBOUND, ""), "inbound", Verdict.UNKNOWN, "transport"),
    ],
)
def test_one_message_among_many(more: tuple[str, str, str, str, str], way: str, verdict: Verdict, check: str) -> None:
    """Failing: one message without TLS, or outside the pair, drowns in a month of good ones."""
    found = _judged(GOOD, connectors(*[more] * 1))[way]
    assert found.verdict is verdict
    assert check in checks(found)


def test_where_tls_is_not_demanded_it_is_a_warning() -> None:
    """Failing: mail that need not be encrypted fails the pipeline."""
    clear = connectors(("2026-11-11", *IN, INBOUND, "No TLS"))
    loose = {"connectionSecurity": "opportunisticTls", "restrictDomainsBy": "none"}
    assert _judged(clear, inbound=loose)["inbound"].verdict is Verdict.WARNING
    assert _judged(clear, enabled=False)["inbound"].verdict is Verdict.WARNING


def test_a_trace_alone_proves_nothing() -> None:
    """Failing: messages of whose TLS nothing is known pass."""
    made = {"Received": "2026-11-02T10:00:00Z", "SenderAddress": IN[0], "RecipientAddress": IN[1]}
    trace = r.table(r.TRACE, [r.row(r.TRACE, **made)])
    (alone,) = _judged(trace).values()
    assert alone.verdict is Verdict.UNKNOWN
    assert "ConnectorReport" in alone.findings[0].text
    assert _judged(trace, GOOD)["inbound"].verdict is Verdict.PASSED


def test_failed_sessions_of_a_partners_reports() -> None:
    """Failing: what a partner reports about our own servers is not said."""
    found = _judged(json.dumps(r.tls_report()), GOOD)["inbound"]
    assert found.verdict is Verdict.WARNING
    assert any("certificate-expired (100)" in finding.text for finding in found.findings)


def test_anybody_can_mail_a_tls_report() -> None:
    """Failing: a stranger's forged report about the partner's mail passes for a proof."""
    forged = r.tls_report(
        policies=[{"summary": {"total-successful-session-count": 9, "total-failure-session-count": 0}}]
    )
    found = _judged(r.report_mail(forged))["inbound"]
    assert found.verdict is Verdict.UNKNOWN
    assert "anybody can mail one" in found.findings[0].text


def test_reports_without_the_partner() -> None:
    """Failing: the report of another period or tenant passes."""
    (alone,) = _judged(connectors(("2026-11-01", "a@example.net", "b@contoso.com", "", "TLS1.2"))).values()
    assert (alone.kind, alone.verdict) == ("report", Verdict.UNKNOWN)
    named = judge_traffic(counted(GOOD.replace("p@fabrikam.com", "a@example.net")), named=True)
    assert [judgement.verdict for judgement in named] == [Verdict.UNKNOWN] * 2


@pytest.fixture
def stack(tmp_path: Path) -> list[str]:
    """The options for the example stack."""
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "stacks/Pulumi.dev.yaml"):
        (project / name).write_bytes((ROOT / name).read_bytes())
    return ["--stack", "dev", "--cwd", str(project)]


def test_the_command(tmp_path: Path, stack: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: exit codes, table or files that pipelines and auditors read are wrong."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "connectors.csv").write_bytes(GOOD.encode("utf-16"))
    (folder / "tls.json.gz").write_bytes(gzip.compress(json.dumps(r.tls_report()).encode()))
    written = [tmp_path / name for name in ("out.csv", "out.prom", "out.md", "out.xml")]
    names = ("--csv", "--prometheus", "--evidence", "--junit")
    options = [f"{name}={path}" for name, path in zip(names, written, strict=True)]
    assert main(["verify", "traffic", str(folder), *stack, *options]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split()[:4] == ["partner", "direction", "report", "messages"]
    assert "Fabrikam Bank, inbound, connector report, by day\nday         messages  TLS 1.3  TLS 1.2\n" in shown
    assert "verify traffic: 1 passed, 1 warning" in shown
    rows = list(csv.DictReader(io.StringIO(written[0].read_text())))
    assert sum(int(row["count"]) for row in rows if row["report"] == "connector report") == 20
    metric = (
        'regulated_partners_traffic_count{direction="inbound",partner="Fabrikam Bank",report="connector report",'
        'tls="TLS 1.3"} 5.0'
    )
    assert metric in written[1].read_text()
    assert "connector report" in written[2].read_text()
    assert "testsuite" in written[3].read_text()
    assert main(["verify", "traffic", str(folder), *stack, "--fail-on", "warning"]) == 1
    capsys.readouterr()
    (folder / "bad.csv").write_text("Datum;Absender;Empfänger\n1;2;3\n")
    assert main(["verify", "traffic", str(folder), *stack, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {file["name"].rsplit("/")[-1]: file["isWhole"] for file in document["files"]} == {
        "bad.csv": False,
        "connectors.csv": True,
        "tls.json.gz": True,
    }
    inbound = next(
        line for line in document["traffic"] if line["unit"] == "messages" and line["direction"] == "inbound"
    )
    assert (inbound["count"], inbound["withoutTls"], inbound["outsideThePair"]) == (10, 0, 0)
    assert inbound["byTls"] == {"TLS 1.3": 5, "TLS 1.2": 5}
    assert inbound["days"][0]["byTls"] == {"TLS 1.2": 1}
    assert main(["verify", "traffic", "missing.csv", *stack]) == 2
    assert main(["verify", "traffic", str(folder), *stack, "--for", "Nobody"]) == 2


def test_a_connectors_name_is_no_formula(tmp_path: Path, stack: list[str]) -> None:
    """Failing: opening the CSV runs what somebody named a connector."""
    (tmp_path / "x.csv").write_text(connectors(("2026-11-01", *IN, "=1+1", "TLS1.2")))
    main(["verify", "traffic", str(tmp_path / "x.csv"), *stack, "--csv", str(tmp_path / "out.csv")])
    assert ",'=1+1," in (tmp_path / "out.csv").read_text()


def test_rows_are_not_held() -> None:
    """Failing: memory grows with the rows, beside what tells a message from its copy, or time grows faster."""
    peaks, seconds = [], []
    for count in (2_000, 20_000):
        data = r.many_rows(count)
        traffic = Traffic([declared()])
        tracemalloc.start()
        started = time.process_time()
        read_report(io.BytesIO(data), "many.csv", traffic)
        seconds.append(time.process_time() - started)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert traffic.files[0].rows == count
    assert peaks[1] - peaks[0] < 18_000 * 80
    assert seconds[1] < 30 * max(seconds[0], 0.01)


KINDS = {
    "table": GOOD.encode(),
    "utf-16": GOOD.encode("utf-16"),
    "messages": r.table(
        r.MESSAGES, [("2026-11-02", f"Inbound: {INBOUND}", "Partner", "Yes", 2, 0, 1, 9, 34, 99)]
    ).encode(),
    "json": json.dumps(r.tls_report()).encode(),
    "gzip": gzip.compress(json.dumps(r.tls_report()).encode(), mtime=0),
    "mail": r.report_mail(r.tls_report()),
    "mbox": b"From a b\n" + r.report_mail(r.tls_report(), zipped=False) + b"\nFrom a b\n\nx",
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_reports_end_in_time(kind: str) -> None:
    """Failing: a damaged report ends with a traceback, hangs, or takes the machine's memory."""
    chance = random.Random(kind)  # noqa: S311 - the same damage in every run
    tracemalloc.start()
    try:
        for _ in range(150):
            data = damaged(KINDS[kind], chance)
            started = time.monotonic()
            traffic = counted(data)
            assert judge_traffic(traffic, named=False)
            assert time.monotonic() - started < 5
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()
