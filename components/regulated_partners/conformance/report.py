"""The report: what became of each rule, with the answers it rests on, in a form that a program can take over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from regulated_partners.conformance.answer import Sent
from regulated_partners.conformance.experiment import (
    SWITCHES,
    UNSEEN_SWITCHES,
    Experiment,
    Outcome,
    Reading,
    SwitchValue,
)
from regulated_partners.conformance.redaction import Redaction
from regulated_partners.run_record import TOOL, tool_version

#: Changes when a field changes its meaning; new fields do not change it.
FORMAT = 1

#: Rows and bodies are never kept: of an answer that was accepted only how much it held.
_MOST_CALLS = 20


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class Call(_Model):
    """One call and its answer, redacted."""

    cmdlet: str
    parameters: dict[str, JsonValue] | None = Field(description="None where something else than a cmdlet was asked for")
    note: str = Field("", description="what was unusual about the request")
    status: int
    exception_type: str = ""
    text: str = Field("", description="the service's words of a refusal")
    warnings: tuple[str, ...] = ()
    rows: int = Field(description="how many came back; what is in them is not kept")


class Result(_Model):
    """What became of one rule.

    `acted` says whether the rule's own sentence was seen to be true, which is what a tag rests on: a rule "is refused"
    of the switch strict has not acted where the service accepts, although the emulator by default does the same.
    """

    rule: str
    outcome: Outcome
    said: str = Field(description="what was seen, or why nothing was")
    acted: bool | None = None
    fits: dict[str, JsonValue] = Field({}, description="switches, each with the value by which the emulator does so")
    sends: str = ""
    holds: str = Field("", description="which answers mean that the service does as the emulator by default")
    calls: tuple[Call, ...] = ()


class Switch(_Model):
    """What the results say about one switch of the emulator.

    `fits` is None where nothing was seen of it, or where rules speak for different values, which `values` has.
    """

    default: JsonValue
    fits: JsonValue = None
    values: dict[str, tuple[str, ...]] = Field({}, description="each value as JSON, and the rules that speak for it")
    unseen: str = Field("", description="why nothing shows of it in what this command sends")


class Untouched(_Model):
    """The tenant's own connectors and transport rules before and after the run.

    Attributes:
        same: whether the Guids are the same; None where it could not be looked.
        changed_meanwhile: of how many the settings differ, which this command never writes.
    """

    connectors: int
    transport_rules: int | None
    same: bool | None
    changed_meanwhile: int = 0


class Report(_Model):
    """One run."""

    format: Literal[1] = 1
    tool: str = TOOL
    version: str = Field(default_factory=tool_version)
    command: Literal["conformance"] = "conformance"
    started: datetime
    cloud: str
    complete: bool = Field(description="whether all that was asked for was run, and everything was removed again")
    ended: str = Field("", description="why it ended early")
    untouched: Untouched
    results: tuple[Result, ...]
    switches: dict[str, Switch]

    @property
    def otherwise(self) -> tuple[Result, ...]:
        """The rules that the service does not keep as the emulator does by default."""
        return tuple(result for result in self.results if result.outcome is Outcome.OTHERWISE)

    def as_json(self) -> str:
        """The report for a file."""
        return self.model_dump_json(indent=2) + "\n"


@dataclass(frozen=True)
class Tried:
    """An experiment that was run."""

    experiment: Experiment
    reading: Reading
    sent: tuple[Sent, ...] = ()


def results(
    tried: Iterable[Tried],
    experiments: Iterable[tuple[Experiment, str]],
    not_tried: Mapping[str, str],
    redaction: Redaction,
) -> tuple[Result, ...]:
    """Every rule once: those that were tried, those that were not this time, those that nothing tries.

    Args:
        experiments: all that there are, with the reason why one was not run.
    """
    found = {one.experiment.rule: _result(one, redaction) for one in tried}
    left = [
        Result(rule=one.rule, outcome=Outcome.NOT_TRIED, said=why, sends=one.sends, holds=one.holds)
        for one, why in experiments
        if one.rule not in found
    ]
    never = [Result(rule=rule, outcome=Outcome.NOT_TRIED, said=why) for rule, why in not_tried.items()]
    return (*found.values(), *left, *never)


def _result(tried: Tried, redaction: Redaction) -> Result:
    experiment, reading = tried.experiment, tried.reading
    return Result(
        rule=experiment.rule,
        outcome=reading.outcome,
        said=redaction.text(reading.said),
        acted=reading.acted,
        fits={name: _plain(value) for name, value in reading.fits.items()},
        sends=experiment.sends,
        holds=experiment.holds,
        calls=tuple(_call(sent, redaction) for sent in tried.sent[:_MOST_CALLS]),
    )


def _plain(value: SwitchValue) -> JsonValue:
    return [*value] if isinstance(value, tuple) else value


def _call(sent: Sent, redaction: Redaction) -> Call:
    answer = sent.answer
    return Call(
        cmdlet=sent.cmdlet,
        parameters=redaction.value(sent.parameters),
        note=redaction.text(sent.note),
        status=answer.status,
        exception_type=redaction.text(answer.exception_type),
        text=redaction.text(answer.text),
        warnings=tuple(map(redaction.text, answer.warnings)),
        rows=len(answer.rows),
    )


def switches(found: Sequence[Result]) -> dict[str, Switch]:
    """What the results say about each switch."""
    from json import dumps

    return {
        name: _switch(
            default,
            UNSEEN_SWITCHES.get(name, ""),
            [(dumps(result.fits[name]), result.fits[name], result.rule) for result in found if name in result.fits],
        )
        for name, default in SWITCHES.items()
    }


def _switch(default: SwitchValue, unseen: str, said: Sequence[tuple[str, JsonValue, str]]) -> Switch:
    values: dict[str, tuple[str, ...]] = {}
    for text, _, rule in said:
        values[text] = (*values.get(text, ()), rule)
    fits = said[0][1] if len(values) == 1 else None
    return Switch(default=_plain(default), fits=fits, values=values, unseen=unseen)


def counted(found: Iterable[Result]) -> str:
    """How many rules had each outcome, as one sentence."""
    counts = Counter(result.outcome for result in found)
    return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
