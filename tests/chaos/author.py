"""Writes the history of a seed: random, and the same each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import TypeVar

from tests.chaos.declarations import DIRECTIONS, TLS_SETTINGS, Beside, Declaration, Item, Partner
from tests.chaos.scenario import ByHand, Operation, Portal, PortalChange, Scenario, SecondStack, Step
from tests.chaos.trouble import NO_TROUBLE, Trouble, random_trouble


def scenario(seed: int) -> Scenario:
    """The history of a seed; the same each time."""
    return _Author(Random(seed)).write(seed)  # noqa: S311 - repeatable is what is wanted


AnyItem = TypeVar("AnyItem", bound=Item)

#: Says what it changed, or None where there is nothing to change.
_Change = Callable[[], str | None]

_SECURITIES = tuple(TLS_SETTINGS)


class _Author:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._now = Declaration()
        self._number = 0
        self._names: dict[str, list[str]] = {}
        self._changed: set[str] = set()
        self._steps: list[Step] = []

    def write(self, seed: int) -> Scenario:
        random = self._random
        for _ in range(random.choices((1, 2, 3, 6), (35, 40, 20, 5))[0]):
            self._add(self._new_partner())
        for _ in range(random.choice((0, 0, 1, 2))):
            self._add(self._new_beside())
        checkpoints, page_size, strangers = random.random() < 0.5, random.choice((1, 2, 1000)), random.randint(0, 3)
        trouble = random_trouble(random, ("New-*",)) if random.random() < 0.45 else NO_TROUBLE
        self._steps.append(Step("declared", self._now, trouble))
        more = (30, 45, 20, 5) if trouble else (0, 66, 24, 10)
        for _ in range(random.choices((0, 1, 2, 3), more)[0]):
            self._write_step()
        return Scenario(seed, checkpoints, page_size, strangers, tuple(self._steps), self._now)

    def _write_step(self) -> None:
        steps: tuple[tuple[Callable[[], None], int], ...] = (
            (self._step_of_changes, 62),
            (self._refreshed, 5),
            (self._targets_destroyed, 6),
            (self._replaced, 9),
            (self._second_stack, 7),
            (self._stack_renamed, 4),
            (self._name_taken_by_hand, 6),
            (self._protected_removed, 5),
            (self._name_of_one_that_goes, 4),
        )
        self._changed = set()
        self._random.choices([step for step, _ in steps], [weight for _, weight in steps])[0]()

    def _trouble(self, *likely: str) -> Trouble:
        """Aimed at what the change since the last step needs."""
        before = {item.key: item for item in self._steps[-1].declaration.items}
        after = {item.key: item for item in self._now.items}
        calls = {
            "New-*": after.keys() - before.keys(),
            "Set-*": {key for key in before.keys() & after.keys() if before[key] != after[key]},
            "Remove-*": before.keys() - after.keys(),
        }
        aims = likely or tuple(cmdlet for cmdlet, keys in calls.items() if keys)
        return random_trouble(self._random, aims) if self._random.random() < 0.85 else NO_TROUBLE

    # Steps.

    def _step_of_changes(self) -> None:
        random = self._random
        changes: tuple[tuple[_Change, int], ...] = (
            (self._rename, 34),
            (self._rename_again, 12),
            (self._settings, 20),
            (self._partner_added, 10),
            (self._removed, 10),
            (self._connector_name, 7),
            (self._protect, 3),
            (self._beside_added, 3),
            (lambda: "nothing changed", 3),
        )
        said = []
        for _ in range(random.choice((1, 1, 2, 3))):
            change = random.choices([change for change, _ in changes], [weight for _, weight in changes])[0]
            said.append(change() or self._settings() or "nothing changed")
        portal = self._portal() if random.random() < 0.3 else ()
        self._steps.append(Step(", ".join(said), self._now, self._trouble(), portal=portal))
        if random.random() < 0.06 and any(item.aliases for item in self._now.items):
            self._without_aliases()

    def _without_aliases(self) -> None:
        """An alias that has done its work is taken out."""
        for item in self._now.items:
            self._set(replace(item, aliases=()))
            self._names[item.key] = [item.name]
        self._steps.append(Step("aliases taken out", self._now, self._trouble(), settled=True))

    def _refreshed(self) -> None:
        step = Step("nothing changed", self._now, self._trouble("Get-*"), Operation.REFRESH, portal=self._portal())
        self._steps.append(step)

    def _targets_destroyed(self) -> None:
        item = self._pick(self._unprotected())
        if item is None:
            return self._step_of_changes()
        targets = tuple(wanted.key for wanted in item.connectors())
        if len(targets) > 1 and self._random.random() < 0.3:
            targets = (self._random.choice(targets),)
        self._steps.append(Step("nothing changed", self._now, self._trouble("Remove-*"), Operation.DESTROY, targets))
        return None

    def _replaced(self) -> None:
        item = self._pick(self._unprotected())
        if item is None:
            return self._step_of_changes()
        target = self._random.choice(item.connectors()).key
        operation = self._random.choice((Operation.TARGET_REPLACE, Operation.REPLACE, Operation.TAINT))
        aims = ("New-*", "Set-*", "Remove-*", "Get-*")
        trouble = self._trouble(*aims) if self._random.random() < 0.6 else NO_TROUBLE
        self._steps.append(Step("nothing changed", self._now, trouble, operation, (target,), settled=True))
        return None

    def _second_stack(self, *, former: bool = False) -> None:
        own = self._new_partner() if self._random.random() < 0.5 else None
        second = SecondStack(self._random.random() < 0.5, own, former, self._random.random() < 0.4)
        operation = Operation.SECOND_STACK
        self._steps.append(Step("nothing changed", self._now, NO_TROUBLE, operation, settled=True, second=second))

    def _stack_renamed(self) -> None:
        said = self._random.choice((self._rename, self._settings, self._removed))() or "nothing changed"
        self._steps.append(Step(said, self._now, self._trouble(), Operation.RENAME_STACK, settled=True))
        if self._random.random() < 0.5:
            self._second_stack(former=True)

    def _name_taken_by_hand(self) -> None:
        """Somebody has made a connector of the name before; with consent it is taken over."""
        partner = self._new_partner()
        both = [wanted.key for wanted in partner.connectors()]
        taken = self._random.choice((both, both[:1], both[1:]))
        alike = self._random.random() < 0.5
        by_hand = tuple(ByHand(key, alike) for key in taken)
        if self._random.random() < 0.5:
            refused = self._now.with_(partner)
            trouble = self._trouble() if self._random.random() < 0.4 else NO_TROUBLE
            self._steps.append(
                Step("a partner whose name is taken", refused, trouble, by_hand=by_hand, settled=True, refused=True)
            )
            by_hand = ()
        self._add(replace(partner, adopt=True))
        words = "a partner whose connectors are there, with adoptExisting"
        step = Step(words, self._now, self._trouble(), by_hand=by_hand, adopts=frozenset(taken))
        self._steps.append(step)

    def _protected_removed(self) -> None:
        """A line is lost from the list of a protected partner; then it is back."""
        partner = self._pick(self._now.partners)
        if partner is None:
            return self._step_of_changes()
        if not partner.protect:
            self._set(replace(partner, protect=True))
            self._steps.append(Step("protected", self._now, self._trouble()))
        keeps = frozenset(wanted.key for wanted in partner.connectors())
        words = "a protected partner lost from the list"
        without = self._now.without(partner.key)
        self._steps.append(Step(words, without, settled=True, refused=True, keeps=keeps))
        if self._random.random() < 0.4:
            known = next(item for item in self._now.partners if item.key == partner.key)
            self._set(replace(known, protect=self._random.choice((False, None))))
            self._steps.append(Step("no longer protected", self._now, self._trouble()))
        return None

    def _name_of_one_that_goes(self) -> None:
        """The engine changes before it removes, so it takes two steps; in one it is refused, and changes nothing."""
        goes = self._pick(item for item in self._unprotected() if isinstance(item, Partner))
        stays = self._pick(partner for partner in self._now.partners if partner is not goes)
        if goes is None or stays is None:
            return self._step_of_changes()
        inbound, outbound = goes.names
        named = self._random.choice((replace(stays, inbound_name=inbound), replace(stays, outbound_name=outbound)))
        keeps = frozenset(wanted.key for wanted in goes.connectors())
        at_once = self._now.without(goes.key).with_(named)
        words = f"{goes.name} removed, and a connector of {stays.name} takes its name"
        self._steps.append(Step(words, at_once, settled=True, refused=True, keeps=keeps))
        self._now = self._now.without(goes.key)
        self._steps.append(Step(f"{goes.name} removed first", self._now, self._trouble("Remove-*")))
        self._set(named)
        words = f"a connector of {stays.name} takes the name of what is gone"
        self._steps.append(Step(words, self._now, self._trouble(), settled=True))
        return None

    # Changes; each says what it did, or None where there is nothing to do.

    def _rename(self, item: Item | None = None) -> str | None:
        item = item or self._pick(self._now.items)
        if item is None:
            return None
        names = self._names[item.key]
        new = f"{names[0]} v{len(names) + 1}"
        # Back to a name that it had, now and then: the change was a mistake.
        if len(names) > 1 and self._random.random() < 0.25:
            new = self._random.choice([name for name in names if name != item.name])
        if new not in names:
            names.append(new)
        earlier = [name for name in names if name != new]
        self._random.shuffle(earlier)
        renamed: Item = replace(item, name=new, aliases=tuple(earlier))
        said = f"{item.name} renamed {new}"
        if self._random.random() < 0.4:
            renamed = self._with_other_settings(renamed)
            said += " and changed"
        self._set(renamed)
        return said

    def _rename_again(self) -> str | None:
        renamed = self._pick(item for item in self._now.items if item.aliases)
        return self._rename(renamed) if renamed else self._rename()

    def _settings(self) -> str | None:
        item = self._pick(self._now.items)
        if item is None:
            return None
        self._set(self._with_other_settings(item))
        return f"{item.name} changed"

    def _with_other_settings(self, item: Item) -> Item:
        random = self._random
        if isinstance(item, Beside):
            return replace(item, comment=self._comment(), enabled=random.random() < 0.7)
        possible = (
            replace(item, domains=self._domains(item.number)),
            replace(item, comment=self._comment()),
            replace(item, enabled=not item.enabled),
            replace(item, security=random.choice(_SECURITIES)),
            replace(item, addresses=() if item.addresses else ("198.51.100.10", "203.0.113.0/28")),
            replace(item, recipients=() if item.recipients else (f"postmaster@p{item.number}.example",)),
        )
        return random.choice(possible)

    def _partner_added(self) -> str | None:
        partner = self._new_partner()
        self._add(partner)
        return f"{partner.name} added"

    def _beside_added(self) -> str | None:
        beside = self._new_beside()
        self._add(beside)
        return f"{beside.name} added"

    def _removed(self) -> str | None:
        item = self._pick(self._unprotected())
        if item is None:
            return None
        self._now = self._now.without(item.key)
        self._changed.add(item.key)
        return f"{item.name} removed"

    def _connector_name(self) -> str | None:
        """A connector gets a name that is not its partner's, or its partner's again."""
        partner = self._pick(self._now.partners)
        if partner is None:
            return None
        direction = self._random.choice(DIRECTIONS)
        inbound = direction == "inbound"
        before = partner.inbound_name if inbound else partner.outbound_name
        self._number += 1
        name = None if before and self._random.random() < 0.5 else f"Mail {direction} {self._number}"
        self._set(replace(partner, inbound_name=name) if inbound else replace(partner, outbound_name=name))
        return f"the {direction} connector of {partner.name} named {name or 'as usual'}"

    def _protect(self) -> str | None:
        partner = self._pick(self._now.partners)
        if partner is None:
            return None
        self._set(replace(partner, protect=None if partner.protect else True))
        return f"{partner.name} {'no longer ' if partner.protect else ''}protected"

    def _portal(self) -> tuple[PortalChange, ...]:
        keys = [wanted.key for wanted in self._now.wanted()]
        chosen = self._random.sample(keys, min(len(keys), self._random.choice((1, 1, 2))))
        return tuple(PortalChange(self._random.choice(tuple(Portal)), key) for key in chosen)

    # Declarations.

    def _new_partner(self) -> Partner:
        random = self._random
        self._number += 1
        number = self._number
        security = random.choice(_SECURITIES)
        return Partner(
            number,
            f"Partner {number}",
            self._domains(number),
            f"mail.p{number}.example",
            self._comment(),
            enabled=random.random() < 0.85,
            addresses=("198.51.100.10",) if random.random() < 0.2 else (),
            security=security,
            hosts=(f"relay.p{number}.example",) if random.random() < 0.25 else (),
            recipients=(f"postmaster@p{number}.example",) if random.random() < 0.3 else (),
        )

    def _new_beside(self) -> Beside:
        self._number += 1
        direction = self._random.choice(DIRECTIONS)
        number = self._number
        return Beside(number, direction, f"Own {direction} {number}", f"own{number}.example", self._comment())

    def _domains(self, number: int) -> tuple[str, ...]:
        every = [f"p{number}.example", f"*.p{number}.example", f"p{number}.test"]
        return tuple(self._random.sample(every, self._random.randint(1, 3)))

    def _comment(self) -> str | None:
        return self._random.choice((None, "SEC-1234", f"SEC-{self._random.randint(1, 999)}, owner messaging", "a | b"))

    def _unprotected(self) -> Iterable[Item]:
        return [item for item in self._now.items if not (isinstance(item, Partner) and item.protect)]

    def _pick(self, items: Iterable[AnyItem]) -> AnyItem | None:
        """One that this step has not changed yet."""
        free = [item for item in items if item.key not in self._changed]
        return self._random.choice(free) if free else None

    def _add(self, item: Item) -> None:
        self._names[item.key] = [item.name]
        self._set(item)

    def _set(self, item: Item) -> None:
        self._now = self._now.with_(item)
        self._changed.add(item.key)
