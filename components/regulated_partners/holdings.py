"""What the tenant holds when a run begins: whether what the run creates has room there, and what belongs to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from exchange_online.admin_api import QUOTED_LIMITS, AdminApi, AdminApiError
from exchange_online.connectors import Direction, Mark, listed
from exchange_online.lifecycle import HandedOn, Snapshot
from regulated_partners.engine.checkpoints import Changes
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.plan import Operation, Plan
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.text import printable


def held(pulumi: PulumiCli, handed_on: HandedOn) -> Snapshot | str:
    """The connectors of a stack's tenant; a sentence where they could not be read. Reads only.

    Args:
        handed_on: where the listings are kept for the processes of the run.
    """
    try:
        with AdminApi(stack_connection(pulumi.stack, pulumi.config_secret, pulumi.environment)) as api:
            return Snapshot.take(api, handed_on)
    except (AdminApiError, CannotRunError) as error:
        return f"nobody could look what the tenant holds: {error}"


def created_by(plan: Plan) -> Changes:
    """What a plan creates; a connector that it takes over is there already."""
    created = Counter(
        connector.direction
        for connector in plan.connectors
        if connector.operation is Operation.CREATE and not connector.adopts
    )
    return Changes(created)


def room(snapshot: Snapshot, planned: Changes) -> Iterator[str]:
    """Lines about how full the tenant is and will be, where many are created or it would hold more than it may.

    Args:
        snapshot: what it holds.
        planned: what the run will do.
    """
    created = planned.created
    before = {direction: len(snapshot.of(direction)) for direction in Direction}
    after = {direction: before[direction] + created.get(direction, 0) for direction in Direction}
    full = [
        direction for direction in Direction if created.get(direction) and after[direction] > QUOTED_LIMITS[direction]
    ]
    if not full and not planned.creates_many:
        return
    yield (
        f"The tenant holds {_counted(before)} connectors, and {_counted(after)} after this run. It is said that a "
        f"tenant can hold {_counted(QUOTED_LIMITS)} ones (figures of one administrator in 2021, unconfirmed: Microsoft "
        "documents none)."
    )
    if full:
        words = " and ".join(direction.word for direction in full)
        yield (
            f"warning: so many {words} connectors are more than is said to be possible. Where the service refuses the "
            "rest, what is made stays, and is known. Have removed what nobody uses (`regulated-partners inventory` "
            "lists all), or put the domains of several partners into one."
        )


def _counted(numbers: Mapping[Direction, int]) -> str:
    return " and ".join(f"{numbers[direction]:,} {direction.word}" for direction in Direction)


def left_behind(snapshot: Snapshot, stack: StackFile, planned: Changes, *, destroyed: bool = False) -> str:
    """A sentence about connectors with the mark of a stack that neither its state nor its declarations have.

    Args:
        snapshot: what the tenant holds.
        stack: the stack.
        planned: what the run will do, and what its state has.
        destroyed: whether the declarations do not count either, because everything is to go.

    Returns:
        The sentence; empty where there are none.
    """
    if planned.recorded is None:
        return ""
    own = Mark(stack.project, stack.name.rpartition("/")[2])
    declared = set() if destroyed else set(_declared(stack))
    left = [
        record.name
        for record in snapshot.connectors
        if record.mark == own
        and record.guid.lower() not in planned.recorded
        and (record.direction, record.name.casefold()) not in declared
    ]
    if not left:
        return ""
    names = listed([f"'{printable(name)}'" for name in left], "and")
    many = len(left) > 1
    them, have = ("them", "carry") if many else ("it", "carries")
    what = f"{len(left)} connector{'s' if many else ''} of the tenant {have} this stack's mark"
    if destroyed:
        return (
            f"warning: {what} and {'are' if many else 'is'} not in its state, so destroy leaves {them}: {names}. A run "
            f"that was killed has left {them}. `regulated-partners up --stack {stack.name}` takes over what is "
            "declared, then destroy again; the rest is to be removed in the admin centre."
        )
    return (
        f"warning: {what}, and neither its state nor its declarations have {them}: {names}. A run that was killed "
        f"before the declarations changed has left {them}, or somebody took {them} out of the state. Under the same "
        f"name declared again, this stack takes {them} over; else have {them} removed in the admin centre."
    )


def _declared(stack: StackFile) -> Iterator[tuple[Direction, str]]:
    for pair in stack.declared.pairs:
        for half in (pair.inbound, pair.outbound):
            yield half.direction, half.settings.name.casefold()
    for connector in stack.declared.connectors:
        yield connector.direction, connector.name.casefold()
