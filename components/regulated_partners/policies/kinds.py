"""The policy about kinds: whatever makes a connector is of a type that the other policies know.

A dynamic resource of another type cannot make one: its provider refuses it (`exchange_online.resources.dynamic`).
"""

from __future__ import annotations

from exchange_online.connectors import printable
from exchange_online.names import PACKAGE
from regulated_partners.names import is_unknown
from regulated_partners.policies.rule import Clause, ResourceRule, Severity


def _unjudged(token: str) -> Clause:
    if not is_unknown(token):
        return None
    return f"it is of the type {printable(token)}, and {PACKAGE} has no such type that this pack knows"


RULES = (
    ResourceRule(
        id="connector-type-known",
        severity=Severity.CRITICAL,
        description=f"Whatever a stack has of the package {PACKAGE} is of a type that this pack judges.",
        remediation="Declare an InboundConnector, an OutboundConnector or a RegulatedPartner, or bring the pack to the "
        "version of the plugin.",
        why="What has another type is judged by no policy, and shows in no review, drift or inventory.",
        source="this project; the type tokens in exchange_online.names",
        test=_unjudged,
    ),
)
