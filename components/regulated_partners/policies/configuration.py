"""What of the pack can be configured, beside the enforcement level of each policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The values in force.

    Attributes:
        owner_pattern: regular expression that a comment must match somewhere, without regard to case.
        stacks: names of stacks whose connectors must be protected; empty means all but those on the emulator.
        max_days: how many days ahead a waiver may expire.
    """

    owner_pattern: str = r"\b(owner|team)\b\W*\w"
    stacks: tuple[str, ...] = ()
    max_days: int = 366

    def configured(self, values: Mapping[str, object]) -> Configuration:
        """With the values of one policy's configuration; the engine has checked them against the schema."""
        changed: dict[str, object] = {}
        for each in PROPERTIES:
            if each.name in values:
                value = values[each.name]
                changed[each.attribute] = tuple(value) if isinstance(value, list) else value
        if isinstance(changed.get("max_days"), float):
            changed["max_days"] = int(str(changed["max_days"]).partition(".")[0])
        return replace(self, **changed)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ConfigProperty:
    """One configurable property.

    Attributes:
        name: in the configuration file.
        attribute: in `Configuration`.
        type, items: JSON Schema types; items is empty for what is no list.
        doc: one sentence.
    """

    name: str
    attribute: str
    type: str
    items: str
    doc: str

    @property
    def default(self) -> object:
        return next(field.default for field in fields(Configuration) if field.name == self.attribute)

    def schema(self) -> dict[str, object]:
        """Its JSON Schema, as CrossGuard's PolicyConfigSchema takes it."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        shape: dict[str, object] = {"type": self.type, "description": self.doc, "default": default}
        return shape | {"items": {"type": self.items}} if self.items else shape


OWNER_PATTERN = ConfigProperty(
    "ownerPattern", "owner_pattern", "string", "", "Regular expression that a comment must match, case ignored."
)
STACKS = ConfigProperty(
    "stacks", "stacks", "array", "string", "Stacks in which it applies; empty is all but those on the emulator."
)
MAX_DAYS = ConfigProperty("maxDays", "max_days", "integer", "", "How many days ahead a waiver may expire.")

PROPERTIES = (OWNER_PATTERN, STACKS, MAX_DAYS)
