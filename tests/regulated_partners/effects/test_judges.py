"""Every parameter has one judge, and each judge looks at what it answers for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations

import pytest

from exchange_online.connectors import ConnectorSettings, Direction, InboundSettings, OutboundSettings, parameters
from exchange_online.connectors.parameters import Parameter
from exchange_online.connectors.values import Flag, Member, Text, Value
from regulated_partners.effects import EffectKind, UnjudgedParameterError, classify, touches_mail
from regulated_partners.effects.change import JUDGES
from regulated_partners.effects.effect import Judge, judges_by_key

#: Somebody adds a documented flag to the settings, as the only list of parameters, and thinks of nothing else.
_ADDS_A_FLAG = """
from dataclasses import dataclass
from exchange_online.connectors import settings
from exchange_online.connectors.values import Flag

@dataclass(frozen=True, kw_only=True)
class More(settings.{cls}):
    skip_certificate_check: bool = settings.declared("SkipCertificateCheck", Flag(False), "Invented.")

settings.{cls} = More
assert settings.parameters(More.direction)[-1].key == "skipCertificateCheck"
import regulated_partners.effects
"""

#: Connectors among which every parameter makes a difference somewhere.
_CERTIFICATE = InboundSettings(
    name="in",
    sender_domains=("fabrikam.com",),
    restrict_domains_to_certificate=True,
    tls_sender_certificate_name="mail.fabrikam.com",
)
_CONTEXTS: dict[Direction, tuple[ConnectorSettings, ...]] = {
    Direction.INBOUND: (
        _CERTIFICATE,
        replace(
            _CERTIFICATE,
            restrict_domains_to_certificate=False,
            restrict_domains_to_ip_addresses=True,
            sender_ip_addresses=("192.0.2.1",),
        ),
        replace(_CERTIFICATE, ef_skip_last_ip=True),
        replace(_CERTIFICATE, connector_type="OnPremises"),
        InboundSettings(name="in", sender_domains=("fabrikam.com",), require_tls=False),
    ),
    Direction.OUTBOUND: (
        OutboundSettings(
            name="out", recipient_domains=("fabrikam.com",), tls_settings="DomainValidation", tls_domain="fabrikam.com"
        ),
        OutboundSettings(name="out", recipient_domains=("fabrikam.com",), connector_type="OnPremises"),
        OutboundSettings(name="out", use_mx_record=False, smart_hosts=("mx.fabrikam.com",), enabled=False),
    ),
}

_BOTH_DIRECTIONS = pytest.mark.parametrize("direction", Direction)


def _values(parameter: Parameter) -> tuple[Value, ...]:
    kind = parameter.kind
    if isinstance(kind, Flag):
        return False, True
    if isinstance(kind, Member):
        members = tuple(member.value for member in kind.members)
        return (*members, "Newer") if kind.empty else (None, *members, "Newer")
    if isinstance(kind, Text):
        return (None if not parameter.required else "x"), "contoso.com", "*.contoso.com", "fabrikam.com"
    return (), ("192.0.2.7",), ("192.0.2.0/24",), ("fabrikam.com",), ("*",), ("*.contoso.com", "contoso.com")


def _changes(parameter: Parameter, context: ConnectorSettings) -> Iterator[tuple[ConnectorSettings, ConnectorSettings]]:
    settings = [replace(context, **{parameter.attribute: value}) for value in _values(parameter)]  # type: ignore[arg-type]
    yield from permutations(settings, 2)


@pytest.mark.parametrize("cls", ["InboundSettings", "OutboundSettings"])
def test_a_parameter_that_nobody_judged_cannot_be_added(cls: str) -> None:
    """Failing: a flag that switches protection off passes every review as neutral, and no test knows of it."""
    done = subprocess.run(
        [sys.executable, "-c", _ADDS_A_FLAG.format(cls=cls)], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "UnjudgedParameterError: skipCertificateCheck: each parameter needs exactly one judge" in done.stderr


def test_a_parameter_has_one_judge_and_a_judge_has_parameters() -> None:
    """Failing: two judges contradict each other about one parameter, or one stays for a parameter that is gone."""
    flag = Parameter("Flag", Flag(False), "")
    judge: Judge[ConnectorSettings] = Judge(("flag",), None, "it does nothing")
    assert judges_by_key([flag], [judge]) == {"flag": judge}
    for parameters_, judges in (([flag], [judge, judge]), ([], [judge]), ([flag], [])):
        with pytest.raises(UnjudgedParameterError, match="flag: each parameter needs exactly one judge"):
            judges_by_key(parameters_, judges)


def test_what_a_judge_cannot_tell_is_never_neutral() -> None:
    """Failing: a judge that forgets a case lets it pass as harmless."""
    assert Judge[ConnectorSettings](("flag",), lambda _, __: ()).unspoken("flag").kind is EffectKind.WEAKENS


@_BOTH_DIRECTIONS
def test_each_judge_looks_at_what_it_answers_for(direction: Direction) -> None:
    """Failing: a parameter was written beside others, and the judge's function does not read it."""
    for parameter in parameters(direction):
        found = {
            effect.kind
            for context in _CONTEXTS[direction]
            for before, after in _changes(parameter, context)
            for effect in classify(before, after)
            if parameter.key in effect.keys or not effect.keys
        }
        assert bool(found - {EffectKind.NEUTRAL}) == touches_mail(direction, parameter.key), parameter.key


@_BOTH_DIRECTIONS
def test_what_never_touches_mail_says_why(direction: Direction) -> None:
    """Failing: a reviewer is told that a change is neutral and not why."""
    for key, judge in JUDGES[direction].items():
        if not touches_mail(direction, key):
            assert judge.otherwise, key


@_BOTH_DIRECTIONS
def test_of_every_one_and_every_two_changes_each_is_spoken_of(direction: Direction) -> None:
    """Failing: beside another change, one goes unsaid, or is called neutral because nobody thought of the two."""
    for context in _CONTEXTS[direction]:
        for one, other in combinations(parameters(direction), 2):
            for value in _values(one):
                for before, after in _changes(other, replace(context, **{one.attribute: value})):  # type: ignore[arg-type]
                    _each_is_spoken_of(context, after, one, other)
                    _each_is_spoken_of(before, after, other)


def _each_is_spoken_of(before: ConnectorSettings, after: ConnectorSettings, *changed: Parameter) -> None:
    effects = classify(before, after)
    assert not any("cannot say" in effect.reason for effect in effects), (before, after)
    spoken = {key for effect in effects for key in effect.keys}
    if all(effect.keys for effect in effects):
        assert {one.key for one in changed if before.value(one) != after.value(one)} <= spoken, (before, after)
