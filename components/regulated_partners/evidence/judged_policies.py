"""How each partner's declaration stands with the policy pack, by its defaults: judged here, without the engine."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from regulated_partners.evidence.report import Policies
from regulated_partners.partners import StackFile
from regulated_partners.policies import RULES
from regulated_partners.policies.rule import ConnectorRule, Level, ResourceRule, Rule, Violation
from regulated_partners.policies.subjects import Connector, Stack
from regulated_partners.policies.waiver import Waiver

#: Violations of one partner that are told; the further ones are counted.
_MOST = 20


def judged_policies(stack: StackFile, waivers: tuple[Waiver, ...], today: datetime.date) -> Mapping[str, Policies]:
    """By the names of the partners; under no name what mandatory policies say of the stack as a whole."""
    subject = Stack(
        name=stack.name.rpartition("/")[2],
        local=stack.settings.local,
        today=today,
        waivers=waivers,
        connectors=tuple(_connectors(stack)),
        partners=tuple((pair.name, pair.name) for pair in stack.declared.pairs),
    )
    violated: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    waived: dict[str, list[str]] = defaultdict(list)
    for rule in RULES:
        held = {(found.owner, found.text) for found in _violations(rule, subject)}
        for found in _violations(rule, replace(subject, waivers=())):
            if (found.owner, found.text) not in held:
                waived[found.owner].append(rule.id)
        for owner, text in held:
            if owner or rule.level is Level.MANDATORY:
                violated[owner][rule.id].append(text)
    names = ["", *(pair.name for pair in stack.declared.pairs)]
    return {name: _policies(violated.get(name, {}), waived.get(name, [])) for name in names}


def _policies(violated: Mapping[str, list[str]], waived: list[str]) -> Policies:
    told = [f"{rule}: {text}" for rule, texts in violated.items() for text in sorted(texts)]
    more = [f"And {len(told) - _MOST} more."] if len(told) > _MOST else []
    ids = tuple(dict.fromkeys(waived))
    return Policies(kept=len(RULES) - len({*violated, *ids}), violated=(*told[:_MOST], *more), waived=ids)


def _violations(rule: Rule, stack: Stack) -> Iterator[Violation]:
    if isinstance(rule, ResourceRule):
        # A declaration has no resources of types that nobody knows; `review` and the pack judge what a program has.
        return
    if not isinstance(rule, ConnectorRule):
        yield from rule.violations(stack)
        return
    for connector in stack.connectors:
        if (found := rule.violation(connector, stack)) is not None:
            yield found


def _connectors(stack: StackFile) -> Iterator[Connector]:
    protects = stack.settings.protects
    for pair in stack.declared.pairs:
        protected = protects if pair.partner.protect is None else pair.partner.protect
        for half in pair.halves:
            yield Connector(
                urn=half.resource,
                settings=half.settings,
                options=half.checked.options,
                partner=pair.name,
                protected=protected,
            )
    for one in stack.declared.connectors:
        yield Connector(urn=one.name, settings=one.settings, protected=protects if one.protect is None else one.protect)
