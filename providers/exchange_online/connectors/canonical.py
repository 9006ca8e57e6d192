"""The one function that makes the canonical form: of what is declared, and of what the service shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.inbound_rules import INBOUND
from exchange_online.connectors.mark import without_mark
from exchange_online.connectors.names import Direction
from exchange_online.connectors.options import OPTION_KEYS, SECRET_PROPERTIES, Options, read_options
from exchange_online.connectors.outbound_rules import OUTBOUND
from exchange_online.connectors.parameters import REFUSED
from exchange_online.connectors.rules import violations
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, parameters, settings_class
from exchange_online.connectors.spelling import folded, meant_by, other_words
from exchange_online.connectors.values import Value

InputValue = bool | str | list[str]


@dataclass(frozen=True)
class Checked:
    """A declaration after the rules have seen it.

    Attributes:
        settings: canonical; a property whose value is not known yet has its default here.
        options: the consents given beside the settings.
        unknown: properties whose values are not known yet.
        findings: everything there is to say, errors and warnings.
    """

    settings: ConnectorSettings
    options: Options
    unknown: frozenset[str]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)

    def inputs(self) -> dict[str, InputValue]:
        """The canonical inputs, without the properties that are not known yet."""
        known = {key: value for key, value in inputs(self.settings).items() if key not in self.unknown}
        return known | self.options.inputs()


def check(
    direction: Direction, declared: Mapping[str, object], is_unknown: Callable[[object], bool] = lambda _: False
) -> Checked:
    """Reads a declaration by its Pulumi property names, whatever the spelling of its values.

    Args:
        declared: Pulumi properties; null, `""` and `[]` alike mean that nothing is declared.
        is_unknown: says of a value that the engine does not know it yet.
    """
    unknown = frozenset(key for key, value in declared.items() if is_unknown(value))
    known = {key: value for key, value in declared.items() if key not in unknown}
    key = _key(known)
    return _check(direction, known, unknown) if key is None else _remembered(direction, key, unknown)


#: Declarations that are remembered: the engine asks about each connector six times in a row, and once more later. As
#: many as a large stack has; beyond that the oldest are judged anew.
_REMEMBERED = 5000

_Key = tuple[tuple[str, str | bool | tuple[str, ...] | None], ...]


def _key(declared: Mapping[str, object]) -> _Key | None:
    """What a declaration is known by; None where it holds what no connector has."""
    parts: list[tuple[str, str | bool | tuple[str, ...] | None]] = []
    # Sorted, because the engine's messages have no order.
    for name, value in sorted(declared.items()):
        if type(value) is list and all(type(item) is str for item in value):
            parts.append((name, tuple(value)))
        elif value is None or type(value) in (str, bool):
            parts.append((name, value))  # type: ignore[arg-type]
        else:
            # A number, too: 1 is equal to True.
            return None
    return tuple(parts)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(direction: Direction, key: _Key, unknown: frozenset[str]) -> Checked:
    known = {name: list(value) if isinstance(value, tuple) else value for name, value in key}
    return _check(direction, known, unknown)


def _check(direction: Direction, known: Mapping[str, object], unknown: frozenset[str]) -> Checked:
    values, findings = _read(direction, known)
    options, option_findings = read_options(known)
    findings += [*option_findings, *_strangers(direction, known)]
    settings = _settings(direction, values)
    findings += _marks(settings)
    # What is misspelled is not missing as well.
    refused = frozenset(finding.top_property for finding in findings) | _meant(direction, known)
    findings += _violations(settings, options, unknown | refused)
    return Checked(settings, options, unknown, tuple(findings))


def observed(direction: Direction, row: Mapping[str, object]) -> ConnectorSettings:
    """Reads the settings of a row of `Get-`; what is missing has its default, what is strange survives as it is."""
    return _settings(direction, {p.attribute: p.kind.read(row.get(p.name))[0] for p in parameters(direction)})


def inputs(settings: ConnectorSettings) -> dict[str, InputValue]:
    """The canonical inputs of settings: every default filled, and nothing for null, `""` and `[]`."""
    found: dict[str, InputValue] = {}
    for parameter in parameters(settings.direction):
        value = settings.value(parameter)
        if value is None or value in ("", ()) or (not parameter.shown_at_default and value == parameter.kind.empty):
            continue
        found[parameter.key] = list(value) if isinstance(value, tuple) else value
    return found


def _settings(direction: Direction, values: Mapping[str, Value]) -> ConnectorSettings:
    return settings_class(direction)(**{**values, "name": values["name"] or ""})  # type: ignore[arg-type]


def _violations(settings: ConnectorSettings, options: Options, skip: frozenset[str]) -> Iterable[Finding]:
    if isinstance(settings, InboundSettings):
        return violations(INBOUND, settings, options, skip)
    return violations(OUTBOUND, settings, options, skip)


def _read(direction: Direction, known: Mapping[str, object]) -> tuple[dict[str, Value], list[Finding]]:
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    for parameter in parameters(direction):
        value, problems = parameter.kind.read(known.get(parameter.key))
        values[parameter.attribute] = value
        for problem in problems:
            where = parameter.key if problem.index is None else f"{parameter.key}[{problem.index}]"
            findings.append(
                Finding(problem.rule, Severity.ERROR, where, problem.reason, problem.remedy, problem.source)
            )
    return values, findings


def _marks(settings: ConnectorSettings) -> Iterable[Finding]:
    """A declared comment cannot end with a mark: it would be read as that of a stack."""
    if mark := without_mark(settings.comment)[1]:
        reason = f"its last line, {mark.line}, is the mark by which a stack knows its connectors; Pulumi writes it"
        yield Finding("mark", Severity.ERROR, "comment", reason, "leave that line out", "this project")


def _strangers(direction: Direction, known: Mapping[str, object]) -> list[Finding]:
    """Findings for properties that no connector of this direction has."""
    own = _own(direction)
    findings = []
    for key in sorted(set(known) - {*own, SECRET_PROPERTIES}):
        reason, remedy = _unknown_name(direction, key, own)
        findings.append(Finding("V26", Severity.ERROR, key, reason, remedy, f"New-{direction}, Set-{direction}"))
    return findings


def _own(direction: Direction) -> list[str]:
    """The names that a declaration of a connector can hold."""
    return sorted({*(parameter.key for parameter in parameters(direction)), *OPTION_KEYS})


def _meant(direction: Direction, known: Mapping[str, object]) -> frozenset[str]:
    """The properties that misspelled ones stand for."""
    own = _own(direction)
    return frozenset(meant_by(key, own) for key in set(known) - {*own, SECRET_PROPERTIES}) - {""}


def _unknown_name(direction: Direction, key: str, own: Sequence[str]) -> tuple[str, str]:
    """Why a name is none of a connector's, and what to do."""
    refused = {folded(name): reason for name, reason in REFUSED.items()}
    if folded(key) in refused:
        return refused[folded(key)], "leave it out"
    same = any(folded(known) == folded(key) for known in own)
    others = [parameter.key for parameter in parameters(direction.other)]
    elsewhere = [known for known in others if folded(known) == folded(key)]
    meant = "" if elsewhere and not same else meant_by(key, own)
    if not meant and (elsewhere := elsewhere or list(other_words(key, others))):
        what = "this parameter" if folded(elsewhere[0]) == folded(key) else elsewhere[0]
        return f"only {direction.other.word} connectors have {what}", f"leave it out of an {direction.word} one"
    remedy = f"did you mean {meant}?" if meant else f"leave it out, or write one of {', '.join(own)}"
    return f"no parameter of {direction.word} connectors has this name", remedy
