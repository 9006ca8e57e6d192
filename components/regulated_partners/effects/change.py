"""Classes a change of a connector: a pure function over canonical settings before and after."""

from __future__ import annotations

from dataclasses import replace

from exchange_online.connectors import ConnectorSettings, InboundSettings, OutboundSettings, changes
from regulated_partners.effects import inbound, outbound
from regulated_partners.effects.effect import Effect, EffectKind, Effects, neutral, ordered
from regulated_partners.effects.trust import trust_effects

#: Reasons for properties that never touch mail.
_HARMLESS = {
    "name": "the connector is renamed in place; it stays the same connector",
    "comment": "a text for administrators",
    "validationRecipients": "addresses for a validation message",
    "senderRewritingEnabled": "senders are rewritten for servers of your own; protection is as before",
}


def classify(before: ConnectorSettings | None, after: ConnectorSettings | None) -> tuple[Effect, ...]:
    """The effects of a change, the most important first; empty where nothing changes.

    A connector that is not there, is switched off or is in test mode demands nothing, so creating and switching on,
    deleting and switching off are judged alike. Every property that differs has at least one effect.

    Args:
        before: None where the connector is created.
        after: None where it is deleted.
    Raises:
        ValueError: when both are None, or they are of different directions.
    """
    if before is None and after is None:
        raise ValueError("a change needs settings before or after")
    if before is not None and after is not None and before.direction is not after.direction:
        raise ValueError(f"{before.direction} against {after.direction}")
    if before == after:
        return ()
    old, new = _in_use(before), _in_use(after)
    if old is None and new is None:
        return (neutral(_idle(before, after)),)
    if old is not None and new is not None:
        changed = {change.parameter.key for change in changes(old, new)}
        found = [_about(each, changed) for each in _effects(old, new)]
        return ordered([*found, *_remaining(old, new, found)])
    present = old or new
    assert present is not None  # noqa: S101 - one of the two is there: both absent was answered above
    nothing = _without_connector(present)
    found = [Effect(each.kind, each.reason) for each in _effects(old or nothing, new or nothing)]
    found = [each for each in found if each.kind is not EffectKind.NEUTRAL]
    return ordered(found or [neutral("the connector demands nothing, so mail flows as without it")])


def _about(effect: Effect, changed: set[str]) -> Effect:
    """Leaves out the properties that the effect rests on and that did not change."""
    keys = tuple(key for key in effect.keys if key in changed)
    return replace(effect, keys=keys) if keys else effect


def _in_use(settings: ConnectorSettings | None) -> ConnectorSettings | None:
    """Source: New-OutboundConnector, TestMode; that such a connector carries no mail of people is assumed."""
    if settings is None or not settings.enabled:
        return None
    return None if isinstance(settings, OutboundSettings) and settings.test_mode else settings


def _idle(before: ConnectorSettings | None, after: ConnectorSettings | None) -> str:
    if after is None:
        return "the connector was not in use, so nothing changes for mail"
    if before is None:
        return "the connector is not in use yet (switched off, or in test mode), so nothing changes for mail"
    return "the connector is not in use, before and after, so nothing changes for mail"


def _without_connector(settings: ConnectorSettings) -> ConnectorSettings:
    if isinstance(settings, InboundSettings):
        return inbound.nothing_demanded(settings)
    if isinstance(settings, OutboundSettings):
        return outbound.nothing_demanded(settings)
    raise TypeError(type(settings).__name__)


def _effects(before: ConnectorSettings, after: ConnectorSettings) -> Effects:
    if isinstance(before, InboundSettings) and isinstance(after, InboundSettings):
        yield from inbound.inbound_effects(before, after)
        yield from trust_effects(before, after)
    if isinstance(before, OutboundSettings) and isinstance(after, OutboundSettings):
        yield from outbound.outbound_effects(before, after)


def _remaining(before: ConnectorSettings, after: ConnectorSettings, found: Effects) -> Effects:
    """A reason for each property that no effect speaks of: what it says is not enforced, or never touches mail."""
    spoken = {key for effect in found for key in effect.keys}
    for change in changes(before, after):
        if change.parameter.key not in spoken:
            fallback = "it makes no difference beside what else is set"
            yield neutral(_HARMLESS.get(change.parameter.key, fallback), change.parameter.key)
