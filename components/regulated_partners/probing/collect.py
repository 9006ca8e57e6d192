"""The probe of many partners: every domain, host and address once, many side by side, one connection at a time to each
host and address."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from exchange_online.connectors import OutboundSettings
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.mta_sts import fetch_policy
from regulated_partners.probing.route import probed_domains
from regulated_partners.probing.seen import (
    AddressAnswer,
    DnsProblem,
    DomainSeen,
    HostSeen,
    MxAnswer,
    PolicyFile,
    Probe,
    ServerOutcome,
    ServerSeen,
    TextAnswer,
    TlsaAnswer,
)
from regulated_partners.probing.server import Target, probe_server
from regulated_partners.probing.tls_client import Contexts, contexts

_T = TypeVar("_T")
_R = TypeVar("_R")
_DAY = 86400.0


class Stage(StrEnum):
    """What a probe is doing."""

    DOMAINS = "recipient domains"
    HOSTS = "mail hosts"
    SERVERS = "server addresses"


#: Called with the stage, how many are done, and how many there are.
Progress = Callable[[Stage, int, int], None]


@dataclass(frozen=True)
class Questions:
    """What is to be probed: recipient domains by their MX records, and smart hosts."""

    domains: tuple[str, ...]
    smart_hosts: tuple[str, ...] = ()


def questions(connectors: Iterable[OutboundSettings]) -> Questions:
    """What has to be probed for these connectors."""
    asked = list(connectors)
    domains = (domain for settings in asked for domain in probed_domains(settings))
    hosts = (host for settings in asked for host in settings.smart_hosts)
    return Questions(tuple(dict.fromkeys(domains)), tuple(dict.fromkeys(hosts)))


@dataclass(frozen=True)
class Surroundings:
    """How a probe reaches the world.

    Attributes:
        dns: the resolver.
        web: TLS settings for the policies of MTA-STS.
        port: of the mail servers; always 25, except through a tunnel. Source: New-OutboundConnector, SmartHosts.
        https_port: of the web servers with the policies.
        seconds: for each step of a dialogue.
        in_all: seconds for everything.
        at_once: how many addresses are probed side by side.
    """

    dns: DnsClient
    web: ssl.SSLContext
    port: int = 25
    https_port: int = 443
    seconds: float = 10.0
    in_all: float = _DAY
    at_once: int = 128


def collect(
    questions: Questions, surroundings: Surroundings, started: datetime, progress: Progress = lambda *_: None
) -> Probe:
    """Probes everything; never raises for what a server or the DNS does.

    Args:
        questions, surroundings: what, and how.
        started: UTC, for the record.
        progress: is told about each step, in the calling thread.
    """
    return _Collector(surroundings, progress).run(questions, started)


class _Collector:
    def __init__(self, surroundings: Surroundings, progress: Progress) -> None:
        self._at = surroundings
        self._progress = progress
        self._whole = Deadline(surroundings.in_all)
        self._tls: Contexts = contexts()
        self._hosts: dict[str, threading.Lock] = {}

    def run(self, questions: Questions, started: datetime) -> Probe:
        pool = ThreadPoolExecutor(self._at.at_once, thread_name_prefix="probe")
        try:
            wanted = list(dict.fromkeys(questions.domains))
            domains = self._side_by_side(pool, Stage.DOMAINS, wanted, self._domain, _unasked_domain)
            hosts = self._side_by_side(pool, Stage.HOSTS, _hosts(domains, questions), self._host, _unasked_host)
            groups = _by_address(hosts, self._at.port)
            self._hosts = {host.host: threading.Lock() for host in hosts}
            servers = self._side_by_side(pool, Stage.SERVERS, groups, self._servers, _untried)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        found = tuple(server for group in servers for server in group)
        return Probe(started=started, domains=tuple(domains), hosts=tuple(hosts), servers=found)

    def _side_by_side(
        self,
        pool: ThreadPoolExecutor,
        stage: Stage,
        items: Sequence[_T],
        work: Callable[[_T], _R],
        otherwise: Callable[[_T], _R],
    ) -> list[_R]:
        """The result for each item, in their order; `otherwise` for those that the time was too short for."""
        running: dict[Future[_R], int] = {pool.submit(work, item): index for index, item in enumerate(items)}
        results: dict[int, _R] = {}
        self._progress(stage, 0, len(items))
        with contextlib.suppress(TimeoutError):
            for future in as_completed(running, timeout=self._whole.left()):
                results[running[future]] = future.result()
                self._progress(stage, len(results), len(items))
        return [results[index] if index in results else otherwise(item) for index, item in enumerate(items)]

    def _limit(self) -> Deadline:
        return Deadline(self._at.seconds, self._whole)

    def _domain(self, domain: str) -> DomainSeen:
        dns = self._at.dns
        announced = dns.text(f"_mta-sts.{domain}", self._limit())
        return DomainSeen(
            domain=domain,
            mx=dns.mx(domain, self._limit()),
            mta_sts=announced,
            tls_rpt=dns.text(f"_smtp._tls.{domain}", self._limit()),
            policy=self._policy(domain) if any(record.startswith("v=STSv1") for record in announced.records) else None,
        )

    def _policy(self, domain: str) -> PolicyFile:
        addresses = self._at.dns.addresses(f"mta-sts.{domain}", self._limit())
        if not addresses.addresses:
            known = addresses.problem is not DnsProblem.NO_ANSWER
            return PolicyFile(problem=f"mta-sts.{domain} has no address", reached=known)
        return fetch_policy(domain, addresses.addresses, self._at.web, self._at.https_port, self._limit())

    def _host(self, host: str) -> HostSeen:
        addresses = self._at.dns.addresses(host, self._limit())
        is_name = addresses.addresses != (host,)
        absent = TlsaAnswer(problem=DnsProblem.NO_RECORD, authenticated=False)
        tlsa = self._at.dns.tlsa(host, self._limit()) if is_name else absent
        return HostSeen(host=host, addresses=addresses, tlsa=tlsa)

    def _alone(self, target: Target) -> ServerSeen:
        """No other address of the same host meanwhile: they are often one machine, which counts our connections."""
        lock = self._hosts[target.host]
        if not lock.acquire(timeout=0 if self._whole.is_over else self._whole.left()):
            return _untried([target])[0]
        try:
            return probe_server(target, self._tls, self._at.seconds, self._whole)
        finally:
            lock.release()

    def _servers(self, group: Sequence[Target]) -> list[ServerSeen]:
        """The names of one address, one after the other."""
        found: list[ServerSeen] = []
        silent: ServerSeen | None = None
        for target in group:
            if silent is None:
                seen = self._alone(target)
                # It said nothing before it could know which name was meant: it will not for the next one either.
                silent = seen if not seen.transcript else None
            else:
                seen = silent.model_copy(update={"host": target.host})
            found.append(seen)
        return found


def _hosts(domains: Iterable[DomainSeen], questions: Questions) -> list[str]:
    from_mx = (record.host for domain in domains for record in domain.mx.records if record.host)
    return list(dict.fromkeys([*from_mx, *questions.smart_hosts]))


def _by_address(hosts: Iterable[HostSeen], port: int) -> list[list[Target]]:
    groups: dict[str, list[Target]] = defaultdict(list)
    for host in hosts:
        for address in dict.fromkeys(host.addresses.addresses):
            groups[address].append(Target(host.host, address, port))
    return list(groups.values())


def _unasked_domain(domain: str) -> DomainSeen:
    unasked = TextAnswer(problem=DnsProblem.NO_ANSWER)
    return DomainSeen(domain=domain, mx=MxAnswer(problem=DnsProblem.NO_ANSWER), mta_sts=unasked, tls_rpt=unasked)


def _unasked_host(host: str) -> HostSeen:
    problem = DnsProblem.NO_ANSWER
    return HostSeen(host=host, addresses=AddressAnswer(problem=problem), tlsa=TlsaAnswer(problem=problem))


def _untried(group: Sequence[Target]) -> list[ServerSeen]:
    detail = "The time of the whole probe was over before it came to this server."
    return [ServerSeen(**asdict(target), outcome=ServerOutcome.NOT_TRIED, detail=detail) for target in group]
