"""The one matching of a connector's certificate name with the names in a certificate.

Exchange Online's own matching is not documented in full: reference/tls-verification.md 2.3 and 2.4 and
connector-semantics.md 7 hold what is said where. Each rule below names its source; what no source settles comes out
as `UNDETERMINED`, and is to be avoided.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import idna
from cryptography import x509

from exchange_online.connectors import Direction

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_ADDRESS = re.compile(r"\[?[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]?|[0-9a-f:.]*:[0-9a-f:.]*")
_ISSUER_AND_SUBJECT = re.compile(r"<I>(?P<issuer>.*)<S>(?P<subject>.*)", re.IGNORECASE | re.DOTALL)

_CMDLETS = "Set-OutboundConnector TlsDomain; Set-InboundConnector TlsSenderCertificateName"
_CONFLICT = "connector-semantics 7 (CONFLICT: 'a domain and all subdomains' against one label, 2014)"
_ONE_LABEL = "RFC 9525 6.3: a wildcard is the whole left-most label and stands for one label"


class NameOutcome(StrEnum):
    """Whether two names match."""

    MATCH = "match"
    UNDETERMINED = "undetermined"
    MISMATCH = "mismatch"


class Place(StrEnum):
    """Where in the certificate a name stands."""

    CN = "CN"
    SAN = "SAN"


class MatchMode(StrEnum):
    """Which names count. The documentation disagrees, so `EITHER` is the default (assumed)."""

    EITHER = "either"
    CN = "cn"
    SAN = "san"


@dataclass(frozen=True)
class PresentedNames:
    """The names in a certificate.

    Attributes:
        common_names: of the subject, in its order.
        dns_names: of the subject alternative name extension.
        subject, issuer: as RFC 4514 writes them.
    """

    common_names: tuple[str, ...]
    dns_names: tuple[str, ...]
    subject: str = ""
    issuer: str = ""


@dataclass(frozen=True)
class NameMatch:
    """The comparison of the connector's value with one name of a certificate.

    Attributes:
        place, presented: the certificate's name.
        outcome: what it came to.
        rule: short name of the rule that decided.
        reason: a clause: why.
        source: of the rule.
    """

    place: Place
    presented: str
    outcome: NameOutcome
    rule: str
    reason: str
    source: str


@dataclass(frozen=True)
class NameVerdict:
    """Whether a certificate has the name that a connector asks for.

    Attributes:
        wanted: the connector's value.
        outcome: by the names that count.
        common_name, alternative_name: the same by CN alone and by SAN alone.
        comparisons: with every name, the deciding ones first.
    """

    wanted: str
    outcome: NameOutcome
    common_name: NameOutcome
    alternative_name: NameOutcome
    comparisons: tuple[NameMatch, ...]

    @property
    def only_one_place(self) -> Place | None:
        """The place of the name where only one of CN and SAN holds it: some peers look at the other."""
        matches = (self.common_name is NameOutcome.MATCH, self.alternative_name is NameOutcome.MATCH)
        return {(True, False): Place.CN, (False, True): Place.SAN}.get(matches)

    @property
    def sentence(self) -> str:
        """One sentence with the reason, and the names that were there."""
        first = self.comparisons[0] if self.comparisons else None
        if first is None:
            return f"The certificate holds no name at all, so it cannot match {self.wanted}."
        if self.outcome is not NameOutcome.MISMATCH:
            verb = "matches" if self.outcome is NameOutcome.MATCH else "may or may not match"
            return f"{self.wanted} {verb} the {first.place} {first.presented}: {first.reason}."
        names = listed((f"{name.place} {name.presented} ({name.reason})" for name in self.comparisons), at_most=8)
        return f"{self.wanted} matches no name in the certificate: {names}."


def match_names(
    wanted: str, presented: PresentedNames, direction: Direction, mode: MatchMode = MatchMode.EITHER
) -> NameVerdict:
    """Compares the name that a connector asks for with every name in a certificate.

    Args:
        wanted: `TlsDomain` or `TlsSenderCertificateName`: a domain, `*.domain`, or `<I>issuer<S>subject`.
        presented: the certificate's names.
        direction: of the connector.
        mode: which places count.
    """
    if by_subject := _ISSUER_AND_SUBJECT.fullmatch(wanted.strip()):
        match = _match_subject(by_subject["issuer"], by_subject["subject"], presented)
        return NameVerdict(wanted, match.outcome, match.outcome, NameOutcome.MISMATCH, (match,))
    comparisons = [_match(wanted, name, Place.CN, direction) for name in presented.common_names]
    comparisons += [_match(wanted, name, Place.SAN, direction) for name in presented.dns_names]
    by_place = {place: _best(name for name in comparisons if name.place is place) for place in Place}
    counted = {MatchMode.EITHER: tuple(Place), MatchMode.CN: (Place.CN,), MatchMode.SAN: (Place.SAN,)}[mode]
    outcome = min((by_place[place] for place in counted), key=_ORDER.index)
    # The names that decide come first; of those that do not count, none decides.
    comparisons.sort(key=lambda name: (name.place not in counted, _ORDER.index(name.outcome)))
    return NameVerdict(wanted, outcome, by_place[Place.CN], by_place[Place.SAN], tuple(comparisons))


_ORDER = tuple(NameOutcome)


def _best(matches: Iterable[NameMatch]) -> NameOutcome:
    return min((name.outcome for name in matches), key=_ORDER.index, default=NameOutcome.MISMATCH)


#: The outcome, the rule that decided, why, and the rule's source.
_Decision = tuple[NameOutcome, str, str, str]


def _mismatch(rule: str, reason: str, source: str = _ONE_LABEL) -> _Decision:
    return NameOutcome.MISMATCH, rule, reason, source


def _match(wanted: str, presented: str, place: Place, direction: Direction) -> NameMatch:
    asked, shown = canonical_name(wanted), canonical_name(presented)
    decision = _unusable(asked, shown) or _compare(asked or "", shown or "", direction)
    return NameMatch(place, presented, *decision)


def _unusable(asked: str | None, shown: str | None) -> _Decision | None:
    """What cannot match whatever the other side is."""
    if asked is None or "*" in asked.removeprefix("*."):
        return _mismatch("connector-name", "the connector's value is no domain and no *.domain", f"{_CMDLETS} (V4)")
    if shown is None:
        return _mismatch("no-dns-name", "that is no DNS name", "RFC 9525 6.3: only DNS names are compared")
    if shown == "*" or (shown.startswith("*.") and shown.count(".") < 2):
        return _mismatch(
            "broad-wildcard", "a wildcard over a top-level domain matches nothing", "assumed; RFC 9525 7.1"
        )
    if "*" in shown.removeprefix("*."):
        return _mismatch("embedded-wildcard", "the wildcard is not the whole left-most label")
    return None


def _compare(asked: str, shown: str, direction: Direction) -> _Decision:
    if asked == shown:
        source = _CMDLETS if not asked.startswith("*.") else f"{_CMDLETS} (that equal wildcards match is assumed)"
        return NameOutcome.MATCH, "equal", "the names are equal", source
    if asked.startswith("*."):
        return _connector_wildcard(asked.removeprefix("*."), shown, direction)
    if shown.startswith("*."):
        return _certificate_wildcard(asked, shown.removeprefix("*."))
    return _mismatch("different", "the names differ", _CMDLETS)


def _connector_wildcard(suffix: str, shown: str, direction: Direction) -> _Decision:
    if shown == suffix:
        said = "includes the domain" if direction is Direction.INBOUND else "is said to cover subdomains"
        reason = f"the wildcard {said}, and it is not settled whether {suffix} itself counts"
        return NameOutcome.UNDETERMINED, "wildcard-bare-domain", reason, _CONFLICT
    left = shown.removesuffix(f".{suffix}")
    if left == shown:
        return _mismatch("different", f"it is not below {suffix}", _CMDLETS)
    if left.count(".") == 0:
        source = f"{_CMDLETS}: '*.contoso.com'; single level: forced TLS article of 2014"
        return NameOutcome.MATCH, "connector-wildcard", "the connector's wildcard covers one label", source
    reason = "it is more than one label below the connector's wildcard, and sources differ whether that counts"
    return NameOutcome.UNDETERMINED, "wildcard-two-labels", reason, _CONFLICT


def _certificate_wildcard(asked: str, suffix: str) -> _Decision:
    first, _, rest = asked.partition(".")
    if asked == suffix:
        why = "a certificate's wildcard does not cover the domain itself"
        return _mismatch("certificate-wildcard-bare-domain", why)
    if rest == suffix and first:
        source = f"{_ONE_LABEL}; that Exchange Online accepts it is assumed (tls-verification 2.3)"
        return NameOutcome.MATCH, "certificate-wildcard", "the certificate's wildcard covers one label", source
    if asked.endswith(f".{suffix}"):
        return _mismatch("certificate-wildcard-two-labels", "a certificate's wildcard covers one label only")
    return _mismatch("different", "the names differ", _CMDLETS)


def _match_subject(issuer: str, subject: str, presented: PresentedNames) -> NameMatch:
    """Source: the form the Hybrid Configuration Wizard writes (N12); that order does not matter is assumed."""
    source = "connector-semantics N12 (assumed)"
    decision = NameOutcome.MATCH, "issuer-and-subject", "issuer and subject are equal", source
    for word, asked, shown in (("issuer", issuer, presented.issuer), ("subject", subject, presented.subject)):
        wanted = _attributes(asked)
        if wanted is None or wanted != _attributes(shown):
            decision = _mismatch("issuer-and-subject", f"the {word} is {shown or 'empty'}", source)
            break
    return NameMatch(Place.CN, presented.subject, *decision)


def _attributes(name: str) -> frozenset[tuple[str, str]] | None:
    try:
        read = x509.Name.from_rfc4514_string(re.sub(r",\s+", ",", name.strip()))
    except ValueError:
        return None
    return frozenset(
        (attribute.oid.dotted_string, " ".join(str(attribute.value).lower().split())) for attribute in read
    )


def canonical_name(text: str) -> str | None:
    """A DNS name in lower case as A-labels, without a trailing dot; None for what is no DNS name.

    A wildcard label is kept wherever it stands. Source: RFC 9525 6.3 (compared as A-labels, case does not matter).
    """
    name = text.strip().lower().replace("\u3002", ".").removesuffix(".")
    if not name.isascii():
        try:
            head, star, rest = name.rpartition("*.")
            name = f"{head}{star}{idna.encode(rest, uts46=True).decode('ascii')}"
        except (idna.IDNAError, UnicodeError):
            return None
    if len(name) > 253 or _ADDRESS.fullmatch(name):
        return None
    labels = name.split(".")
    well_formed = all("*" in label or _LABEL.fullmatch(label) for label in labels)
    return name if well_formed and (len(labels) > 1 or name == "*") else None


def listed(items: Iterable[str], separator: str = ", ", at_most: int = 20) -> str:
    """The first of many items, and how many there are beside."""
    found = list(items)
    more = f" and {len(found) - at_most} more" if len(found) > at_most else ""
    return separator.join(found[:at_most]) + more
