"""What a change does to mail: weakens, outage risk, strengthens. Pure.

Every parameter that can be declared has exactly one judge, or this package cannot be imported.
"""

from regulated_partners.effects.change import classify, touches_mail
from regulated_partners.effects.effect import (
    KINDS,
    Effect,
    EffectKind,
    UnjudgedParameterError,
    neutral,
    ordered,
    outage_risk,
    weakens,
)

__all__ = [
    "KINDS",
    "Effect",
    "EffectKind",
    "UnjudgedParameterError",
    "classify",
    "neutral",
    "ordered",
    "outage_risk",
    "touches_mail",
    "weakens",
]
