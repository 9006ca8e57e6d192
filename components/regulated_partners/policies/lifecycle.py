"""Policies about a connector's life: in use, owned, and safe from deletion."""

from __future__ import annotations

import re

from regulated_partners.policies.rule import Clause, ConnectorRule, DeclaredRule, Level, OutboundRule, Severity
from regulated_partners.policies.subjects import Connector, Stack

#: How much of a comment is shown.
_SHOWN = 80


def _no_owner(connector: Connector, stack: Stack) -> Clause:
    comment = connector.settings.comment or ""
    if re.search(stack.configuration.owner_pattern, comment, re.IGNORECASE):
        return None
    begin = comment if len(comment) <= _SHOWN else f"{comment[:_SHOWN]}…"
    return f"its comment names no owner ({begin!r})" if comment else "it has no comment, so nobody is named as owner"


def _unprotected(connector: Connector, stack: Stack) -> Clause:
    stacks = stack.configuration.stacks
    applies = stack.name in stacks if stacks else not stack.local
    if connector.protected or not applies:
        return None
    return f"in stack {stack.name} Pulumi would delete it without asking (protect is false)"


RULES: tuple[ConnectorRule, ...] = (
    DeclaredRule(
        id="connector-enabled",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="Declared connectors are in use.",
        remediation="Set enabled to true once both sides are ready, or declare a waiver, whose last day says until "
        "when it is off.",
        why="A connector that is switched off protects nothing, and looks as if it did.",
        source="New-InboundConnector, New-OutboundConnector, Enabled",
        reads=("enabled",),
        test=lambda c, _: (
            not c.settings.enabled and "it is switched off, so mail flows without its demands (Enabled is false)"
        ),
    ),
    OutboundRule(
        id="outbound-test-mode-off",
        severity=Severity.HIGH,
        description="No outbound connector is in test mode.",
        remediation="Leave testMode out.",
        why="Connectors in test mode escape the listings that audits are made from.",
        source="New-OutboundConnector, TestMode; Get-OutboundConnector, IncludeTestModeConnectors",
        reads=("testMode",),
        test=lambda s: (
            s.test_mode and "it is in test mode, and hidden from a plain Get-OutboundConnector (TestMode is true)"
        ),
    ),
    DeclaredRule(
        id="comment-names-owner",
        severity=Severity.LOW,
        description="Every connector's comment names an owner.",
        remediation="Write a comment such as 'SEC-1234, owner messaging team'.",
        why="The comment is what an administrator sees in the admin centre before switching something off at night.",
        source="New-InboundConnector, New-OutboundConnector, Comment; the pattern is this project's",
        configuration=("ownerPattern",),
        reads=("comment",),
        test=_no_owner,
    ),
    DeclaredRule(
        id="connector-protected",
        severity=Severity.HIGH,
        description="In a real tenant Pulumi refuses to delete connectors.",
        remediation="Leave protect out at the partner and in the stack (it is on outside the emulator); to delete one, "
        "declare a waiver.",
        why="Between a delete and a create mail flows unprotected; a line lost in a merge must not do that.",
        source="Pulumi resource option protect",
        configuration=("stacks",),
        reads=(),
        test=_unprotected,
    ),
)
