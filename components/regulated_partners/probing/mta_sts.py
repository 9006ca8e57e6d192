"""MTA-STS: a domain's policy fetched and read, whether its servers meet it, and which MtaStsMode to choose.

Source: RFC 8461; New-OutboundConnector, MtaStsMode.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from urllib3 import HTTPSConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from exchange_online.connectors import Direction, MtaStsMode, OutboundSettings
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.names import MatchMode, NameOutcome, match_names
from regulated_partners.probing.route import Route, RouteHost
from regulated_partners.probing.seen import DnsProblem, DomainSeen, PolicyFile, ServerOutcome
from regulated_partners.probing.server_report import ServerReport
from regulated_partners.probing.tls_client import reason
from regulated_partners.probing.verdicts import Check, Fact, Finding, Level, Party

_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LONGEST_AGE = 31557600
_LARGEST = 64 * 1024
_PATH = "/.well-known/mta-sts.txt"
_SOURCE = "New-OutboundConnector, MtaStsMode; RFC 8461"
#: Source: Exchange Online's page on MTA-STS; the exact words are assumed.
_MX = "450 4.4.8 MX hosts of '{domain}' failed MTA-STS validation."
_CERTIFICATE = "450 4.7.5 Remote certificate failed MTA-STS validation."
_CHOICE = "Until then MtaStsMode None would let mail pass, which weakens the connector and needs a decision."
_UNUSABLE = (ServerOutcome.NO_STARTTLS, ServerOutcome.STARTTLS_REFUSED, ServerOutcome.OLD_TLS_ONLY)


class PolicyMode(StrEnum):
    """Source: RFC 8461 3.2."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True)
class Policy:
    """A policy. `mx` are host names; `*.` stands for one label."""

    mode: PolicyMode
    mx: tuple[str, ...]
    max_age: int

    def covers(self, host: str) -> bool:
        """Whether the policy lets mail go to this server. Source: RFC 8461 4.1."""
        name = host.lower().rstrip(".")
        _, _, parent = name.partition(".")
        return any(name == pattern or (pattern.startswith("*.") and pattern[2:] == parent) for pattern in self.mx)


class BrokenPolicyError(Exception):
    """Why senders take the policy for absent; the text is a clause."""


def domain_policy(seen: DomainSeen) -> Policy | None:
    """The policy of a domain, None where it publishes none.

    Raises:
        BrokenPolicyError: it publishes one that nobody can use.
    """
    announced = [record for record in seen.mta_sts.records if re.match(r"v=STSv1\s*(;|$)", record)]
    if not announced:
        return None
    if len(announced) > 1:
        raise BrokenPolicyError(f"_mta-sts.{seen.domain} has {len(announced)} records of v=STSv1 instead of one")
    fields = dict(part.strip().partition("=")[::2] for part in announced[0].split(";") if part.strip())
    if not _ID.fullmatch(fields.get("id", "")):
        raise BrokenPolicyError(f"_mta-sts.{seen.domain} has no proper id: {announced[0][:80]!r}")
    if seen.policy is None or seen.policy.text is None:
        raise BrokenPolicyError((seen.policy and seen.policy.problem) or "the policy was not fetched")
    return read_policy(seen.policy.text)


def read_policy(text: str) -> Policy:
    """Reads a policy file. Raises BrokenPolicyError. Source: RFC 8461 3.2 (fields not known are ignored)."""
    fields: dict[str, str] = {}
    mx: list[str] = []
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "mx":
            mx.append(value.lower().rstrip("."))
        else:
            # Of a repeated field the first one counts.
            fields.setdefault(key, value)
    if fields.get("version") != "STSv1":
        raise BrokenPolicyError("the policy has no 'version: STSv1'")
    mode = next((known for known in PolicyMode if known.value == fields.get("mode")), None)
    if mode is None:
        raise BrokenPolicyError(f"the policy's mode is {fields.get('mode', '')[:40]!r}: not enforce, testing or none")
    age = fields.get("max_age", "")
    if not re.fullmatch(r"[0-9]{1,10}", age) or int(age) > _LONGEST_AGE:
        raise BrokenPolicyError(f"the policy's max_age is {age[:40]!r}: not a number of seconds up to {_LONGEST_AGE}")
    if not mx and mode is not PolicyMode.NONE:
        raise BrokenPolicyError("the policy names no mx")
    return Policy(mode, tuple(mx), int(age))


class _BoundedSocket(ssl.SSLSocket):
    """Its timeout is for all that is read since it was set, and not for each read: a slow server cannot stretch it."""

    _end: Deadline | None = None

    def settimeout(self, value: float | None, /) -> None:
        self._end = None if value is None else Deadline(value)
        super().settimeout(value)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        if self._end is not None:
            super().settimeout(self._end.left())
        return super().recv_into(buffer, nbytes, flags)


