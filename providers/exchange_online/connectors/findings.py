"""What a rule has to say about a declared connector."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors.characters import printable


class Severity(StrEnum):
    """An error stops the deployment before anything is sent; a warning is shown and the deployment goes on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One finding of a rule, worded for the person who reads it in a CI log.

    Attributes:
        rule: `V1` to `V36`, or a word for the rules that have no number.
        severity: error or warning.
        path: the Pulumi property it is about, with an index where one item is meant: `senderDomains[2]`.
        reason: what is wrong, a clause without a full stop.
        remedy: what to do, a clause without a full stop.
        source: where the fact comes from, with `assumed` where no source states it.
    """

    rule: str
    severity: Severity
    path: str
    reason: str
    remedy: str
    source: str

    @property
    def top_property(self) -> str:
        """The property without its index: the engine prints only top-level names."""
        return self.path.partition("[")[0]

    def sentence(self) -> str:
        """Reason, remedy and rule, without the property."""
        return f"{self.reason}; {self.remedy} (rule {self.rule})"

    def __str__(self) -> str:
        return f"{self.path}: {printable(self.sentence())}"
