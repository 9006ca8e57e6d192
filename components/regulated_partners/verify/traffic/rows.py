"""Rows of Exchange Online's reports: which columns mean what, and what one row counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from exchange_online.connectors import Direction
from regulated_partners.partners import Pair
from regulated_partners.verify.traffic.counts import Key, Report, Tls, Traffic
from regulated_partners.verify.traffic.dates import MOST_DAYS, day_text

#: Rows, and words, that are named as not read.
MOST_NAMED = 3
#: Names of columns, without case and punctuation. Sources: see `Report`; what is assumed is marked.
DATE = (
    *("received", "receiveddatetime", "date", "datetimeutc", "origintimestamputc", "origintimestamp"),
    *("datetime", "dateutc", "timestamp"),  # assumed
)
SENDER = ("senderaddress", "sender")
RECIPIENT = ("recipientaddress", "recipient", "recipientstatus", "recipients")
TLS = ("tlsused", "tlsversion", "tls", "tlsprotocol")  # assumed: -TLSUsed is the parameter
_CONNECTOR = ("connectorid", "connectorname", "connector", "connectordirectionandname")
_DIRECTION = ("directionality", "direction", "connectordirection")
_STATUS = ("status", "deliverystatus", "recipientstatus")
_IDENTITY = ("messagetraceid", "networkmessageid", "messageid")
_BY_VERSION = {
    "notls": Tls.NONE,
    "tls10": Tls.TLS_1_0,
    "tls11": Tls.TLS_1_1,
    "tls12": Tls.TLS_1_2,
    "tls13": Tls.TLS_1_3,
}

_VERSION = re.compile(r"tls[ _v]*1[ ._]?([0-3])(?!\d)|tls[ _v]*1(?![\d._])|(ssl)|(?:\A|_)(tls)\b", re.IGNORECASE)
_WITHOUT = frozenset({"no tls", "notls", "no_tls", "none", "no", "false", "clear", "cleartext", "plain", "plaintext"})
_INBOUND = frozenset({"1", "incoming", "inbound", "in"})
_OUTBOUND = frozenset({"2", "originating", "outbound", "out"})
_FAILED = frozenset({"failed", "fail", "quarantined", "filteredasspam", "filtered as spam", "pending", "gettingstatus"})
#: Source: SEPPmail's modules (service.py); the name of the version in custom_data is assumed.
_INBOUND_NAME = re.compile(r"S:InboundConnectorData=Name=([^;|]{1,200})", re.IGNORECASE)
_OUTBOUND_NAME = re.compile(r"TenantOutboundConnectorCustomData=Name=([^;|]{1,200})", re.IGNORECASE)
_CUSTOM_TLS = re.compile(r"tls_?version=([A-Za-z0-9_.]{1,40})", re.IGNORECASE)


class NoTableError(Exception):
    """A clause: why a file is none of the tables that are known."""


@dataclass
class Reading:
    """What is gathered of one file, before its days are understood."""

    counts: Counter[tuple[str, Direction, Key]] = field(default_factory=Counter)
    pairs: dict[str, Pair] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    rows: int = 0
    of_partners: int = 0
    not_read: int = 0
    twice: int = 0
    unknown_tls: set[str] = field(default_factory=set)
    events: Events | None = None

    def tls(self, value: str) -> Tls:
        """What a report writes about TLS; a word that is not known is remarked on."""
        known = tls_of(value)
        if known is None and len(self.unknown_tls) < MOST_NAMED:
            self.unknown_tls.add(value[:40])
        return known or Tls.NOT_SHOWN

    def bad(self) -> None:
        """Remembers a row that cannot be read."""
        self.not_read += 1
        if len(self.unread) < MOST_NAMED:
            self.unread.append(self.rows + 1)

    def add(self, pair: Pair, direction: Direction, key: Key, count: int = 1) -> None:
        """Counts a message, or so many."""
        self.pairs[pair.name] = pair
        self.counts[pair.name, direction, key] += count


def position(heads: Sequence[str], names: Sequence[str]) -> int | None:
    return next((heads.index(name) for name in names if name in heads), None)


def tls_of(value: str) -> Tls | None:
    """What a report writes about TLS; None for a word that is not known."""
    text = value.strip()
    if not text:
        return Tls.NOT_SHOWN
    if text.casefold() in _WITHOUT:
        return Tls.NONE
    found = _VERSION.search(text)
    if found is None:
        return None
    if found[1]:
        return (Tls.TLS_1_0, Tls.TLS_1_1, Tls.TLS_1_2, Tls.TLS_1_3)[int(found[1])]
    if found[2]:
        return Tls.SSL
    return Tls.SOME if found[3] else Tls.TLS_1_0


def counter(heads: list[str], reading: Reading, traffic: Traffic) -> tuple[Report, Callable[[list[str]], None]]:
    """Which report has these columns, and what counts a row of it, or raises IndexError for one that is cut off."""
    if "notls" in heads:
        return Report.MESSAGES, _by_connector(heads, reading, traffic)
    if "eventid" in heads and "customdata" in heads:
        return Report.EXTENDED, Events(heads, reading, traffic).count
    report = Report.TRACE
    if position(heads, TLS) is not None:
        report = Report.CONNECTORS
    elif "origintimestamp" in heads or "origintimestamputc" in heads:
        report = Report.ENHANCED
    return report, _Messages(report, heads, reading, traffic).count


class _Messages:
    """For tables with a row for each message, or for each recipient of one."""

    def __init__(self, report: Report, heads: list[str], reading: Reading, traffic: Traffic) -> None:
        self._report, self._reading, self._traffic = report, reading, traffic
        date, sender, recipient = (position(heads, names) for names in (DATE, SENDER, RECIPIENT))
        self._needed = date or 0, sender or 0, recipient or 0
        self._further = tuple(position(heads, names) for names in (TLS, _CONNECTOR, _DIRECTION, _STATUS, _IDENTITY))
        self._last = max(*self._needed, *(at or 0 for at in self._further))
        self._days: dict[str, str] = {}
        self._versions: dict[str, Tls] = {}

    def count(self, row: list[str]) -> None:
        """Counts a row. Raises IndexError for one that is cut off."""
        if len(row) <= self._last:
            raise IndexError
        date, sender, recipient = self._needed
        tls_at, connector_at, direction_at, status_at, identity_at = self._further
        ways = ways_of(row[sender], row[recipient], "" if direction_at is None else row[direction_at], self._traffic)
        if not ways:
            return
        day, tls = self._day(row[date]), Tls.NOT_SHOWN if tls_at is None else self._version(row[tls_at])
        connector = None if connector_at is None else _connector(row[connector_at], self._report)
        failed = status_at is not None and _has_failed(row[status_at])
        self._reading.of_partners += 1
        identity = "" if identity_at is None else row[identity_at]
        for pair, direction in ways:
            # What came in has crossed, whatever became of it. One message may cross twice, to two recipients: the one
            # in clear is not hidden by the other.
            key = Key(day, tls, connector, direction is Direction.INBOUND or not failed)
            if identity and not self._traffic.is_new((self._report, identity, pair.name, direction, key)):
                self._reading.twice += 1
            else:
                self._reading.add(pair, direction, key)

    def _day(self, value: str) -> str:
        found = self._days.get(value[:10])
        if found is None:
            found = day_text(value)
            if len(self._days) < MOST_DAYS:
                self._days[value[:10]] = found
        return found

    def _version(self, value: str) -> Tls:
        known = self._versions.get(value)
        if known is None:
            known = self._reading.tls(value)
            if len(self._versions) < MOST_DAYS:
                self._versions[value] = known
        return known


def ways_of(sender: str, recipients: str, direction: str, traffic: Traffic) -> list[tuple[Pair, Direction]]:
    """In which directions a message is whose partner's."""
    found: list[tuple[Pair, Direction]] = []
    word = direction.strip().casefold()
    if word not in _OUTBOUND and (pair := traffic.partner_of(sender.rpartition("@")[2])):
        found.append((pair, Direction.INBOUND))
    if word not in _INBOUND:
        for address in recipients.split(";") if ";" in recipients else (recipients,):
            pair = traffic.partner_of(address.partition("##")[0].rpartition("@")[2])
            if pair and (pair, Direction.OUTBOUND) not in found:
                found.append((pair, Direction.OUTBOUND))
    return found


