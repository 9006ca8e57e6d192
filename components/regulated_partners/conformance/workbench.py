"""What an experiment works with: calls whose answers are kept, and connectors of its own, which go away again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from exchange_online.admin_api import (
    AccessDenied,
    AccessToken,
    AdminApi,
    AdminApiError,
    ConnectorCmdlets,
    Effect,
    JsonValue,
    NotFound,
    Request,
    Unavailable,
)
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import Answer, Sent, in_words
from regulated_partners.conformance.experiment import UndecidedError

#: Every object of this command is called so, followed by the mark of its run.
PREFIX = "regulated-partners-conformance-"

#: A name of ours, in any case: the mark is 8 random hexadecimal digits.
OURS = re.compile(rf"{PREFIX}(?P<mark>[0-9a-f]{{8}})\b", re.IGNORECASE)

#: Seconds before each look at what a write has done; reads can lag behind. Source: exchange-wire 8.4 (assumed).
LOOKS = (0.0, 1.0, 2.0, 4.0, 8.0)

#: Seconds before a transport rule is given a connector that was just made, and before one counts as used by it.
#: Source: exchange-wire 8.4 (observed:single: a public script waits so long).
_RULES_SEE_AFTER = 15.0

#: What the cmdlets of transport rules are called.
RULE = "TransportRule"

#: What is left out of a New-, by its value.
ABSENT = object()

#: An outbound connector that only a transport rule sends mail through.
SCOPED: Mapping[str, object] = {"IsTransportRuleScoped": True, "RecipientDomains": []}


@dataclass(frozen=True)
class Mark:
    """What tells the objects of one run from all others: a random word, in their names and in their domains."""

    word: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def name(self) -> str:
        """How the name of each object begins."""
        return f"{PREFIX}{self.word}"

    @property
    def domain(self) -> str:
        """A domain that nobody can have (RFC 2606)."""
        return f"c{self.word}.example"


@dataclass(frozen=True)
class Listed:
    """What a listing shows of the run's own connectors, by their Guids in lower case, and its warnings."""

    guids: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


