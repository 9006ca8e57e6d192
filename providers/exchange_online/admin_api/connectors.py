"""The cmdlets of connectors, and of the transport rules that route to them, typed: rows become records."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from exchange_online.admin_api.client import AdminApi
from exchange_online.admin_api.errors import Ambiguous, Failure, NotFound, UnexpectedAnswer
from exchange_online.admin_api.exchange import Answer
from exchange_online.admin_api.settings import Tenant
from exchange_online.admin_api.waiting import Effect, LongFailure
from exchange_online.admin_api.window import side_by_side
from exchange_online.admin_api.wire import JsonValue
from exchange_online.connectors import CmdletParameters, ConnectorRecord, Direction, RoutingRule, record_from_row

#: The calls of `Get-` that show all connectors. Test-mode outbound ones are hidden from a plain one, and sources
#: disagree whether the switch adds them or shows only them: both calls are made, and merged by Guid.
#: Source: connector-semantics 4.1 (CONFLICT).
_SWITCHES: Mapping[Direction, tuple[Mapping[str, JsonValue], ...]] = {
    Direction.INBOUND: ({},),
    Direction.OUTBOUND: ({}, {"IncludeTestModeConnectors": True}),
}


@dataclass(frozen=True)
class Written:
    """What a write answered: the record if the service sent one, and its warnings."""

    record: ConnectorRecord | None
    warnings: tuple[str, ...]


class ConnectorCmdlets:
    """`Get-`, `New-`, `Set-` and `Remove-` of both kinds of connector. Thread-safe, keeps nothing.

    Every method raises the typed errors of `admin_api.errors`.
    """

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def tenant(self) -> Tenant:
        """The tenant that has them."""
        return self._api.tenant()

    def list(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """Every connector of the tenant in a direction, test-mode ones included, each once."""
        listings = side_by_side(*(partial(self._get, direction, switches) for switches in _SWITCHES[direction]))
        return tuple({record.guid: record for listing in listings for record in listing}.values())

    def get(self, direction: Direction, guid: str) -> ConnectorRecord | None:
        """One connector by its Guid; None if no answer shows it, which is no proof that it is gone.

        A missing Identity is answered with an error as a rule, or with every connector, or with that it is ambiguous:
        only a row with this Guid counts, and an Identity that tells nothing is looked for among all.
        Source: exchange-wire, addendum; connector-semantics 4.1 (CONFLICT); CIPP-API PR #1568 (ambiguous).
        """
        for switches in _SWITCHES[direction]:
            with suppress(NotFound):
                for record in self._identified(direction, guid, switches):
                    if record.guid == guid:
                        return record
        return None

    def _identified(
        self, direction: Direction, guid: str, switches: Mapping[str, JsonValue]
    ) -> tuple[ConnectorRecord, ...]:
        try:
            return self._get(direction, {"Identity": guid, **switches})
        except Ambiguous:
            return self._get(direction, switches)

    def new(self, direction: Direction, parameters: CmdletParameters) -> Written:
        """Creates a connector.

        Raises:
            OutcomeUnknown: when no answer says whether it exists now: look for its name before trying again.
        """
        answer = self._api.invoke(f"New-{direction}", parameters, effect=Effect.CREATE)
        rows = self._records(direction, answer)
        return Written(rows[0] if rows else None, answer.warnings)

    def set(self, direction: Direction, guid: str, parameters: CmdletParameters, name: str = "") -> Written:
        """Changes the given parameters of a connector and no others. Raises NotFound if it is gone.

        Args:
            name: what it is called until then: nobody else takes that name while it is being given up.
        """
        answer = self._api.invoke(
            f"Set-{direction}", {"Identity": guid, **parameters}, effect=Effect.IDEMPOTENT, touches=(name,)
        )
        return Written(None, answer.warnings)

    def take_out(self, direction: Direction, guid: str, values: Mapping[str, Sequence[str]]) -> None:
        """Takes values out of the lists that hold them, by parameter. Raises NotFound if the connector is gone."""
        lists = {name: {"Remove": list(items)} for name, items in values.items()}
        self._api.invoke(f"Set-{direction}", {"Identity": guid, **lists}, effect=Effect.IDEMPOTENT)

    def remove(self, direction: Direction, guid: str, name: str = "") -> None:
        """Removes a connector. Raises NotFound if it is gone.

        Args:
            name: what it is called, which nobody else takes meanwhile.
        """
        parameters: CmdletParameters = {"Identity": guid, "Confirm": False}
        self._api.invoke(f"Remove-{direction}", parameters, effect=Effect.IDEMPOTENT, touches=(name,))

    def _get(self, direction: Direction, parameters: Mapping[str, JsonValue]) -> tuple[ConnectorRecord, ...]:
        return self._records(direction, self._api.invoke(f"Get-{direction}", parameters, effect=Effect.READ))

    def _records(self, direction: Direction, answer: Answer) -> tuple[ConnectorRecord, ...]:
        try:
            return tuple(record_from_row(direction, row) for row in answer.rows)
        except ValueError as error:
            advice = "Report it: the listing is not complete."
            failure = Failure(f"Get-{direction}", str(error), advice, request_id=answer.request_id)
        raise UnexpectedAnswer(failure) from None


class TransportRules:
    """The tenant's transport rules that route to a connector, listed once per process. Thread-safe."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._failure = LongFailure()
        self._routes: tuple[RoutingRule, ...] | None = None

    def routing_to(self, guid: str, names: Iterable[str]) -> tuple[str, ...]:
        """The names of the rules that route mail to the connector, which rules call by Guid or by one of its names.

        Source: New-TransportRule, RouteMessageOutboundConnector (Name, DN or GUID).

        Raises:
            AdminApiError: what cannot be read is not taken for absent.
        """
        called = {guid.lower(), *(name.lower() for name in names)}
        return tuple(rule.name for rule in self.all() if rule.connector.lower() in called)

    def all(self) -> tuple[RoutingRule, ...]:
        """Every rule that routes to a connector, in force or not. Raises AdminApiError."""
        with self._lock:
            if self._routes is None:
                with self._failure.shared():
                    answer = self._api.invoke("Get-TransportRule", {}, effect=Effect.READ)
                self._routes = tuple(_rule(row) for row in answer.rows if row.get("RouteMessageOutboundConnector"))
            return self._routes


def _rule(row: Mapping[str, object]) -> RoutingRule:
    """Source: Get-TransportRule, State, Mode, RecipientDomainIs: a domain and its subdomains."""
    return RoutingRule(
        name=str(row.get("Name", "")),
        guid=str(row.get("Guid") or ""),
        connector=_last_part(row["RouteMessageOutboundConnector"]),
        # What does not say that it is off is taken for one that is on.
        in_force=str(row.get("State", "")) != "Disabled" and not str(row.get("Mode", "")).startswith("Audit"),
        recipient_domains=_domains(row.get("RecipientDomainIs")),
        spared_domains=_domains(row.get("ExceptIfRecipientDomainIs")),
    )


def _domains(value: object) -> tuple[str, ...]:
    return tuple(str(item).strip().lower().rstrip(".") for item in value or ()) if isinstance(value, list) else ()


def _last_part(connector: object) -> str:
    """A connector may be called by its path; the name is the last part (assumed)."""
    return str(connector).rpartition("/")[2].rpartition("\\")[2]
