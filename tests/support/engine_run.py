"""What one run of the Pulumi CLI did: its exit code, what it printed, and the engine's own log of events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from exchange_online.connectors import TOKENS

#: The engine's words for a read before the program's own steps.
_REFRESH = "refresh"


@dataclass(frozen=True)
class Change:
    """One property of a resource's inputs, before and after; None where it is not there."""

    before: object
    after: object


@dataclass(frozen=True)
class Step:
    """What the engine did, or would do, with one resource.

    Attributes:
        operation: the engine's word: `create`, `update`, `delete`, `same`, `replace`.
        type: the type token.
        name: the resource's name in the program.
        changes: the properties that differ, by name.
        gone: after a read: the tenant does not have it.
    """

    operation: str
    type: str
    name: str
    changes: Mapping[str, Change] = field(default_factory=dict)
    gone: bool = False

    @property
    def is_connector(self) -> bool:
        return self.type in TOKENS


@dataclass(frozen=True)
class Diagnostic:
    """One message to the user. `severity` is the engine's: `info`, `info#err`, `warning` or `error`; `urn` that of the
    resource at which it is shown, the stack's where it is about none.
    """

    severity: str
    text: str
    urn: str = ""


@dataclass(frozen=True)
class Run:
    """One finished run of the CLI.

    Attributes:
        exit_code: of the CLI; 7 is "changes, although none were expected".
        stdout, stderr: what it printed.
        steps: what was done; in a preview, what would be done.
        reads: what the refresh at the beginning found.
        failed: the steps that failed.
        diagnostics: messages, those for debugging left out.
        event_log: the engine's log as it is written, one JSON object a line.
    """

    exit_code: int
    stdout: str
    stderr: str
    steps: tuple[Step, ...]
    reads: tuple[Step, ...]
    failed: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...]
    event_log: str

    @property
    def output(self) -> str:
        """All that the user saw."""
        return f"{self.stdout}\n{self.stderr}"

    @property
    def operations(self) -> dict[str, str]:
        """What happened to each connector that did not stay the same, by resource name."""
        return {step.name: step.operation for step in self.steps if step.is_connector and step.operation != "same"}

    @property
    def changes(self) -> dict[str, dict[str, Change]]:
        """The changed properties of each updated connector, by resource name."""
        return {step.name: dict(step.changes) for step in self.steps if step.is_connector and step.changes}

    @property
    def drift(self) -> dict[str, dict[str, Change]]:
        """What the refresh found different, by resource name; no property for a connector that is gone."""
        found = [step for step in self.reads if step.is_connector and (step.changes or step.gone)]
        return {step.name: dict(step.changes) for step in found}

    def messages(self, severity: str) -> tuple[str, ...]:
        """The texts of one severity, each once."""
        return tuple(dict.fromkeys(found.text for found in self.diagnostics if found.severity == severity))

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings, each once."""
        return tuple(dict.fromkeys(found for found in self.diagnostics if found.severity == "warning"))

    def succeeded(self) -> Self:
        """Asserts exit code 0."""
        assert self.exit_code == 0, f"exit code {self.exit_code}\n{self.output}"
        return self

    def unchanged(self) -> Self:
        """Asserts that it succeeded, and that no connector was touched."""
        self.succeeded()
        assert self.operations == {}, self.output
        return self

    def refused(self, *words: str) -> Self:
        """Asserts a failure that a person can read: each of these words, and nothing of Python's."""
        assert self.exit_code not in (0, 7), self.output
        for expected in words:
            assert expected in self.output, f"{expected!r} is not in\n{self.output}"
        # The gRPC library's own "Exception calling application" stands before the sentence and cannot be taken away.
        for unwanted in (
            "Traceback",
            'File "',
            "grpc_status",
            "defect of the provider",
        ):
            assert unwanted not in self.output, f"{unwanted!r} is in\n{self.output}"
        return self


def finished(exit_code: int, stdout: str, stderr: str, event_log: str, *, planning: bool) -> Run:
    """Reads the event log of a run.

    Args:
        exit_code, stdout, stderr: of the CLI.
        event_log: what `--event-log` wrote.
        planning: whether the run was a preview; `up` writes the events of its own preview into the same log.
    """
    events = [json.loads(line) for line in event_log.splitlines() if line.strip()]
    steps, reads, failed = _steps(events, planning=planning)
    return Run(exit_code, stdout, stderr, steps, reads, failed, tuple(_diagnostics(events)), event_log)


def _steps(
    events: Sequence[Mapping[str, Any]], *, planning: bool
) -> tuple[tuple[Step, ...], tuple[Step, ...], tuple[Step, ...]]:
    """The program's steps, the reads, and the failures. An outcome belongs to the step that was begun before it."""
    steps: list[Step] = []
    reads: list[Step] = []
    failed: list[Step] = []
    begun: dict[str, str] = {}
    for event in events:
        if (before := event.get("resourcePreEvent")) and bool(before.get("planning")) is planning:
            begun[before["metadata"]["urn"]] = before["metadata"]["op"]
        elif (after := event.get("resOutputsEvent")) and bool(after.get("planning")) is planning:
            into = reads if begun.get(after["metadata"]["urn"]) == _REFRESH else steps
            into.append(_step(after["metadata"]))
        elif failure := event.get("resOpFailedEvent"):
            failed.append(_step(failure["metadata"]))
    return tuple(steps), tuple(reads), tuple(failed)


def _step(metadata: Mapping[str, Any]) -> Step:
    old, new = metadata.get("old") or {}, metadata.get("new") or {}
    before, after = old.get("inputs", {}), new.get("inputs", {})
    properties = {re.split(r"[.\[]", path)[0] for path in metadata.get("detailedDiff") or {}}
    return Step(
        operation=metadata["op"],
        type=metadata["type"],
        name=metadata["urn"].rpartition("::")[2],
        changes={name: Change(before.get(name), after.get(name)) for name in sorted(properties)},
        gone=bool(old) and not new,
    )


def _diagnostics(events: Iterable[Mapping[str, Any]]) -> Iterable[Diagnostic]:
    for event in events:
        found = event.get("diagnosticEvent")
        if found and found["severity"] != "debug":
            yield Diagnostic(found["severity"], found["message"].strip(), found.get("urn", ""))
