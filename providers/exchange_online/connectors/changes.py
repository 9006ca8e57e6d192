"""What differs between two settings, and the cmdlet parameters that make one of them into the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange_online.connectors.addresses import collapsed
from exchange_online.connectors.characters import printable
from exchange_online.connectors.names import TlsSettings
from exchange_online.connectors.parameters import Parameter
from exchange_online.connectors.secrecy import SECRET, is_secret
from exchange_online.connectors.settings import ConnectorSettings, OutboundSettings, parameters
from exchange_online.connectors.values import Value

CmdletParameters = dict[str, bool | str | list[str] | None]

#: Lists of this many items are told whole; of a longer one what differs.
_SHORT = 4
#: Of what differs so many items are told at most, in so many characters: a comment's table has cells of 400.
_MOST_TOLD, _WIDEST = 20, 320


@dataclass(frozen=True)
class Change:
    """One parameter with two values."""

    parameter: Parameter
    before: Value
    after: Value

    @property
    def added(self) -> tuple[str, ...]:
        """The items that only the list after has."""
        return _beyond(self.after, self.before)

    @property
    def removed(self) -> tuple[str, ...]:
        """The items that only the list before has."""
        return _beyond(self.before, self.after)

    @property
    def is_long(self) -> bool:
        """Whether it is told by the items that differ: one of the lists is long, and they hold different ones."""
        lengths = (len(collapsed(value)) for value in (self.before, self.after) if isinstance(value, tuple))
        return max(lengths, default=0) > _SHORT and bool(self.added or self.removed)

    def __str__(self) -> str:
        # Both: what the tenant has may be the same secret of an earlier day.
        if is_secret(self.parameter.key):
            return f"{self.parameter.key}: {SECRET} => {SECRET}"
        if self.differs_in_spaces:
            return f"{self.parameter.key}: {self.before!r} => {self.after!r} (only spaces and line breaks differ)"
        if self.is_long:
            return f"{self.parameter.key}: {self._told()}"
        return f"{self.parameter.key}: {_shown(self.before)} => {_shown(self.after)}"

    @property
    def differs_in_spaces(self) -> bool:
        """Whether two texts are the same but for spaces, tabs and line breaks, which nobody sees."""
        before, after = self.before, self.after
        return isinstance(before, str) and isinstance(after, str) and before.split() == after.split()

    def _told(self) -> str:
        signed = [itemized(items, sign) for sign, items in (("+", self.added), ("-", self.removed)) if items]
        count = len(collapsed(_beyond(self.after, self.added)))
        return f"{', '.join(signed)} ({count or 'no'} {'other' if count == 1 else 'others'})"


def itemized(items: Sequence[str], sign: str = "") -> str:
    """Items that a change adds or removes, for one line: those that fit, and how many more there are.

    Args:
        sign: stands before each of them.
    """
    items = collapsed(items)
    shown = [f"{sign}{item}" for item in items[:_MOST_TOLD]]
    while len(shown) > 1 and len(", ".join(shown)) > _WIDEST:
        shown.pop()
    more = len(items) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def changes(before: ConnectorSettings, after: ConnectorSettings) -> tuple[Change, ...]:
    """The parameters in which two settings of one direction differ, in the order of the fields."""
    if before.direction is not after.direction:
        raise ValueError(f"{before.direction} against {after.direction}")
    pairs = ((known, before.value(known), after.value(known)) for known in parameters(after.direction))
    return tuple(Change(known, old, new) for known, old, new in pairs if old != new)


def new_parameters(settings: ConnectorSettings) -> CmdletParameters:
    """The parameters of `New-`: those it must carry, and those that are not at their default."""
    return {
        candidate.name: candidate.encode(settings.value(candidate))
        for candidate in parameters(settings.direction)
        if candidate.on_new
        and (candidate.always_sent or settings.value(candidate) != candidate.kind.empty)
        and not _only_on_premises(candidate, settings)
    }


def parameters_after_new(settings: ConnectorSettings) -> CmdletParameters:
    """The parameters that only a `Set-` after the `New-` can give. Source: Microsoft365DSC issue 1165."""
    return {
        candidate.name: candidate.encode(settings.value(candidate))
        for candidate in parameters(settings.direction)
        if not candidate.on_new and settings.value(candidate) != candidate.kind.empty
    }


def set_parameters(differences: Iterable[Change], after: ConnectorSettings) -> CmdletParameters:
    """The parameters of `Set-`: those that changed, with the partner that one of them needs in the same command."""
    sent = {
        change.parameter.name: change.parameter.encode(change.after)
        for change in differences
        if not _only_on_premises(change.parameter, after)
    }
    if isinstance(after, OutboundSettings):
        _keep_together(sent, after)
    return sent


def _only_on_premises(candidate: Parameter, settings: ConnectorSettings) -> bool:
    """V16: the service refuses even the parameter on a Partner connector, so it is never sent there."""
    return candidate.name == "SenderRewritingEnabled" and settings.is_partner


def _keep_together(sent: CmdletParameters, after: OutboundSettings) -> None:
    """Source: New-OutboundConnector, UseMXRecord (same command, documented until 2022); TlsDomain (assumed)."""
    if sent.get("UseMXRecord") is False:
        sent.setdefault("SmartHosts", list(after.smart_hosts) or None)
    if sent.get("TlsSettings") == TlsSettings.DOMAIN_VALIDATION:
        sent.setdefault("TlsDomain", after.tls_domain)


def _beyond(value: Value, other: Value) -> tuple[str, ...]:
    known = frozenset(other) if isinstance(other, tuple) else frozenset()
    return tuple(item for item in value if item not in known) if isinstance(value, tuple) else ()


def _shown(value: Value) -> str:
    if value is None or value == ():
        return "(none)"
    if isinstance(value, tuple):
        return ", ".join(collapsed(value))
    return str(value).lower() if isinstance(value, bool) else printable(value)
