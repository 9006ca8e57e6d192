"""The CrossGuard policy pack for forced TLS: `pulumi preview --policy-pack policies`.

Policies are pure functions over canonical settings, each with one row that says everything else about it; `RULES` is
all of them, in the order of the documentation. `pack` is the only module that knows CrossGuard.
"""

from regulated_partners.policies import encryption, identity, kinds, lifecycle, pairing, scope, waiving
from regulated_partners.policies.rule import ConnectorRule, Rule, StackRule

_WAIVABLE: tuple[ConnectorRule | StackRule, ...] = (
    *encryption.RULES,
    *identity.RULES,
    *scope.RULES,
    *lifecycle.RULES,
    *pairing.RULES,
)

RULES: tuple[Rule, ...] = (*_WAIVABLE, *kinds.RULES, *waiving.rules(_WAIVABLE))

__all__ = ["RULES", "Rule"]
