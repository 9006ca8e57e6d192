"""The way that mail takes to a recipient domain: its mail hosts, in a probe, with the judged servers of each. Pure."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from exchange_online.connectors import OutboundSettings
from regulated_partners.probing.seen import DomainSeen, HostSeen, Probe, ServerOutcome
from regulated_partners.probing.server_report import Demand, ServerReport, report_server


@dataclass(frozen=True)
class RouteHost:
    """A mail host, with a report for each of its addresses that this machine could try."""

    seen: HostSeen
    servers: tuple[ServerReport, ...]

    @property
    def name(self) -> str:
        return self.seen.host


@dataclass(frozen=True)
class Route:
    """The hosts that mail of one recipient domain goes to.

    Attributes:
        subject: the domain, or `smart hosts`.
        domain: what the DNS says about it; None for smart hosts.
        hosts: in the order of delivery.
    """

    subject: str
    domain: DomainSeen | None
    hosts: tuple[RouteHost, ...]

    @property
    def servers(self) -> tuple[ServerReport, ...]:
        return tuple(server for host in self.hosts for server in host.servers)


SMART_HOSTS = "smart hosts"


def probed_domains(settings: OutboundSettings) -> tuple[str, ...]:
    """The domains whose MX records lead to the partner's servers; empty where smart hosts do.

    `*.fabrikam.com` has no MX record of its own: `fabrikam.com` stands for it.
    """
    if settings.smart_hosts:
        return ()
    bare = (domain.removeprefix("*.") for domain in settings.recipient_domains if domain != "*")
    return tuple(dict.fromkeys(bare))


class ProbeIndex:
    """A probe by domain, host and address."""

    def __init__(self, probe: Probe) -> None:
        self.domains = {domain.domain: domain for domain in probe.domains}
        self.hosts = {host.host: host for host in probe.hosts}
        self.servers = defaultdict(list)
        for server in probe.servers:
            self.servers[server.host].append(server)


def routes(demand: Demand, index: ProbeIndex) -> tuple[Route, ...]:
    """Every way that mail takes through a connector. What the probe does not hold is left out."""

    # Judges each host once: several domains of a partner share their servers.
    @functools.cache
    def judged(name: str) -> RouteHost:
        seen = index.servers.get(name, [])
        # A machine without IPv6 says nothing about the IPv6 addresses of others, as long as it reaches one.
        tried = [server for server in seen if server.outcome is not ServerOutcome.NO_ROUTE] or seen
        return RouteHost(index.hosts[name], tuple(report_server(server, demand) for server in tried))

    def route(subject: str, domain: DomainSeen | None, hosts: Iterable[str]) -> Route:
        return Route(subject, domain, tuple(judged(name) for name in dict.fromkeys(hosts) if name in index.hosts))

    if demand.settings.smart_hosts:
        return (route(SMART_HOSTS, None, demand.settings.smart_hosts),)
    found = (index.domains[domain] for domain in probed_domains(demand.settings) if domain in index.domains)
    return tuple(route(seen.domain, seen, (record.host for record in seen.mx.records)) for seen in found)