@dataclass
class Workbench:
    """One tenant, one run.

    Attributes:
        pause: waits that many seconds.
        sent: the calls of the experiment that goes on.
        first: the answer to the first New- of each direction.
        is_unsettled: whether a write may still take effect whose answer never came.
    """

    api: AdminApi
    mark: Mark
    pause: Callable[[float], None]
    sent: list[Sent] = field(default_factory=list)
    first: dict[Direction, Answer] = field(default_factory=dict)
    is_unsettled: bool = False
    _standing: dict[Direction, str] = field(default_factory=dict)
    _made: list[tuple[str, str]] = field(default_factory=list)
    _crowd: frozenset[str] = frozenset()
    _names: int = 0

    @cached_property
    def cmdlets(self) -> ConnectorCmdlets:
        """The connectors, typed."""
        return ConnectorCmdlets(self.api)

    def call(
        self, cmdlet: str, parameters: Mapping[str, JsonValue], effect: Effect = Effect.READ, **headers: str
    ) -> Answer:
        """Sends one call; a name of `headers` stands for one with hyphens.

        Raises:
            AdminApiError: for no answer, and where the application may not call the cmdlet.
        """
        request = self.api.request(cmdlet, parameters)
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        note = ", ".join(f"{name}: {value}" for name, value in changed.items())
        wanted = {name.lower() for name in changed}
        kept = {name: value for name, value in request.headers.items() if name.lower() not in wanted}
        return self.send(replace(request, headers=kept | changed), cmdlet, parameters, effect, note=note)

    def send(
        self,
        request: Request,
        cmdlet: str,
        parameters: Mapping[str, JsonValue] | None,
        effect: Effect = Effect.READ,
        *,
        note: str = "",
        token: AccessToken | None = None,
    ) -> Answer:
        """Sends a request as it stands, and keeps the answer. Raises AdminApiError.

        Args:
            note: what is unusual about the request, for the report.
            token: instead of the application's own.
        """
        names = (parameters or {}).get("Identity"), (parameters or {}).get("Name")
        writes = [name for name in names if isinstance(name, str)] or [self.mark.name]
        reads, where = effect is Effect.READ, f"Trying {cmdlet}"
        try:
            got = self.api.observe(request, effect=effect, where=where, writes=() if reads else writes, token=token)
        except BaseException:
            self.is_unsettled = self.is_unsettled or not reads
            raise
        answer = Answer(got.status, got.headers, got.body.content, where)
        self.sent.append(Sent(cmdlet, parameters, answer, note))
        return answer

    def name(self) -> str:
        """A name that nothing has."""
        self._names += 1
        return f"{self.mark.name} {self._names}"

    def parameters(self, direction: Direction, changes: Mapping[str, object]) -> dict[str, Any]:
        """What a connector is made with: disabled, for a domain that nobody can have; ABSENT leaves something out."""
        domains = "SenderDomains" if direction is Direction.INBOUND else "RecipientDomains"
        usual = {"Name": self.name(), domains: [self.mark.domain], "Enabled": False}
        return {name: value for name, value in {**usual, **changes}.items() if value is not ABSENT}

    def new(self, direction: Direction, changes: Mapping[str, object] | None = None) -> Answer:
        """Tries to make a connector. Raises AdminApiError."""
        answer = self.call(f"New-{direction}", self.parameters(direction, changes or {}), Effect.CREATE)
        if answer.accepted:
            self._made += [(direction.value, str(row["Guid"])) for row in answer.rows if row.get("Guid")]
        return answer

    def made(self, direction: Direction, changes: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """The row of a connector that was made. Raises UndecidedError where it is refused."""
        answer = self.new(direction, changes)
        if not answer.accepted or not answer.rows:
            raise UndecidedError(f"a connector that it takes could not be made: {in_words(answer)}")
        return answer.rows[0]

    def new_rule(self, changes: Mapping[str, JsonValue]) -> Answer:
        """Tries to make a transport rule, disabled and for a domain that nobody can have. Raises AdminApiError."""
        usual: dict[str, JsonValue] = {"Name": self.name(), "Enabled": False, "RecipientDomainIs": [self.mark.domain]}
        answer = self.call(f"New-{RULE}", {**usual, **changes}, Effect.CREATE)
        if answer.accepted:
            self._made.insert(0, (RULE, str(usual["Name"])))
        return answer

    def set(self, direction: Direction, guid: str, changes: Mapping[str, Any]) -> Answer:
        """Tries to change a connector. Raises AdminApiError."""
        return self.call(f"Set-{direction}", {"Identity": guid, **changes}, Effect.IDEMPOTENT)

    def changed(self, direction: Direction, guid: str, changes: Mapping[str, JsonValue]) -> None:
        """Changes a connector. Raises UndecidedError where that is refused."""
        answer = self.set(direction, guid, changes)
        if not answer.accepted:
            raise UndecidedError(f"a change that it takes was refused: {in_words(answer)}")

    def row(
        self, direction: Direction, guid: str, until: Callable[[Mapping[str, Any]], bool] = lambda _: True
    ) -> Mapping[str, Any]:
        """A connector's row, looked at again for as long as a write may not show yet.

        Raises:
            UndecidedError: where no answer shows it.
        """
        return self._shown(direction.value, guid, lambda row: str(row.get("Guid", "")).lower() == guid.lower(), until)

    def rule(self, name: str, until: Callable[[Mapping[str, Any]], bool] = lambda _: True) -> Mapping[str, Any]:
        """A transport rule's row, looked at as a connector's is. Raises UndecidedError where no answer shows it."""
        return self._shown(RULE, name, lambda row: row.get("Name") == name, until)

    def _shown(
        self,
        noun: str,
        identity: str,
        is_meant: Callable[[Mapping[str, Any]], bool],
        until: Callable[[Mapping[str, Any]], bool],
    ) -> Mapping[str, Any]:
        found: Mapping[str, Any] | None = None
        for _ in self.looks():
            answer = self.call(f"Get-{noun}", {"Identity": identity})
            found = next(filter(is_meant, answer.rows), found)
            if found is not None and until(found):
                return found
        if found is None:
            raise UndecidedError(f"a {'rule' if noun == RULE else 'connector'} that was just made is not shown")
        return found

    def prepare(self, direction: Direction) -> None:
        """Makes the connector of a direction that stands through the run; what the answer was is kept either way."""
        answer = self.new(direction)
        self.first[direction] = answer
        if isinstance(answer.error, AccessDenied):
            raise answer.error
        if answer.accepted and answer.rows:
            self._standing[direction] = str(answer.rows[0].get("Guid", "")).lower()
            self._made.clear()

    def standing(self, direction: Direction) -> str:
        """The Guid of the connector of a direction that is there through the run. Raises UndecidedError."""
        if guid := self._standing.get(direction):
            return guid
        said = in_words(self.first[direction]) if direction in self.first else "nothing was sent"
        raise UndecidedError(f"the tenant takes no {direction.word} connector: {said}")

    def remember(self, direction: Direction, guid: str) -> None:
        """Has a connector removed after the experiment that somebody else made for it."""
        self._made.append((direction.value, guid))

    def looks(self) -> Iterator[None]:
        """As often as it is worth to look at what a write has done, with a pause before each."""
        for seconds in LOOKS:
            if seconds:
                self.pause(seconds)
            yield

    def listed(
        self, direction: Direction, until: Callable[[Listed], bool] = lambda _: True, **parameters: JsonValue
    ) -> Listed:
        """A whole listing, looked at again for as long as a write may not show yet. Raises AdminApiError."""
        found = Listed()
        for _ in self.looks():
            answer = self.api.invoke(f"Get-{direction}", parameters, effect=Effect.READ)
            own = [row for row in answer.rows if self.is_own(str(row.get("Name", "")))]
            guids = frozenset(str(row.get("Guid", "")).lower() for row in own)
            found = Listed(guids, answer.warnings)
            if until(found):
                break
        return found

    def crowd(self) -> None:
        """Has three outbound connectors at least in the tenant, beside whatever it has, until the end of the run.

        Raises:
            UndecidedError: where they are not there.
        """
        if self._crowd:
            return
        crowd = frozenset(str(self.made(Direction.OUTBOUND)["Guid"]).lower() for _ in range(2))
        if not crowd <= self.listed(Direction.OUTBOUND, lambda found: crowd <= found.guids).guids:
            raise UndecidedError("connectors that were just made are not shown")
        self._crowd = crowd
        self._made.clear()

    def routed(self) -> str:
        """The Guid of an outbound connector that a transport rule of our own uses. Raises UndecidedError."""
        connector = self.made(Direction.OUTBOUND, SCOPED)
        self.pause(_RULES_SEE_AFTER)
        rule = self.new_rule({"RouteMessageOutboundConnector": str(connector["Name"])})
        if not rule.accepted:
            raise UndecidedError(f"a transport rule could not be made: {in_words(rule)}")
        self.pause(_RULES_SEE_AFTER)
        return str(connector["Guid"])

    def is_own(self, name: str) -> bool:
        """Whether a name is one of this run."""
        return name.casefold().startswith(self.mark.name)

    def tidy(self) -> None:
        """Removes what the experiment has made; what stays is left to the sweep."""
        while self._made:
            noun, identity = self._made.pop(0)
            try:
                remove(self.api, noun, identity)
            except Unavailable:
                raise
            except AdminApiError:
                continue


def remove(api: AdminApi, noun: str, identity: str) -> None:
    """Removes an object; one that is gone already is fine. Raises AdminApiError."""
    try:
        api.invoke(f"Remove-{noun}", {"Identity": identity, "Confirm": False}, effect=Effect.IDEMPOTENT)
    except NotFound:
        return
