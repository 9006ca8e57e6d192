"""One small internet on loopback: partners, each with one property, on real servers.

Every server listens at one port, and each has an address of its own: so the MX records lead to them as on the
internet, where the port is 25.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from exchange_online.connectors import OutboundSettings
from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.collect import Questions, Surroundings, collect
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.mta_sts import web_context
from regulated_partners.probing.route import ProbeIndex, probed_domains, routes
from regulated_partners.probing.route_report import RouteReport, report_route
from regulated_partners.probing.seen import Probe
from regulated_partners.probing.server_report import Demand, ServerReport
from tests.verify_servers.name_servers import NameServers
from tests.verify_servers.pki import SERVER, Issued, Pki, self_signed, write_chain
from tests.verify_servers.policy_server import PolicyServer
from tests.verify_servers.postfix import Listener, Postfix
from tests.verify_servers.processes import free_port
from tests.verify_servers.zones import ADDRESSES, POLICIES, WEB_ADDRESS, example_zones, fabrikam_zone, other_zones

#: What the connectors of the tests ask for.
NAME = "mail.fabrikam.test"
_OTHER = "other.fabrikam.test"

_OLD = {
    "tls12": "<=TLSv1.2",
    "tls11": "<=TLSv1.1",
}


@dataclass(frozen=True)
class World:
    """The running servers, and how a probe reaches them.

    Attributes:
        folder: of all files; `roots.pem` in it is the trusted root.
        port, https_port: of the mail servers and of the web server.
        resolver: `127.0.0.1:PORT` of Unbound.
        postfix: the instance, with its log.
        pki: the trusted CA.
    """

    folder: Path
    port: int
    https_port: int
    resolver: str
    postfix: Postfix
    pki: Pki

    @property
    def roots(self) -> Path:
        return self.folder / "roots.pem"

    def surroundings(self, seconds: float = 5.0) -> Surroundings:
        """How to probe it."""
        return Surroundings(
            DnsClient.at(self.resolver), web_context(load_roots(self.roots)), self.port, self.https_port, seconds
        )

    def probe(self, settings: OutboundSettings) -> Probe:
        """Probes what a connector leads to."""
        questions = Questions(probed_domains(settings), settings.smart_hosts)
        return collect(questions, self.surroundings(), datetime.now(UTC))

    def judge(self, settings: OutboundSettings) -> tuple[RouteReport, tuple[ServerReport, ...]]:
        """Probes and judges the first route of a connector: the route, and its servers."""
        demand = Demand(settings, load_roots(self.roots), datetime.now(UTC))
        route = routes(demand, ProbeIndex(self.probe(settings)))[0]
        return report_route(route, demand), route.servers


def connector(domain: str, tls_settings: str | None = "DomainValidation", **others: Any) -> OutboundSettings:
    """The outbound connector of a test: for one domain below fabrikam.test, unless the domain has dots of its own."""
    full = domain if "." in domain else f"{domain}.fabrikam.test"
    settings = OutboundSettings(
        name="to fabrikam",
        recipient_domains=(full,),
        tls_settings=tls_settings,
        tls_domain=NAME if tls_settings == "DomainValidation" else None,
    )
    return replace(settings, **others)


class RunningWorld:
    """Starts everything; a context manager."""

    def __enter__(self) -> World:
        self._folder = Path(tempfile.mkdtemp(prefix="verify-servers-"))
        # Postfix's own account must reach its folders.
        self._folder.chmod(0o755)
        self._running: list[Postfix | NameServers | PolicyServer] = []
        try:
            return self._start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        for each in reversed(self._running):
            each.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> World:
        folder, pki = self._folder, Pki()
        for name in ("pki", "postfix", "names"):
            (folder / name).mkdir(mode=0o755)
        (folder / "roots.pem").write_text(pki.root.pem)
        leaves = _leaves(pki)
        files = _write_leaves(folder / "pki", pki, leaves)
        port = free_port(*ADDRESSES.values())
        postfix = Postfix(folder / "postfix", port, _listeners(files), _common(files))
        self._running.append(postfix)
        web = _policy_server(folder / "pki", pki)
        self._running.append(web)
        zones = (
            fabrikam_zone({name: leaf.certificate for name, leaf in leaves.items()}, pki),
            *other_zones(),
            *example_zones(),
        )
        names = NameServers(folder / "names", (free_port("127.0.0.1"), free_port("127.0.0.1")), zones)
        self._running.append(names)
        return World(folder, port, web.port, f"127.0.0.1:{names.port}", postfix, pki)


def _leaves(pki: Pki) -> dict[str, Issued]:
    names = (NAME, "mx-dane-ta.fabrikam.test")
    return {
        "good": pki.leaf(NAME, names),
        "expired": pki.leaf(NAME, (NAME, "mx-dane-expired.fabrikam.test"), days=(-40, -3)),
        "future": pki.leaf(NAME, (NAME,), days=(3, 40)),
        "soon": pki.leaf(NAME, (NAME,), days=(-80, 5)),
        "san-only": pki.leaf(_OTHER, (NAME,)),
        "cn-only": pki.leaf(NAME, (_OTHER,)),
        "wildcard": pki.leaf("*.fabrikam.test", ("*.fabrikam.test",)),
        "other-name": pki.leaf(_OTHER, (_OTHER,)),
        "unknown-ca": Pki("Unsent").leaf(NAME, (NAME,)),
        "self-signed": self_signed(NAME),
        **_example_leaves(pki),
    }


def _example_leaves(pki: Pki) -> dict[str, Issued]:
    """The example stack's servers; the insurer's mail has moved to a provider, whose certificate has another name."""
    return {
        "fabrikam.com": pki.leaf("mail.fabrikam.com", ("mail.fabrikam.com",)),
        "dogsandcats.com": pki.leaf("mail.dogsandcats.com", ("mail.dogsandcats.com",)),
        "woodgrove.org": self_signed("relay.woodgrove.org"),
        "humongousinsurance.com": pki.leaf("mx.hosting.test", ("*.hosting.test",)),
    }


def _write_leaves(folder: Path, pki: Pki, leaves: dict[str, Issued]) -> dict[str, tuple[Path, Path]]:
    alone = ("unknown-ca", "self-signed", "woodgrove.org")
    files = {
        name: write_chain(folder, name, leaf, *(() if name in alone else (pki.intermediate,)))
        for name, leaf in leaves.items()
    }
    other = Pki("Other")
    files["untrusted"] = write_chain(folder, "untrusted", other.leaf(NAME, (NAME,)), other.intermediate)
    files["no-intermediate"] = write_chain(folder, "no-intermediate", leaves["good"])
    return files


def _common(files: dict[str, tuple[Path, Path]]) -> list[str]:
    key, chain = files["good"]
    return [
        "smtpd_tls_security_level=may",
        f"smtpd_tls_chain_files={key},{chain}",
        "smtpd_tls_ask_ccert=no",
    ]


def _listeners(files: dict[str, tuple[Path, Path]]) -> list[Listener]:
    found = [
        Listener(ADDRESSES[name], (f"smtpd_tls_chain_files={key},{chain}",)) for name, (key, chain) in files.items()
    ]
    found.append(Listener(ADDRESSES["no-starttls"], ("smtpd_tls_security_level=none",)))
    for name, versions in _OLD.items():
        settings = (f"smtpd_tls_protocols={versions}", f"smtpd_tls_mandatory_protocols={versions}")
        weak = ("tls_medium_cipherlist=ALL:@SECLEVEL=0",) if name == "tls11" else ()
        found.append(Listener(ADDRESSES[name], (*settings, *weak)))
    demands = ("smtpd_tls_security_level=encrypt", "smtpd_tls_req_ccert=yes")
    found.append(Listener(ADDRESSES["client-certificate"], demands))
    return found


def _policy_server(folder: Path, pki: Pki) -> PolicyServer:
    hosts = [f"mta-sts.{name}.fabrikam.test" for name in POLICIES]
    wrong = "mta-sts.sts-bad-web.fabrikam.test"
    usual = write_chain(
        folder, "web", pki.leaf(hosts[0], tuple(h for h in hosts if h != wrong), usages=SERVER), pki.intermediate
    )
    bad = write_chain(folder, "web-bad", self_signed(wrong))
    files = {host: (bad if host == wrong else usual) for host in hosts}
    certificates = {host: (chain, key) for host, (key, chain) in files.items()}
    policies = {f"mta-sts.{name}.fabrikam.test": text for name, text in POLICIES.items()}
    return PolicyServer(WEB_ADDRESS, certificates, policies)
