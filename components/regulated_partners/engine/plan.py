"""A plan of the engine, reduced to what it does to connectors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from exchange_online.connectors import (
    OPTION_KEYS,
    SECRET,
    SECRET_PROPERTIES,
    TOKENS,
    Checked,
    ConnectorSettings,
    Direction,
    Flag,
    Member,
    Text,
    Texts,
    Value,
    check,
    parameters,
    secret_properties,
)
from exchange_online.names import PACKAGE
from regulated_partners.errors import CannotRunError
from regulated_partners.names import is_unknown
from regulated_partners.partners.acknowledgements import Acknowledgements
from regulated_partners.text import printable

#: How the engine writes a value that is not known before other resources are there. Source: pulumi.runtime.rpc.UNKNOWN.
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

#: What marks an encrypted value. Source: pulumi.runtime.rpc._special_sig_key.
_SIGNATURE = "4dabf18193072939515e22adb298388d"

_KNOWN_LATER = "(known later)"


class Operation(StrEnum):
    """What the engine would do with a connector."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class PlannedConnector:
    """One connector of a plan.

    Attributes:
        urn: Pulumi's name for it.
        partner: the RegulatedPartner it belongs to; None for a connector of its own.
        provider: the provider that the program has declared for it, and so the tenant; empty for the stack's own.
        recorded: what the stack's last deployment left; None where there was none, or the plan does not say.
        before: what the tenant has now, as the refresh before the plan found it; None where it is not there.
        after: what the plan makes of it; None where it will not be there.
        unknown: Pulumi properties whose values are known only while the plan is applied.
        hidden: secret properties that the plan changes; the engine shows neither value.
        drifted_secrets: secret properties that somebody changed outside of the stack.
        adopts: a creation that takes over what has the name already, whatever that is.
    """

    urn: str
    direction: Direction
    operation: Operation
    partner: str | None = None
    provider: str = ""
    recorded: ConnectorSettings | None = None
    before: ConnectorSettings | None = None
    after: ConnectorSettings | None = None
    unknown: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    drifted_secrets: frozenset[str] = frozenset()
    adopts: bool = False

    @property
    def name(self) -> str:
        """The connector's name in the tenant: the new one, where it is renamed."""
        settings = self.after or self.before or self.recorded
        return settings.name if settings else self.urn.split("::", 3)[-1]

    @property
    def owner(self) -> str:
        """The partner, or the connector where it belongs to none; in one of several tenants it has that one's name."""
        if self.partner:
            return self.partner
        return f"{self.name} ({self.provider})" if self.provider else self.name

    @property
    def drifted(self) -> bool:
        """Whether somebody changed it outside of the stack."""
        return self.recorded is not None and (self.recorded != self.before or bool(self.drifted_secrets))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan.

    Attributes:
        stack: its stack's name.
        connectors: those that the plan speaks of, by name.
        declared: names of the partners and connectors that the stack file declares.
        acknowledgements: those that the stack file declares.
    """

    stack: str
    connectors: tuple[PlannedConnector, ...]
    declared: frozenset[str]
    acknowledgements: Acknowledgements


def direction_of(token: str, urn: str) -> Direction | None:
    """The direction of a connector, by its type token; None for a resource that is none.

    Raises:
        CannotRunError: where the connectors' package has no such type: nothing that it makes may be passed over.
    """
    if is_unknown(token):
        raise CannotRunError(
            f"{printable(urn)} is of the type {printable(token)}, which this version of regulated-partners does not "
            f"know in {PACKAGE}, so it cannot say what the resource does to mail. Correct the type, or install the "
            "version that has it."
        )
    return TOKENS.get(token)


def read_properties(direction: Direction, properties: Mapping[str, Any]) -> Checked:
    """The canonical settings in a resource's inputs or outputs; what the service computed is left out.

    A secret is `[secret]`, also where the engine writes it encrypted or in clear; a secret switch is not known.
    """
    secret = secret_properties(properties)
    kinds = {parameter.key: parameter.kind for parameter in parameters(direction)}
    own: dict[str, Any] = {}
    for key, value in properties.items():
        if key in kinds and (_is_hidden(value) or (key in secret and value not in (None, "", []))):
            own[key] = _UNKNOWN if isinstance(kinds[key], (Flag, Member)) else SECRET
        elif key in {*kinds, *OPTION_KEYS, SECRET_PROPERTIES}:
            own[key] = value
    return check(direction, own, _is_unknown)


def without_secrets(settings: ConnectorSettings, secret: Collection[str]) -> ConnectorSettings:
    """The settings with `[secret]` in place of what is secret, as far as it is there."""
    hidden: dict[str, Value] = {}
    for parameter in parameters(settings.direction):
        value = settings.value(parameter)
        if parameter.key in secret and isinstance(value, (str, tuple)) and value:
            hidden[parameter.attribute] = SECRET if isinstance(value, str) else (SECRET,)
    return replace(settings, **hidden)  # type: ignore[arg-type]


def planned_settings(checked: Checked, before: ConnectorSettings | None) -> ConnectorSettings:
    """The settings of a plan, with something to say in place of each value that is not known yet.

    That is the value there is now, so that nothing is said about the property but that it cannot be judged; a
    connector that is new gets a text instead of a name.
    """
    stand_ins: dict[str, Value] = {}
    for parameter in parameters(checked.settings.direction):
        if parameter.key in checked.unknown:
            if before is not None:
                stand_ins[parameter.attribute] = before.value(parameter)
            elif isinstance(parameter.kind, Texts):
                stand_ins[parameter.attribute] = (_KNOWN_LATER,)
            elif isinstance(parameter.kind, Text):
                stand_ins[parameter.attribute] = _KNOWN_LATER
    return replace(checked.settings, **stand_ins)  # type: ignore[arg-type]


def _is_hidden(value: object) -> bool:
    """How a preview writes a secret, and how a state or a saved plan does, also where it is an item of a list."""
    if isinstance(value, list):
        return any(map(_is_hidden, value))
    return value == SECRET or (isinstance(value, Mapping) and _SIGNATURE in value)


def _is_unknown(value: object) -> bool:
    return value == _UNKNOWN or (isinstance(value, list) and _UNKNOWN in value)