def web_context(roots: Sequence[x509.Certificate]) -> ssl.SSLContext:
    """TLS settings of a client of the web that trusts these roots, and whose timeouts cannot be stretched."""
    text = "".join(root.public_bytes(Encoding.PEM).decode("ascii") for root in roots)
    context = ssl.create_default_context(cadata=text)
    context.sslsocket_class = _BoundedSocket
    return context


def fetch_policy(
    domain: str, addresses: Sequence[str], context: ssl.SSLContext, port: int, deadline: Deadline
) -> PolicyFile:
    """Fetches the policy of a domain; never raises for what a server does.

    Source: RFC 8461 3.3: HTTPS, PKIX, status 200, no redirects, at most 64 kB.

    Args:
        domain: without `mta-sts.`.
        addresses: of `mta-sts.<domain>`, tried in this order until one can be connected.
        context: of `web_context`.
        port: 443 by the RFC.
        deadline: of the whole.
    """
    host = f"mta-sts.{domain}"
    for address in addresses:
        try:
            return _fetched(address, port, host, context, deadline.left())
        except (ConnectTimeoutError, NewConnectionError, TimeoutError):
            continue
        except (HTTPError, ValueError) as error:
            return PolicyFile(problem=_problem(error, host))
    return PolicyFile(problem=f"no web server answers at {', '.join(addresses[:5]) or host}", reached=False)


def _fetched(address: str, port: int, host: str, context: ssl.SSLContext, seconds: float) -> PolicyFile:
    # The connection and the handshake have a limit each, of which half the time is left for the answer at least.
    timeout = Timeout(connect=seconds / 2, total=seconds)
    with HTTPSConnectionPool(address, port, timeout, ssl_context=context, server_hostname=host) as pool:
        response = pool.request(
            "GET",
            _PATH,
            headers={"Host": host, "Accept": "text/plain", "Connection": "close"},
            retries=False,
            redirect=False,
            preload_content=False,
        )
        if response.status != HTTPStatus.OK:
            where = " (a redirect, which must not be followed)" if 300 <= response.status < 400 else ""
            return PolicyFile(problem=f"the web server answers {response.status}{where} instead of 200")
        body = response.read(_LARGEST + 1, decode_content=False)
    if len(body) > _LARGEST:
        return PolicyFile(problem=f"the policy is larger than {_LARGEST // 1024} kB")
    if response.length_remaining:
        return PolicyFile(problem=f"the answer of {host} is not complete")
    kind = response.headers.get("Content-Type", "text/plain").partition(";")[0].strip().lower()
    if kind != "text/plain":
        return PolicyFile(problem=f"the policy's media type is {kind[:60]} instead of text/plain")
    return PolicyFile(text=body.decode("utf-8", errors="backslashreplace")[:70000])


def _problem(error: Exception, host: str) -> str:
    cause = error.args[-1] if error.args else None
    match (error, cause):
        case (_, ssl.SSLCertVerificationError()):
            return f"the certificate of {host} is not valid: {cause.verify_message}"
        case (_, ssl.SSLError()):
            return f"the TLS handshake with {host} failed: {reason(cause)}"
        case (ReadTimeoutError(), _):
            return f"{host} gave no whole answer in time"
        case (_, http.client.BadStatusLine()) if not isinstance(cause, http.client.RemoteDisconnected):
            return f"{host} gave no answer in HTTP"
    return f"the answer of {host} is not complete"


class MtaStsState(StrEnum):
    """What MTA-STS came to."""

    ENFORCED = "valid, enforce"
    TESTING = "valid, testing"
    SWITCHED_OFF = "mode none"
    BROKEN = "broken"
    """Nobody can read the policy: senders act as if there were none."""
    VIOLATED = "the servers do not meet it"
    ABSENT = "absent"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class _Violation:
    sentence: str
    answer: str
    host: str


def mta_sts_report(
    route: Route, settings: OutboundSettings
) -> tuple[MtaStsState, tuple[Finding, ...], tuple[Fact, ...]]:
    """Judges the MTA-STS of a route, by the connector's MtaStsMode.

    Smart hosts have none: their connector does not go by the MX record.
    """
    if route.domain is None:
        return MtaStsState.ABSENT, (), ()
    state, policy, sentence = _policy_state(route.domain)
    facts = (Fact("MTA-STS", sentence),)
    violations = tuple(_violations(route, policy)) if policy else ()
    if policy and violations and policy.mode is not PolicyMode.NONE:
        findings = tuple(_violated(policy, violations, settings, len(route.hosts)))
        return MtaStsState.VIOLATED, findings, facts
    return state, (_advice(state, sentence),), facts


