"""Policies about a connector's life: in use, owned, and safe from deletion."""

from __future__ import annotations

import re

from exchange_online.connectors import Direction, OutboundSettings
from regulated_partners.policies.configuration import OWNER_PATTERN, STACKS, Configuration
from regulated_partners.policies.rule import ConnectorRule, Level, Severity
from regulated_partners.policies.subjects import Connector, Stack

_BOTH = (Direction.INBOUND, Direction.OUTBOUND)


def _disabled(connector: Connector, _: Stack, __: Configuration) -> str | None:
    if connector.settings.enabled:
        return None
    return "it is switched off, so mail flows without its demands (Enabled is false)"


def _test_mode(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or not s.test_mode:
        return None
    return "it is in test mode, and hidden from a plain Get-OutboundConnector (TestMode is true)"


def _no_owner(connector: Connector, _: Stack, configuration: Configuration) -> str | None:
    comment = connector.settings.comment or ""
    if re.search(configuration.owner_pattern, comment, re.IGNORECASE):
        return None
    return f"its comment names no owner ({comment!r})" if comment else "it has no comment, so nobody is named as owner"


def _unprotected(connector: Connector, stack: Stack, configuration: Configuration) -> str | None:
    applies = stack.name in configuration.stacks if configuration.stacks else not stack.local
    if connector.protected or not applies:
        return None
    return f"in stack {stack.name} Pulumi would delete it without asking (protect is false)"


RULES = (
    ConnectorRule(
        id="connector-enabled",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="Declared connectors are in use.",
        remediation="Set enabled to true once both sides are ready, or remove the declaration.",
        why="A connector that is switched off protects nothing, and looks as if it did.",
        source="New-InboundConnector, New-OutboundConnector, Enabled",
        directions=_BOTH,
        reads=("enabled",),
        test=_disabled,
    ),
    ConnectorRule(
        id="outbound-test-mode-off",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="No outbound connector is in test mode.",
        remediation="Leave testMode out.",
        why="Connectors in test mode escape the listings that audits are made from.",
        source="New-OutboundConnector, TestMode; Get-OutboundConnector, IncludeTestModeConnectors",
        directions=(Direction.OUTBOUND,),
        reads=("testMode",),
        test=_test_mode,
    ),
    ConnectorRule(
        id="comment-names-owner",
        severity=Severity.LOW,
        level=Level.MANDATORY,
        description="Every connector's comment names an owner.",
        remediation="Write a comment such as 'SEC-1234, owner messaging team'.",
        why="The comment is what an administrator sees in the admin centre before switching something off at night.",
        source="New-InboundConnector, New-OutboundConnector, Comment; the pattern is this project's",
        configuration=(OWNER_PATTERN,),
        directions=_BOTH,
        reads=("comment",),
        test=_no_owner,
    ),
    ConnectorRule(
        id="connector-protected",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="In a real tenant Pulumi refuses to delete connectors.",
        remediation="Leave protect out at the partner and in the stack (it is on outside the emulator); to delete one, "
        "declare a waiver.",
        why="Between a delete and a create mail flows unprotected; a line lost in a merge must not do that.",
        source="Pulumi resource option protect",
        configuration=(STACKS,),
        directions=_BOTH,
        reads=(),
        test=_unprotected,
    ),
)
