"""Every parameter has one judge, and each judge looks at what it answers for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path

import pytest

import exchange_online
import regulated_partners
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

#: The same as somebody would write it, in the one file of parameters and the one file of outbound effects.
_FIELD = """    skip_certificate_check: bool = declared("SkipCertificateCheck", _OFF, "Invented.")
"""
_JUDGE = """
    Judge(
        ("skipCertificateCheck",),
        lambda before, after: (
            [weakens("no certificate is looked at", "skipCertificateCheck")]
            if after.skip_certificate_check > before.skip_certificate_check
            else []
        ),
    ),
"""
_CLASSIFIES = """
from dataclasses import replace
from exchange_online.connectors import OutboundSettings
from regulated_partners.effects import classify
before = OutboundSettings(name="out", recipient_domains=("fabrikam.com",))
print(*classify(before, replace(before, skip_certificate_check=True)))
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
    done = _python(_ADDS_A_FLAG.format(cls=cls))
    assert done.returncode != 0
    assert "UnjudgedParameterError: skipCertificateCheck: each parameter needs exactly one judge" in done.stderr


def test_a_parameter_is_added_with_one_field_and_one_judge(tmp_path: Path) -> None:
    """Failing: whoever adds a documented parameter must find more places than its field and its effect."""
    for package in (Path(exchange_online.__file__).parent, Path(regulated_partners.__file__).parent):
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    _insert(
        tmp_path / "exchange_online/connectors/settings.py",
        "    validation_recipients: tuple[str, ...] = declared(",
        _FIELD,
    )
    assert "skipCertificateCheck: each parameter needs exactly one judge" in _python(_CLASSIFIES, tmp_path).stderr
    _insert(tmp_path / "regulated_partners/effects/outbound.py", '    Judge(("validationRecipients",)', _JUDGE)
    done = _python(_CLASSIFIES, tmp_path)
    assert "weakens" in done.stdout, done.stderr
    assert "reason='no certificate is looked at', keys=('skipCertificateCheck',)" in done.stdout


def _insert(file: Path, before: str, text: str) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count(before) == 1
    file.write_text(source.replace(before, text + before), encoding="utf-8")


def _python(script: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(path)} if path else None
    return subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)


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
