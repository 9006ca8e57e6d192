"""Which connector belongs to which resource of this run, by its Guid; and to which stack, by its mark."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from exchange_online.connectors import ConnectorRecord, Mark
from exchange_online.lifecycle import refusals
from exchange_online.lifecycle.claims import Claim, ClaimKind, Claims
from exchange_online.names import type_of


@dataclass(frozen=True)
class Owner:
    """The resource that a call is made for.

    Attributes:
        urn: the resource's.
        recorded: the mark that the connector had when the state was written: that of the stack before it was renamed,
            or of the one that the resource was moved from.
    """

    urn: str
    recorded: Mark | None = None

    @property
    def mark(self) -> Mark:
        """That of the resource's stack."""
        return Mark.of(self.urn)

    @property
    def has_moved(self) -> bool:
        """Whether the mark on the connector is still that of an earlier stack of the resource."""
        return self.recorded not in (None, self.mark)

    def yields_to(self, record: ConnectorRecord) -> bool:
        """Whether another stack manages the connector of this resource now."""
        return record.mark not in (None, self.mark, self.recorded)


#: Seconds without a new declaration after which the program has probably declared what it can.
_QUIET = 0.25


class Leaving(Enum):
    """What becomes of a connector when a resource goes."""

    REMOVED = auto()
    #: Another resource has it.
    KEPT = auto()
    #: The program reads it, as `get` does, and declares it no more.
    READ = auto()
    #: The same resource has it, in a newer entry of the state.
    STAYS = auto()
    #: The resource stays, and the engine wants a new connector in its place.
    REPLACED = auto()


