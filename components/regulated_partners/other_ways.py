"""The other ways that partners' mail can take in the tenant: looked for before anything is sent, and on every look.

One listing of the tenant is read for it, which a preview or a refresh that follows need not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from exchange_online.admin_api import AdminApi, AdminApiError, Connection, TransportRules
from exchange_online.admin_api.window import side_by_side
from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    Mark,
    OtherConnector,
    OtherWays,
    RoutingRule,
    Way,
    Weight,
    listed,
)
from exchange_online.lifecycle import HandedOn, Snapshot, handing_on, read_routing
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.engine.state import deployed_by_plugin
from regulated_partners.errors import CannotRunError
from regulated_partners.markdown import escaped
from regulated_partners.partners.settings import texts
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.text import printable

#: Ways in a text; what is left out is counted.
_MOST = 30
#: In a comment of a pull request, which the changes need more.
_MOST_IN_A_COMMENT = 15

#: A connector, and who owns it: its partner, or itself.
Subject = tuple[str, ConnectorSettings]

_WORDS = {Weight.REFUSES: "error", Weight.TAKES: "warning", Weight.NOTE: "note"}


@dataclass(frozen=True)
class PartnersWay:
    """A way, and whose mail it is.

    Attributes:
        way: it.
        owners: the names of the partners, or of the connectors beside them, each once.
    """

    way: Way
    owners: tuple[str, ...]

    def __str__(self) -> str:
        return printable(f"{listed(self.owners, 'and')}, {self.way.direction.word}: {self.way.text}")

    def as_object(self) -> Mapping[str, object]:
        """For JSON."""
        return {
            "partners": list(self.owners),
            "direction": self.way.direction.word,
            "weight": self.way.weight.value,
            "kind": self.way.kind.value,
            "name": self.way.name,
            "id": self.way.guid or None,
            "text": self.way.text,
        }


@dataclass(frozen=True)
class Look:
    """What one look at the tenant found.

    Attributes:
        ways: every way, the gravest first.
        snapshot: the connectors of the tenant; None where they could not be read.
        problem: why nobody could look at all of it; empty where somebody did.
    """

    ways: tuple[PartnersWay, ...] = ()
    snapshot: Snapshot | None = None
    problem: str = ""

    @property
    def alarms(self) -> tuple[PartnersWay, ...]:
        """Those by which mail can be refused, or go past what is declared."""
        return tuple(found for found in self.ways if found.way.is_alarm)

    @property
    def refusing(self) -> tuple[PartnersWay, ...]:
        """Those that refuse mail of partners."""
        return tuple(found for found in self.ways if found.way.weight is Weight.REFUSES)

    def of(self, owner: str) -> tuple[PartnersWay, ...]:
        """Those of the mail of one partner."""
        return tuple(found for found in self.ways if owner in found.owners)

    def as_object(self) -> Mapping[str, object]:
        """For JSON: without the problem an empty list would read as if somebody had looked."""
        return {"otherWays": [found.as_object() for found in self.ways], "otherWaysProblem": self.problem or None}

    def lines(self) -> Iterator[str]:
        """For a terminal or a log, each without a line break."""
        for found in self.ways[:_MOST]:
            yield f"{_WORDS[found.way.weight]}: {found}"
        if len(self.ways) > _MOST:
            yield f"note: {len(self.ways) - _MOST} more other ways; `regulated-partners inventory --json` lists all."
        if self.problem:
            yield f"warning: {printable(self.problem)}"
        if self.refusing:
            yield (
                "error: mail of partners would be refused, as shown. Have it meet that restriction too, or name the "
                "connector in regulated-partners:knownWays if that is meant."
            )

    def markdown(self) -> str:
        """A section of a comment; empty where there is nothing to say."""
        alarms = self.alarms
        if not alarms and not self.problem:
            return ""
        lines = ["", "### Other ways that this mail can take", ""]
        lines += [f"- **{_WORDS[found.way.weight]}**: {escaped(str(found))}" for found in alarms[:_MOST_IN_A_COMMENT]]
        if len(alarms) > _MOST_IN_A_COMMENT:
            lines.append(f"- {len(alarms) - _MOST_IN_A_COMMENT} more")
        if self.problem:
            lines.append(f"- {escaped(printable(self.problem))}")
        return "\n".join([*lines, ""])


def look(stack: StackFile, connection: Connection, pulumi: PulumiCli, handed_on: HandedOn | None = None) -> Look:
    """Looks at the tenant of a stack. Reads only, and never raises for what the service answers.

    Args:
        stack: whose partners and connectors are looked at, as declared; where it declares none, as deployed by a
            program that declares them with the plugin.
        pulumi: reads what is deployed.
        handed_on: where the listings are kept for others.
    """
    subjects = list(_subjects(stack)) or _deployed(stack, pulumi)
    with AdminApi(connection) as api:
        return look_with(api, stack, subjects, handed_on)


def _deployed(stack: StackFile, pulumi: PulumiCli) -> list[Subject]:
    try:
        return list(deployed_by_plugin(pulumi.export(stack.name)))
    except CannotRunError:
        # A stack that was never applied has none; whatever else it is, the command that follows says it.
        return []


def look_with(
    api: AdminApi, stack: StackFile, subjects: Sequence[Subject] | None = None, handed_on: HandedOn | None = None
) -> Look:
    """The same with a client that is there already; `subjects` as `ways_of` takes them."""
    try:
        snapshot, (rules, problem) = side_by_side(
            partial(Snapshot.take, api, handed_on), partial(read_routing, TransportRules(api))
        )
    except AdminApiError as error:
        return _not_looked(error)
    return Look(ways_of(stack, snapshot, rules, subjects), snapshot, problem)


@contextmanager
def looked_at(
    stack: StackFile, pulumi: PulumiCli, environ: Mapping[str, str]
) -> Iterator[tuple[Look, Mapping[str, str]]]:
    """Looks before a command that only reads, and hands on what was listed.

    Yields:
        What was found, and the variables by which the command's processes need not list the tenant again.
    """
    with handing_on() as handed_on:
        try:
            found = look(stack, stack_connection(stack, pulumi.config_secret, environ), pulumi, handed_on)
        except (AdminApiError, CannotRunError) as error:
            found = _not_looked(error)
        yield found, handed_on.variables


def _not_looked(error: Exception) -> Look:
    return Look(problem=f"nobody could look for other ways of the partners' mail in the tenant: {error}")


def ways_of(
    stack: StackFile, snapshot: Snapshot, rules: Sequence[RoutingRule], subjects: Sequence[Subject] | None = None
) -> tuple[PartnersWay, ...]:
    """The ways of the mail of a stack's connectors, past connectors that are not its own.

    Args:
        subjects: the connectors, where the stack file does not declare them.
    """
    subjects = list(_subjects(stack)) if subjects is None else subjects
    own = {(settings.direction, settings.name.casefold()) for _, settings in subjects}
    mark = Mark(stack.project, stack.name.rpartition("/")[2])
    guids = {(record.direction, record.name.casefold()): record.guid for record in snapshot.connectors}
    others = OtherWays(
        (
            OtherConnector(record.guid, record.settings)
            for record in snapshot.connectors
            if record.mark != mark and (record.direction, record.name.casefold()) not in own
        ),
        rules,
    )
    known = texts(stack.settings.known_ways)
    found: dict[Way, list[str]] = {}
    for owner, settings in subjects:
        for way in others.of(settings, guids.get((settings.direction, settings.name.casefold()), "")):
            owners = found.setdefault(way.consented(known), [])
            if owner not in owners[-1:]:
                owners.append(owner)
    weights = list(Weight)
    ordered = sorted(found.items(), key=lambda item: (weights.index(item[0].weight), item[1][0].casefold()))
    return tuple(PartnersWay(way, tuple(owners)) for way, owners in ordered)


def _subjects(stack: StackFile) -> Iterable[Subject]:
    """What the stack declares, as far as it can be read here: domains that are secret only the engine knows."""
    for pair in stack.declared.pairs:
        if not any(place.startswith("domains") for place in pair.secret):
            for direction in Direction:
                yield pair.name, pair.half(direction).settings
    for connector in stack.declared.connectors:
        yield connector.name, connector.settings
