"""Makes a review of a plan. Pure: the same plan and day give the same review."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from exchange_online.connectors import (
    SECRET,
    Change,
    ConnectorSettings,
    Direction,
    Value,
    changes,
    collapsed,
    itemized,
    listed,
    mail_flow,
    parameters,
)
from exchange_online.connectors.coverage import domains_difference
from regulated_partners.effects import (
    KINDS,
    Effect,
    EffectKind,
    classify,
    neutral,
    ordered,
    outage_risk,
    touches_mail,
    weakens,
)
from regulated_partners.engine.plan import Operation, Plan, PlannedConnector
from regulated_partners.review.report import ConnectorReview, Drift, Items, OwnerReview, Review, Setting

_NOT_SET = "(not set)"


def review_of(plan: Plan, today: datetime.date) -> Review:
    """The review of a plan.

    Args:
        today: the day that decides which acknowledgements are in force.
    """
    changed = [connector for connector in plan.connectors if _declares_change(connector)]
    drifts = tuple(_drift(plan, c, c.recorded) for c in plan.connectors if c.recorded and c.drifted)
    owners = sorted(_owners(plan, changed), key=_importance)
    planned = {connector.owner for connector in plan.connectors}
    there = {connector.owner for connector in plan.connectors if connector.recorded or connector.before}
    existing = there | (plan.declared - planned)
    touched = {connector.owner for connector in plan.connectors if connector.operation is not Operation.UNCHANGED}
    drifted = {drift.owner for drift in drifts}
    unchanged = existing - {owner.name for owner in owners} - drifted
    return Review(
        stack=plan.stack,
        today=today,
        owners=tuple(owners),
        unchanged=tuple(sorted(unchanged, key=lambda name: (name.casefold(), name))),
        drifts=drifts,
        problems=plan.acknowledgements.problems,
        existing=len(existing),
        touched=len(touched & existing),
    )


def _declares_change(planned: PlannedConnector) -> bool:
    """Whether the declaration changes something; what only puts drift back belongs to the drift."""
    if planned.operation is Operation.UNCHANGED:
        return False
    return not planned.drifted or planned.recorded != planned.after


def _owners(plan: Plan, changed: Sequence[PlannedConnector]) -> Iterator[OwnerReview]:
    takers = _takers(changed)
    connectors = Counter(connector.owner for connector in plan.connectors)
    own: dict[str, list[PlannedConnector]] = defaultdict(list)
    for connector in changed:
        own[connector.owner].append(connector)
    for name, members in own.items():
        members.sort(key=lambda connector: (connector.direction, connector.urn))
        yield OwnerReview(
            name=name,
            is_partner=any(connector.partner is not None for connector in members),
            connectors=tuple(_connector(connector, takers) for connector in members),
            whole=len(members) == connectors[name],
            acknowledgement=plan.acknowledgements.of(name),
        )


def _importance(owner: OwnerReview) -> tuple[bool, int, str, str]:
    """What goes away or is replaced first, then by the most important effect, then by name."""
    rank = min((KINDS.index(kind) for kind in owner.kinds), default=len(KINDS))
    return not owner.disappears, rank, owner.name.casefold(), owner.name


def _connector(planned: PlannedConnector, takers: dict[str, PlannedConnector]) -> ConnectorReview:
    # Against what was deployed, not against drift: this is what the pull request declares.
    before = planned.recorded if planned.drifted else planned.before
    after = planned.after
    return ConnectorReview(
        name=planned.name,
        direction=planned.direction,
        operation=planned.operation,
        before=mail_flow(before) if before else "",
        after=mail_flow(after) if after else "",
        effects=ordered(_effects(planned, before, takers)),
        settings=(*_settings(before, after), *_hidden(planned.direction, _both(planned.hidden, before, after)))
        if before and after
        else (),
    )


def _both(secret: frozenset[str], before: ConnectorSettings | None, after: ConnectorSettings | None) -> frozenset[str]:
    """Of secrets that differ, those whose settings look the same; that one comes or goes shows as it is."""
    if before is None or after is None:
        return frozenset()
    return secret - {change.parameter.key for change in changes(before, after)}


def _hidden(direction: Direction, keys: frozenset[str]) -> Iterator[Setting]:
    """Settings that differ and are secret."""
    for parameter in parameters(direction):
        if parameter.key in keys:
            yield Setting(parameter.name, SECRET, SECRET)


def _unseen(direction: Direction, keys: frozenset[str]) -> Iterator[Effect]:
    """What cannot be judged, because both values are secret."""
    judged = [key for key in sorted(keys) if touches_mail(direction, key)]
    if judged:
        yield weakens(f"{listed(judged, 'and')} changes and is secret, so it cannot be judged here", *judged)
    if others := sorted(keys - set(judged)):
        yield neutral(f"{listed(others, 'and')} changes, and is secret", *others)


def _effects(
    planned: PlannedConnector, before: ConnectorSettings | None, takers: dict[str, PlannedConnector]
) -> Iterator[Effect]:
    after = planned.after
    if planned.operation is Operation.REPLACE:
        yield weakens("the connector is deleted and made again; mail in between flows without its demands")
    other = takers.get(planned.urn)
    if other is not None:
        yield from _taken_over(planned, other)
    elif before is not None or after is not None:
        found = (*classify(before, after), *_unseen(planned.direction, _both(planned.hidden, before, after)))
        yield from found or (neutral("no setting of the connector changes"),)
    if planned.adopts:
        yield outage_risk(
            "a connector that has this name already is taken over and changed; the plan does not know how it is now"
        )
    judged = [key for key in sorted(planned.unknown) if touches_mail(planned.direction, key)]
    if judged:
        yield weakens(
            f"{listed(judged, 'and')} is known only while the plan is applied, so it cannot be judged", *judged
        )


def _takers(changed: Iterable[PlannedConnector]) -> dict[str, PlannedConnector]:
    """For a connector that goes and one that comes for the same domains: each the other's URN to the other.

    In another tenant it takes nothing over: there the mail of the one that goes is never seen.
    """
    coming = [connector for connector in changed if connector.operation is Operation.CREATE]
    pairs: dict[str, PlannedConnector] = {}
    for going in changed:
        if going.operation is not Operation.DELETE:
            continue
        for taker in coming:
            beside = taker.direction is going.direction and taker.provider == going.provider
            if taker.urn not in pairs and beside and _same_domains(going, taker):
                pairs |= {going.urn: taker, taker.urn: going}
                break
    return pairs


def _same_domains(going: PlannedConnector, coming: PlannedConnector) -> bool:
    old, new = (settings.domains if settings else () for settings in (going.before, coming.after))
    return bool(old) and domains_difference(old, new, wildcard_holds_domain=False).lost == ()


def _taken_over(planned: PlannedConnector, other: PlannedConnector) -> Iterator[Effect]:
    """Judges the two as one change, told once, at the connector that comes. Pulumi creates before it deletes."""
    if planned.operation is Operation.DELETE:
        yield neutral(f"the new connector '{other.name}' takes its place; what that changes stands there")
        return
    yield outage_risk(
        f"it takes the place of '{other.name}'; for a moment both are there, which can cause errors. If this is the "
        f"same partner under a new name, declare aliases: [{other.owner}], and it is renamed in place"
    )
    unnamed = [effect for effect in classify(other.before, planned.after) if effect.kind is not EffectKind.NEUTRAL]
    yield from unnamed or (neutral("its demands are those of the connector it follows"),)


def _drift(plan: Plan, planned: PlannedConnector, recorded: ConnectorSettings) -> Drift:
    found, after = planned.before, planned.after
    unseen = _both(planned.drifted_secrets, recorded, found)
    return Drift(
        owner=planned.owner,
        name=recorded.name,
        direction=planned.direction,
        before=mail_flow(recorded),
        found=mail_flow(found) if found else "",
        effects=ordered((*classify(recorded, found), *_unseen(planned.direction, unseen))),
        settings=(*_settings(recorded, found), *_hidden(planned.direction, unseen)) if found else (),
        outcome=_outcome(recorded, found, after),
        repair=classify(found, after) if found != after else (),
        acknowledgement=plan.acknowledgements.of(planned.owner),
    )


def _outcome(
    recorded: ConnectorSettings | None, found: ConnectorSettings | None, after: ConnectorSettings | None
) -> str:
    if after is None:
        return "It is not declared any longer, and is removed." if found else "It is not declared any longer."
    if found is None:
        return "It is created again as declared."
    if after == recorded:
        return "It is put back as declared."
    return "It stays as it was found." if after == found else "It becomes as this change declares it."


def _settings(before: ConnectorSettings, after: ConnectorSettings) -> tuple[Setting, ...]:
    return tuple(map(_setting, changes(before, after)))


def _setting(change: Change) -> Setting:
    old, new = change.before, change.after
    if isinstance(old, tuple) and isinstance(new, tuple):
        return _of_list(change, old, new)
    if change.differs_in_spaces:
        # Else both would be printed alike.
        return Setting(change.parameter.name, repr(old), repr(new))
    return Setting(change.parameter.name, _shown(old), _shown(new))


def _of_list(change: Change, old: tuple[str, ...], new: tuple[str, ...]) -> Setting:
    items = Items(before=old, after=new, added=change.added, removed=change.removed)
    before, after = collapsed(old), collapsed(new)
    if not change.is_long:
        return Setting(change.parameter.name, ", ".join(before) or _NOT_SET, ", ".join(after) or _NOT_SET, items)
    words = _differing(before, "removed", items.removed), _differing(after, "added", items.added)
    return Setting(change.parameter.name, *words, items)


def _differing(value: Sequence[str], word: str, items: Sequence[str]) -> str:
    """Of a long list how many items it has, and which of them are not in the other one."""
    if not value:
        return _NOT_SET
    return f"{len(value)}, {word}: {itemized(items)}" if items else f"{len(value)}"


def _shown(value: Value) -> str:
    if value is None or value == "":
        return _NOT_SET
    return str(value).lower() if isinstance(value, bool) else str(value)