class Ownership:
    """What one run has seen of it; a provider process serves one run, beside others. Thread-safe.

    The engine tells no provider what is in the state. But whatever stays in the program is compared before anything
    is deleted, and that call holds its Guid; and a resource that is about to be replaced is checked without old inputs.
    Source: Pulumi's engine 3.259, step_generator.go (observed).

    Every method but `known` raises Misconfigured where the processes of the run cannot tell each other.

    Args:
        clock: seconds that only grow; tests replace it.
        engine: says where the run's engine listens, host:port; empty where the run has no other process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, engine: Callable[[], str] = str) -> None:
        self._clock = clock
        self._engine = engine
        self._claims: Claims | None = None
        self._lock = threading.Lock()
        self._last_declared = clock()
        #: By Guid, the resources that the state has and the program declares.
        self._stays: dict[str, Owner] = {}
        #: The connectors that the program declares, or is going to, by type token and name.
        self._declared: set[tuple[str, str]] = set()
        #: The same the other way round: of thousands, one is looked for at each call.
        self._guids: dict[str, str] = {}
        #: Guids that a create of this run has given to a resource, and these resources.
        self._given: dict[str, str] = {}
        self._given_to: set[str] = set()
        #: Guids of connectors that the program reads by their ids.
        self._read: set[str] = set()
        #: The resources that the program declares, and whether the engine gave no old inputs when it last did.
        self._as_new: dict[str, bool] = {}

    def announce(self, type_token: str, name: str) -> None:
        """The program, in its own process, is going to declare a connector of this name.

        Its provider hears so before it is asked to create another one. It cannot wait until it is asked for all: the
        SDK's server answers four calls at once, and creates that wait leave none for what is still to be declared.
        """
        with self._lock:
            self._tell(Claim(ClaimKind.ANNOUNCED, type=type_token, name=name))

    def checked(self, urn: str, *, as_new: bool, name: str = "") -> None:
        """The program declares the resource.

        Args:
            as_new: whether the engine gave no old inputs.
            name: the connector's, as far as it is known.
        """
        with self._lock:
            self._tell(Claim(ClaimKind.DECLARED, urn, as_new=as_new))
            self._last_declared = self._clock()
            self._as_new[urn] = as_new
            self._declares(type_of(urn), name)

    def stays(self, owner: Owner, guid: str, named: str) -> None:
        """The state has the resource, and the program declares it.

        A refresh compares too, under the name that the state has, and what it compares need not be declared any more.

        Args:
            named: what the connector is called, for the refusal.

        Raises:
            AlreadyExists: where another resource of the program has the connector.
        """
        with self._lock:
            if owner.urn not in self._as_new:
                return
            self._tell(Claim(ClaimKind.STAYS, owner.urn, guid))
            for other in self._having(guid) - {owner.urn}:
                raise refusals.had_twice(named, guid, _name(other), _name(owner.urn))
            self._stays[guid] = owner
            self._guids.setdefault(owner.urn, guid)

    def reads(self, guid: str) -> None:
        """The program reads a connector that it does not declare. If it did so before, the engine deletes it then."""
        with self._lock:
            self._tell(Claim(ClaimKind.READ, guid=guid))
            self._read.add(guid)

    def declares_connector(self, type_token: str, name: str) -> bool:
        """Whether the program declares a connector of this name, or has said that it will."""
        with self._lock:
            self._hear()
            return (type_token, name.casefold()) in self._declared

    def declares(self, urn: str) -> bool:
        """Whether the program has declared the resource in this run; a refresh knows no program."""
        with self._lock:
            self._hear()
            return urn in self._as_new

    def known(self, urn: str) -> tuple[str, Owner] | None:
        """The Guid that a resource has according to the state, as far as this run has compared it, and the resource."""
        with self._lock:
            guid = self._guids.get(urn)
            return None if guid is None else (guid, self._stays[guid])

    def has(self, guid: str) -> bool:
        """Whether a resource of this program has the connector, as far as this run knows."""
        with self._lock:
            self._hear()
            return bool(self._having(guid))

    def wait_for_declarations(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Returns when the program has declared nothing for a moment.

        The engine creates the first resources while the program still declares others, one of which may have the
        connector that a create is about to take over.
        """
        while True:
            with self._lock:
                self._hear()
                pause = self._last_declared + _QUIET - self._clock()
            if pause <= 0:
                return
            sleep(pause)

    def refuse_if_had(self, urn: str, record: ConnectorRecord) -> None:
        """Raises AlreadyExists where another resource of the program has the connector."""
        with self._lock:
            self._hear()
            self._refuse_if_had(urn, record)

    def give(self, urn: str, record: ConnectorRecord) -> None:
        """A create of this run gives the connector to its resource.

        Raises:
            AlreadyExists: where another resource of the program has it.
        """
        with self._lock:
            # What is refused is not to be told, except where two ask at the same moment.
            self._hear()
            self._refuse_if_had(urn, record)
            self._tell(Claim(ClaimKind.GIVEN, urn, record.guid))
            self._refuse_if_had(urn, record)
            self._given[record.guid] = urn
            self._given_to.add(urn)

    def leaving(self, urn: str, guid: str) -> Leaving:
        """What becomes of the connector of a resource, or of an older entry of it, that the engine deletes."""
        with self._lock:
            self._hear()
            having = self._having(guid)
            if having - {urn}:
                return Leaving.KEPT
            if guid in self._read:
                return Leaving.READ
            if self._given.get(guid) == urn:
                return Leaving.STAYS
            if urn in self._given_to:
                return Leaving.REMOVED
            if self._as_new.get(urn):
                return Leaving.REPLACED
            return Leaving.STAYS if having else Leaving.REMOVED

    def _tell(self, claim: Claim) -> None:
        if claims := self._joined():
            self._take_in(claims.tell(claim))

    def _hear(self) -> None:
        if claims := self._joined():
            self._take_in(claims.hear())

    def _joined(self) -> Claims | None:
        if self._claims is None:
            self._claims = Claims.of(self._engine())
        return self._claims

    def _take_in(self, claims: Iterable[Claim]) -> None:
        """What the other processes say; who was there first has a connector."""
        for claim in claims:
            match claim.kind:
                case ClaimKind.DECLARED:
                    self._last_declared = self._clock()
                    self._as_new[claim.urn] = claim.as_new
                case ClaimKind.STAYS:
                    self._stays.setdefault(claim.guid, Owner(claim.urn))
                case ClaimKind.GIVEN:
                    self._given.setdefault(claim.guid, claim.urn)
                    self._given_to.add(claim.urn)
                case ClaimKind.READ:
                    self._read.add(claim.guid)
                case ClaimKind.ANNOUNCED:
                    self._declares(claim.type, claim.name)

    def _declares(self, type_token: str, name: str) -> None:
        if name:
            self._declared.add((type_token, name.casefold()))

    def _having(self, guid: str) -> set[str]:
        """The resources that have a connector: one, where nothing is wrong."""
        stays, given = self._stays.get(guid), self._given.get(guid)
        return {*([stays.urn] if stays else []), *([given] if given else [])}

    def _refuse_if_had(self, urn: str, record: ConnectorRecord) -> None:
        if self._given.get(record.guid, urn) != urn:
            raise refusals.declared_twice(record)
        for other in self._having(record.guid) - {urn}:
            raise refusals.managed_already(record, _name(other))


def _name(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[-1]
