"""What reports count: messages, or TLS sessions, by partner, direction, day, TLS and connector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from exchange_online.connectors import Direction
from regulated_partners.partners import Pair

#: Addresses' domains that are remembered, and connectors' names of one partner that are told apart.
_MOST_DOMAINS, _MOST_CONNECTORS = 50_000, 200
#: Messages that are remembered, so that one that stands in two files counts once. A number takes about 100 bytes.
_MOST_REMEMBERED = 1_000_000


class Tls(StrEnum):
    """How a message crossed, by the report."""

    TLS_1_3 = "TLS 1.3"
    TLS_1_2 = "TLS 1.2"
    TLS_1_1 = "TLS 1.1"
    TLS_1_0 = "TLS 1.0"
    SSL = "SSL"
    SOME = "TLS, version not stated"
    NONE = "no TLS"
    NOT_SHOWN = "not shown"


#: What Exchange Online no longer takes from outside, and what is weak elsewhere. Source: tls-verification F8.
OLD = (Tls.TLS_1_1, Tls.TLS_1_0, Tls.SSL)


class Report(StrEnum):
    """A kind of report, and what its columns rest on.

    Sources: message trace: Get-MessageTraceV2 and "Message trace in the modern Exchange admin center" (Exchange
    documentation), with columns of the summary, enhanced summary and extended reports. Messages reports: "Inbound
    messages and Outbound messages reports in the new EAC". Connector report: Start-HistoricalSearch names the report
    and the values of -TLSUsed; no source documents its columns. TLS reports: RFC 8460.
    """

    basis: str
    unit: str

    def __new__(cls, name: str, basis: str, unit: str) -> Report:
        report = str.__new__(cls, name)
        report._value_ = name
        report.basis = basis
        report.unit = unit
        return report

    TRACE = "message trace", "documented", "messages"
    ENHANCED = "message trace, enhanced summary", "documented", "messages"
    EXTENDED = "message trace, extended", "documented; TLS and connector in custom_data assumed", "messages"
    CONNECTORS = "connector report", "columns assumed", "messages"
    MESSAGES = "inbound and outbound messages report", "documented; spelling in the export assumed", "messages"
    TLS_REPORT = "TLS reports of the sender", "RFC 8460", "sessions"


@dataclass(frozen=True)
class Key:
    """What is counted together.

    Attributes:
        day: as ISO 8601; empty where the report's date could not be read.
        connector: its name; empty for none, None where the report does not show it.
        delivered: whether it arrived.
        failure: why a TLS session failed, in the words of RFC 8460.
    """

    day: str
    tls: Tls
    connector: str | None
    delivered: bool = True
    failure: str = ""


@dataclass
class Line:
    """One report's counts of one partner and direction."""

    report: Report
    pair: Pair
    direction: Direction
    counts: Counter[Key] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """What arrived."""
        return sum(count for key, count in self.counts.items() if key.delivered)

    @property
    def not_delivered(self) -> int:
        return sum(count for key, count in self.counts.items() if not key.delivered)

    @property
    def by_tls(self) -> Counter[Tls]:
        found: Counter[Tls] = Counter()
        for key, count in self.counts.items():
            if key.delivered:
                found[key.tls] += count
        return found

    @property
    def by_connector(self) -> Counter[str | None]:
        found: Counter[str | None] = Counter()
        for key, count in self.counts.items():
            if key.delivered:
                found[key.connector] += count
        return found

    @property
    def failures(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for key, count in self.counts.items():
            if key.failure:
                found[key.failure] += count
        return found

    @property
    def days(self) -> tuple[str, ...]:
        """The days that were read, in order."""
        return tuple(sorted({key.day for key in self.counts if key.day}))

    def on(self, day: str) -> Line:
        """The counts of one day."""
        counts = Counter({key: count for key, count in self.counts.items() if key.day == day})
        return Line(self.report, self.pair, self.direction, counts)

    @property
    def outside(self) -> int:
        """Of what arrived, what did not use the pair's connector; what shows none at all is not counted."""
        return sum(count for name, count in self.by_connector.items() if name is not None and not self.is_of_pair(name))

    def is_of_pair(self, connector: str) -> bool:
        return connector.casefold() == self.pair.half(self.direction).settings.name.casefold()


@dataclass(frozen=True)
class FileRead:
    """What one file gave.

    Attributes:
        name: as it was given.
        report: its kind; None for one that could not be read.
        rows: rows, events or policies that it holds.
        of_partners: those that are a partner's.
        remarks: sentences: what of it was not read.
        is_whole: whether all of it was read.
    """

    name: str
    report: Report | None
    rows: int = 0
    of_partners: int = 0
    remarks: tuple[str, ...] = ()
    is_whole: bool = True


class Traffic:
    """Everything that was counted, and whose it is."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = tuple(pairs)
        self.lines: dict[tuple[Report, str, Direction], Line] = {}
        self.files: list[FileRead] = []
        self.other_senders: Counter[str] = Counter()
        self.is_remembered = True
        self._domains: dict[str, Pair | None] = {}
        self._seen: set[int] = set()
        self._declared = sorted(
            ((domain.removeprefix("*."), domain.startswith("*."), pair) for pair in pairs for domain in pair.domains),
            key=lambda entry: (entry[1], -len(entry[0])),
        )
        self._connectors = {
            half.settings.name.casefold(): (pair, half.direction) for pair in pairs for half in pair.halves
        }

    def partner_of(self, domain: str) -> Pair | None:
        """Whose a domain is, as written in an address."""
        try:
            return self._domains[domain]
        except KeyError:
            if len(self._domains) >= _MOST_DOMAINS:
                self._domains.clear()
            found = self._domains[domain] = self._find(domain)
            return found

    def _find(self, domain: str) -> Pair | None:
        name = domain.strip().rstrip(".>").lower()
        if not name.isascii():
            try:
                name = name.encode("idna").decode("ascii")
            except UnicodeError:
                return None
        for declared, is_wildcard, pair in self._declared:
            if name == declared if not is_wildcard else name.endswith(f".{declared}"):
                return pair
        return None

    def connector_in(self, text: str) -> tuple[Pair, Direction, str] | None:
        """The pair's connector whose name a text holds; of several the longest."""
        folded = text.casefold()
        found = [name for name in self._connectors if name in folded]
        if not found:
            return None
        name = max(found, key=len)
        pair, direction = self._connectors[name]
        return pair, direction, pair.half(direction).settings.name

    def is_new(self, identity: tuple[object, ...]) -> bool:
        """Whether a message is counted for the first time, as far as so many can be remembered."""
        number = hash(identity)
        if number in self._seen:
            return False
        if len(self._seen) < _MOST_REMEMBERED:
            self._seen.add(number)
        else:
            self.is_remembered = False
        return True

    def add(self, report: Report, pair: Pair, direction: Direction, counted: Iterable[tuple[Key, int]]) -> None:
        """Adds what a file counted."""
        line = self.lines.setdefault((report, pair.name, direction), Line(report, pair, direction))
        known = {key.connector for key in line.counts}
        for key, count in counted:
            if key.connector and key.connector not in known and len(known) >= _MOST_CONNECTORS:
                key = Key(key.day, key.tls, "further connectors", key.delivered, key.failure)  # noqa: PLW2901
            known.add(key.connector)
            line.counts[key] += count
