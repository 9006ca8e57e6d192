"""Declarations that the rules accept; a test changes what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.connectors import Checked, Direction, Finding, Severity, check

INBOUND: dict[str, object] = {"name": "Fabrikam - inbound", "senderDomains": ["fabrikam.com"]}
OUTBOUND: dict[str, object] = {"name": "Fabrikam - outbound", "recipientDomains": ["fabrikam.com"]}


def inbound(**changed: object) -> Checked:
    """An inbound connector for fabrikam.com that requires TLS."""
    return check(Direction.INBOUND, {**INBOUND, **changed})


def outbound(**changed: object) -> Checked:
    """An outbound connector to fabrikam.com by MX record with opportunistic TLS."""
    return check(Direction.OUTBOUND, {**OUTBOUND, **changed})


def said(checked: Checked) -> set[tuple[str, str, Severity]]:
    """Rule, path and severity of every finding."""
    return {(finding.rule, finding.path, finding.severity) for finding in checked.findings}


def only(checked: Checked) -> Finding:
    """The one finding there is."""
    assert len(checked.findings) == 1, [str(finding) for finding in checked.findings]
    return checked.findings[0]


@dataclass(frozen=True)
class Case:
    """A rule, a declaration that breaks it, and a neighbour that does not."""

    rule: str
    path: str
    remedy: str
    breaks: Mapping[str, object]
    keeps: Mapping[str, object]
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.rule}-{self.path}-{self.remedy}"

    def assert_found(self, checked: Checked) -> None:
        """The one finding is this rule's, and is a sentence with its source."""
        finding = only(checked)
        assert (finding.rule, finding.severity, finding.path) == (self.rule, self.severity, self.path)
        assert self.remedy in finding.remedy
        assert str(finding) == f"{self.path}: {finding.reason}; {finding.remedy} (rule {self.rule})"
        assert not finding.reason.endswith(".")
        assert not finding.remedy.endswith(".")
        assert finding.source

    def assert_not_found(self, checked: Checked) -> None:
        """Nothing of this rule, about this property."""
        assert (self.rule, self.path) not in {(rule, path) for rule, path, _ in said(checked)}
