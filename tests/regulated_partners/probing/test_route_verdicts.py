"""Verdicts on probes that no server here can give: networks without IPv6, answers that never came."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from exchange_online.connectors import OutboundSettings
from regulated_partners.probing.certificates import public_key_der
from regulated_partners.probing.dane import DaneState
from regulated_partners.probing.mta_sts import MtaStsState
from regulated_partners.probing.route import ProbeIndex, routes
from regulated_partners.probing.route_report import report_route
from regulated_partners.probing.seen import (
    AddressAnswer,
    Answered,
    Asked,
    DnsProblem,
    DomainSeen,
    HostSeen,
    MxAnswer,
    MxRecord,
    PolicyFile,
    Probe,
    ServerOutcome,
    ServerSeen,
    TextAnswer,
    TlsaAnswer,
    TlsaRecord,
)
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Verdict
from tests.support.certificate_factory import NOW as ISSUED
from tests.support.certificate_factory import Issued, intermediate, issued, root

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


def two_certificates(rsa_name: str, covered: int) -> Probe:
    """A server with an ECDSA certificate for its name and an RSA one; TLSA records for so many of their keys."""
    key = rsa.generate_private_key(65537, 2048)
    both = (issued(HOST, intermediate(), names=[HOST]), issued(rsa_name, intermediate(), names=[rsa_name], key=key))
    chains = [tuple(_base64(one) for one in (own, intermediate())) for own in both]
    seen = server("192.0.2.1", ServerOutcome.ENCRYPTED).model_copy(
        update={
            "version": "TLSv1.3",
            "cipher": "TLS_AES_256_GCM_SHA384",
            "chain": chains[0],
            "answers": (Answered(asked=Asked.RSA_ALONE, cipher="TLS_AES_256_GCM_SHA384", chain=chains[1]),),
        }
    )
    found = probe(None, seen)
    digests = [hashlib.sha256(public_key_der(own.certificate)).hexdigest() for own in both[:covered]]
    records = tuple(TlsaRecord(usage=3, selector=1, matching_type=1, data=digest) for digest in digests)
    addresses = found.hosts[0].addresses.model_copy(update={"authenticated": True})
    host = HostSeen(host=HOST, addresses=addresses, tlsa=TlsaAnswer(authenticated=True, records=records))
    policy = PolicyFile(text=f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 604800\n")
    mx = found.domains[0].mx.model_copy(update={"authenticated": True})
    text = TextAnswer(records=("v=STSv1; id=1;",))
    domain = found.domains[0].model_copy(update={"mx": mx, "mta_sts": text, "policy": policy})
    return found.model_copy(update={"domains": (domain,), "hosts": (host,)})


def _base64(one: Issued) -> str:
    return base64.b64encode(one.certificate.public_bytes(Encoding.DER)).decode()


@pytest.mark.parametrize(
    ("rsa_name", "covered", "dane", "mta_sts"),
    [
        (HOST, 2, DaneState.VALID, MtaStsState.ENFORCED),
        (HOST, 1, DaneState.BROKEN, MtaStsState.ENFORCED),
        ("other.test", 2, DaneState.VALID, MtaStsState.VIOLATED),
    ],
)
def test_dane_and_mta_sts_look_at_both_certificates(
    rsa_name: str, covered: int, dane: DaneState, mta_sts: MtaStsState
) -> None:
    """Failing: the TLSA records, or the policy, hold for one of a server's certificates only, and nobody notices."""
    demand = Demand(SETTINGS, [root().certificate], ISSUED)
    report = report_route(routes(demand, ProbeIndex(two_certificates(rsa_name, covered)))[0], demand)
    assert (report.dane, report.mta_sts) == (dane, mta_sts), report.findings