def _connector(value: str, report: Report) -> str | None:
    name = value.strip()
    # `SERVER\Default SERVER` is a receive connector of Exchange Online's own: it says nothing about the tenant's.
    if "\\" in name or (not name and report is not Report.CONNECTORS):
        return None
    return "" if name.casefold() in ("", "internet", "none", "no connector", "n/a") else name


def _has_failed(status: str) -> bool:
    if "##" not in status:
        return status.strip().casefold() in _FAILED
    return all("fail" in entry.partition("##")[2].casefold() for entry in status.split(";") if "##" in entry)


def _by_connector(heads: list[str], reading: Reading, traffic: Traffic) -> Callable[[list[str]], None]:
    """For the reports of the admin center: a row for each day and connector, a column for each version."""
    versions = {at: _BY_VERSION[name] for at, name in enumerate(heads) if name in _BY_VERSION}
    date, connector, volume = (position(heads, names) for names in (DATE, _CONNECTOR, ("volume", "messagecount")))
    if connector is None:
        raise NoTableError("a report without the column of connectors, so it says nothing about one partner")

    numbers = {*versions, volume}

    def count(row: list[str]) -> None:
        if len(row) <= max(connector, date or 0, *versions):
            raise IndexError
        found = traffic.connector_in(row[connector])
        if found is None:
            return
        reading.of_partners += 1
        pair, direction, name = found
        day, total = day_text(row[date or 0]), 0
        words = tuple(value for at, value in enumerate(row) if at not in numbers)
        if not traffic.is_new((Report.MESSAGES, words)):
            reading.twice += 1
            return
        for at, tls in versions.items():
            number = _number(row[at])
            total += number
            if number:
                reading.add(pair, direction, Key(day, tls, name), number)
        left = (_number(row[volume]) if volume is not None and len(row) > volume else 0) - total
        if left > 0:
            reading.add(pair, direction, Key(day, Tls.NOT_SHOWN, name), left)

    return count


