"""All policies of the pack, in the order of the documentation."""

from __future__ import annotations

from regulated_partners.policies import encryption, identity, lifecycle, pairing, scope, trust, waiving
from regulated_partners.policies.rule import ConnectorRule, StackRule

CONNECTOR_RULES: tuple[ConnectorRule, ...] = (
    *encryption.RULES,
    *identity.RULES,
    *scope.RULES,
    *lifecycle.RULES,
    *trust.RULES,
)

STACK_RULES: tuple[StackRule, ...] = (*pairing.RULES, *waiving.rules((*CONNECTOR_RULES, *pairing.RULES)))

RULES: tuple[ConnectorRule | StackRule, ...] = (*CONNECTOR_RULES, *STACK_RULES)
