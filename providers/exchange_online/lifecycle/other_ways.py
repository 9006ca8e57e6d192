"""The other ways that mail can take in the tenant, looked at before a write; the shared listing tells them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from exchange_online.admin_api import AdminApiError, TransportRules
from exchange_online.admin_api.window import side_by_side
from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    Mark,
    OtherConnector,
    OtherWays,
    OutboundSettings,
    RoutingRule,
    Way,
    WayKind,
    Weight,
)
from exchange_online.lifecycle import refusals
from exchange_online.lifecycle.listing import Listing
from exchange_online.lifecycle.ownership import Owner, Ownership
from exchange_online.names import type_of


def read_routing(rules: TransportRules) -> tuple[tuple[RoutingRule, ...], str]:
    """The transport rules that route mail, and why they could not be read; empty where they were."""
    try:
        return rules.all(), ""
    except AdminApiError as error:
        return (), f"nobody could look whether a transport rule routes partners' mail another way: {error}"


@dataclass(frozen=True)
class Before:
    """A connector before a write: its Guid, and its settings."""

    guid: str
    settings: ConnectorSettings


class TenantWays:
    """What is there beside the connectors of this stack, as it was when this run first looked. Thread-safe.

    Args:
        known: names and Guids of connectors and rules that are known and meant.
    """

    def __init__(
        self, listing: Listing, rules: TransportRules, ownership: Ownership, known: Iterable[str] = ()
    ) -> None:
        self._listing, self._rules, self._ownership = listing, rules, ownership
        self._known = tuple(known)
        self._locks = {direction: threading.Lock() for direction in Direction}
        self._others: dict[Direction, OtherWays] = {}
        self._routes: tuple[RoutingRule, ...] | None = None
        self._routes_lock = threading.Lock()
        #: Why nobody could look for transport rules; empty where somebody did.
        self.problem = ""

    def alarms(self, owner: Owner, settings: ConnectorSettings, guid: str = "") -> tuple[Way, ...]:
        """The ways by which mail of a connector can be refused, or go past its demands.

        Args:
            owner: the resource that the connector is of.
            settings: as it will be.
            guid: its own, where it is there already.

        Raises:
            AdminApiError: what cannot be read is not taken for absent.
        """
        found = self._beside(settings.direction, owner.mark).of(settings, guid)
        alarms = self._alarms(owner, found, settings)
        if alarms:
            # What the same program declares is judged there, also where it is about to be taken over.
            self._ownership.wait_for_declarations()
            alarms = self._alarms(owner, alarms, settings)
        return alarms

    def centralized(self, owner: Owner) -> tuple[Way, ...]:
        """The connectors that take all mail of the tenant to servers of one's own, whoever it is for."""
        anybody = OutboundSettings(name="", recipient_domains=("example.invalid",))
        found = self._beside(Direction.OUTBOUND, owner.mark).of(anybody)
        return tuple(way for way in self._alarms(owner, found, anybody) if way.kind is WayKind.CENTRALIZED)

    def refuse_what_is_refused(self, owner: Owner, before: Before | None, after: ConnectorSettings) -> tuple[Way, ...]:
        """The alarms about a connector that is about to be written.

        Args:
            before: as it was, also where another made it and it is taken over; None where it is new.

        Raises:
            WouldBeRefused: where its mail would be refused, and was not refused before.
        """
        guid = before.guid if before else ""
        found = self.alarms(owner, after, guid)
        refusing = [way for way in found if way.weight is Weight.REFUSES]
        if refusing and before is not None:
            already = {way.guid for way in self.alarms(owner, before.settings, guid) if way.weight is Weight.REFUSES}
            refusing = [way for way in refusing if way.guid not in already]
        if refusing:
            raise refusals.would_be_refused(after, refusing[0])
        return found

    def _alarms(self, owner: Owner, ways: Iterable[Way], settings: ConnectorSettings) -> tuple[Way, ...]:
        """Without what is the connector itself, which may be there without a mark, or another one of this program."""
        meant = (way.consented(self._known) for way in ways)
        return tuple(way for way in meant if way.is_alarm and not self._is_own(owner, way, settings))

    def _is_own(self, owner: Owner, way: Way, settings: ConnectorSettings) -> bool:
        return way.kind is not WayKind.RULE and (
            way.name.casefold() == settings.name.casefold()
            or self._ownership.declares_connector(type_of(owner.urn), way.name)
            or self._ownership.has(way.guid)
        )

    def look(self, *directions: Direction) -> None:
        """Asks for all that connectors of these directions are judged by, side by side, unless it is known.

        Raises:
            AdminApiError: what cannot be read is not taken for absent.
        """
        unknown = [direction for direction in directions if direction not in self._others]
        questions: list[Callable[[], object]] = [partial(self._listing.all, direction) for direction in unknown]
        if Direction.OUTBOUND in unknown:
            questions.append(self._routing)
        if questions:
            side_by_side(*questions)

    def _beside(self, direction: Direction, mark: Mark) -> OtherWays:
        with self._locks[direction]:
            if direction not in self._others:
                self.look(direction)
                records = (record for record in self._listing.all(direction) if record.mark != mark)
                others = [OtherConnector(record.guid, record.settings) for record in records]
                self._others[direction] = OtherWays(others, self._routing() if direction is Direction.OUTBOUND else ())
            return self._others[direction]

    def _routing(self) -> tuple[RoutingRule, ...]:
        with self._routes_lock:
            if self._routes is None:
                self._routes, self.problem = read_routing(self._rules)
            return self._routes