def _number(value: str) -> int:
    """As written with the thousands' mark of any country."""
    digits = re.sub(r"[^0-9]", "", value)
    return int(digits[:12]) if digits else 0


@dataclass
class _Seen:
    """What the events of one message say."""

    ways: list[tuple[Pair, Direction]]
    day: str
    came: bool = False
    went: bool = False
    failed: bool = False
    inbound: str | None = None
    outbound: str | None = None
    tls: Tls = Tls.NOT_SHOWN


class Events:
    """For extended traces: a row for each event, so messages are put together before they are counted."""

    _MOST = 50_000

    def __init__(self, heads: list[str], reading: Reading, traffic: Traffic) -> None:
        needed = (DATE, SENDER, RECIPIENT, ("eventid",), ("customdata",), ("source",), _DIRECTION, _IDENTITY[1:])
        self._at = [position(heads, names) for names in needed]
        self._reading, self._traffic = reading, traffic
        self.messages: dict[str, _Seen] = {}
        reading.events = self

    def count(self, row: list[str]) -> None:
        date, sender, recipient, event, data, source, direction, identity = (
            row[at] if at is not None else "" for at in self._at
        )
        seen = self.messages.get(identity)
        if seen is None:
            ways = ways_of(sender, recipient, direction, self._traffic)
            if not ways:
                return
            if len(self.messages) >= self._MOST:
                self._reading.bad()
                return
            seen = self.messages[identity] = _Seen(ways, day_text(date))
        self._reading.of_partners += 1
        event, by_smtp = event.strip().upper(), source.strip().upper() in ("SMTP", "")
        seen.came |= event == "RECEIVE" and by_smtp
        seen.went |= event in ("SEND", "SENDEXTERNAL") and by_smtp
        seen.failed |= event == "FAIL"
        if found := _INBOUND_NAME.search(data):
            seen.inbound = found[1].strip()
        if found := _OUTBOUND_NAME.search(data):
            seen.outbound = found[1].strip()
        if (event in ("RECEIVE", "SEND", "SENDEXTERNAL")) and (found := _CUSTOM_TLS.search(data)):
            seen.tls = tls_of(found[1]) or seen.tls

    def counted(self) -> Iterator[tuple[Pair, Direction, Key]]:
        for seen in self.messages.values():
            for pair, direction in seen.ways:
                is_in = direction is Direction.INBOUND
                if seen.came if is_in else seen.went or seen.failed:
                    name = seen.inbound if is_in else seen.outbound
                    yield pair, direction, Key(seen.day, seen.tls, name, is_in or not seen.failed)
