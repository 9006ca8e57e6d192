"""Verdicts on probes that no server here can give: networks without IPv6, answers that never came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from exchange_online.connectors import OutboundSettings
from regulated_partners.probing.route import ProbeIndex, routes
from regulated_partners.probing.route_report import report_route
from regulated_partners.probing.seen import (
    AddressAnswer,
    DnsProblem,
    DomainSeen,
    HostSeen,
    MxAnswer,
    MxRecord,
    Probe,
    ServerOutcome,
    ServerSeen,
    TextAnswer,
    TlsaAnswer,
)
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Verdict

NOW = datetime.now(UTC)
HOST = "mx.fabrikam.test"
SETTINGS = OutboundSettings(name="to fabrikam", recipient_domains=("fabrikam.test",), tls_settings="EncryptionOnly")


def probe(problem: DnsProblem | None, *servers: ServerSeen) -> Probe:
    """A probe of one domain with one host."""
    none = TextAnswer(problem=DnsProblem.NO_RECORD)
    mx = MxAnswer(problem=problem, records=() if problem else (MxRecord(preference=10, host=HOST),))
    domain = DomainSeen(domain="fabrikam.test", mx=mx, mta_sts=none, tls_rpt=none)
    addresses = AddressAnswer(addresses=tuple(server.address for server in servers))
    host = HostSeen(host=HOST, addresses=addresses, tlsa=TlsaAnswer(problem=DnsProblem.NO_RECORD))
    return Probe(started=NOW, domains=(domain,), hosts=() if problem else (host,), servers=servers)


def server(address: str, outcome: ServerOutcome) -> ServerSeen:
    """One connection."""
    return ServerSeen(host=HOST, address=address, port=25, outcome=outcome, detail="It was like that.")


def test_a_network_without_ipv6_does_not_count_against_the_partner() -> None:
    """Failing: from a network without IPv6 no partner with an AAAA record ever passes."""
    four = server("192.0.2.1", ServerOutcome.NO_STARTTLS)
    six = server("2001:db8::1", ServerOutcome.NO_ROUTE)
    route = routes(Demand(SETTINGS, (), NOW), ProbeIndex(probe(None, four, six)))[0]
    assert [report.seen.address for report in route.servers] == ["192.0.2.1"]
    only = routes(Demand(SETTINGS, (), NOW), ProbeIndex(probe(None, six)))[0]
    assert [report.verdict for report in only.servers] == [Verdict.NOT_REACHABLE]


@pytest.mark.parametrize(
    ("problem", "mode", "verdict"),
    [
        (DnsProblem.NO_ANSWER, "Opportunistic", Verdict.NOT_REACHABLE),
        (DnsProblem.BOGUS, "Opportunistic", Verdict.FAILED),
        (DnsProblem.BOGUS, "None", Verdict.UNKNOWN),
        (DnsProblem.NO_SUCH_NAME, "Opportunistic", Verdict.FAILED),
    ],
)
def test_without_servers_nothing_is_proven(problem: DnsProblem, mode: str, verdict: Verdict) -> None:
    """Failing: a domain of which no server was seen passes."""
    settings = OutboundSettings(
        name="to fabrikam", recipient_domains=("fabrikam.test",), tls_settings="EncryptionOnly", smtp_dane_mode=mode
    )
    demand = Demand(settings, (), NOW)
    assert report_route(routes(demand, ProbeIndex(probe(problem)))[0], demand).verdict is verdict
