"""What a cmdlet gives back, before it has a form on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online_emulator.models import SettingValue, StoredObject


@dataclass(frozen=True)
class PlainRow:
    """A row that is not an object of the tenant, such as a task of Validate-OutboundConnector."""

    values: Mapping[str, SettingValue]


@dataclass(frozen=True)
class Outcome:
    """The rows of a cmdlet, its warnings, and the confirmation message that stands for a change not made."""

    rows: tuple[StoredObject | PlainRow, ...] = ()
    warnings: tuple[str, ...] = ()
    confirmation_message: str | None = None