def _policy_state(domain: DomainSeen) -> tuple[MtaStsState, Policy | None, str]:
    if domain.mta_sts.problem in (DnsProblem.NO_ANSWER, DnsProblem.BOGUS):
        return MtaStsState.UNKNOWN, None, f"There is no answer for _mta-sts.{domain.domain}."
    try:
        policy = domain_policy(domain)
    except BrokenPolicyError as error:
        if domain.policy is not None and not domain.policy.reached:
            return MtaStsState.UNKNOWN, None, f"The policy was not reachable from here: {error}."
        return MtaStsState.BROKEN, None, f"The policy of {domain.domain} cannot be used: {error}."
    if policy is None:
        return MtaStsState.ABSENT, None, f"{domain.domain} publishes no policy."
    days = policy.max_age // 86400
    sentence = f"mode {policy.mode}, mx {', '.join(policy.mx[:6]) or 'none'}, max_age {policy.max_age} ({days} days)"
    state = {
        PolicyMode.ENFORCE: MtaStsState.ENFORCED,
        PolicyMode.TESTING: MtaStsState.TESTING,
        PolicyMode.NONE: MtaStsState.SWITCHED_OFF,
    }[policy.mode]
    return state, policy, sentence


def _violations(route: Route, policy: Policy) -> Iterable[_Violation]:
    for host in route.hosts:
        if not policy.covers(host.name):
            yield _Violation(f"The policy does not name {host.name}.", _MX.format(domain=route.subject), host.name)
            continue
        for server in host.servers:
            reason = _refused(host, server)
            if reason:
                yield _Violation(f"{server.seen.place}: {reason}", _CERTIFICATE, host.name)
                break


def _refused(host: RouteHost, server: ServerReport) -> str | None:
    """Why a sender that honours the policy does not deliver here. Source: RFC 8461 4.2."""
    if server.seen.outcome in _UNUSABLE:
        return server.seen.detail
    for shown in server.certificates:
        if not shown.verdict.is_trusted:
            return shown.verdict.sentence
        # By its own name, whatever TlsDomain says; and only a SAN counts.
        named = match_names(host.name, shown.facts.names, Direction.OUTBOUND, MatchMode.SAN)
        if named.outcome is not NameOutcome.MATCH:
            which = f"with the {shown.kind} key " if len(server.certificates) > 1 else ""
            return f"The certificate {which}has no SAN {host.name}."
    return None


def _advice(state: MtaStsState, sentence: str) -> Finding:
    if state is MtaStsState.BROKEN:
        text = (
            f"MTA-STS is broken: senders act as if there were no policy. {sentence} The partner must correct it. Keep "
            "MtaStsMode Opportunistic."
        )
        return Finding(Check.MTA_STS, Level.WARNING, text, Party.PARTNER, source=_SOURCE)
    text = {
        MtaStsState.ENFORCED: "MTA-STS is valid and enforced: keep MtaStsMode Opportunistic.",
        MtaStsState.TESTING: "MTA-STS is valid, in mode testing, which refuses nothing: keep MtaStsMode Opportunistic.",
        MtaStsState.SWITCHED_OFF: "MTA-STS is switched off by mode none: keep MtaStsMode Opportunistic.",
        MtaStsState.ABSENT: "MTA-STS is absent: keep MtaStsMode Opportunistic, which uses it once it is there.",
    }.get(state, f"MTA-STS was not judged. {sentence}")
    return Finding(Check.MTA_STS, Level.INFO, text, source=_SOURCE)


def _violated(
    policy: Policy, violations: tuple[_Violation, ...], settings: OutboundSettings, hosts: int
) -> Iterable[Finding]:
    ignored = settings.mta_sts_mode == MtaStsMode.NONE.value
    # As long as one host meets the policy, mail goes there.
    refused = policy.mode is PolicyMode.ENFORCE and not ignored
    all_fail = len({violation.host for violation in violations}) >= hosts
    for violation in violations:
        if refused:
            effect = "Mail is refused." if all_fail else "Mail does not go to this server."
            text = (
                f"MTA-STS is enforced and not met. {violation.sentence} {effect} The partner must correct it. {_CHOICE}"
            )
            yield Finding(Check.MTA_STS, Level.ERROR, text, Party.PARTNER, violation.answer, _SOURCE)
        else:
            why = "the connector ignores by MtaStsMode None" if ignored else "mode testing only reports"
            text = f"MTA-STS is not met, which {why}. {violation.sentence} The partner should correct it."
            yield Finding(Check.MTA_STS, Level.WARNING, text, Party.PARTNER, source=_SOURCE)
