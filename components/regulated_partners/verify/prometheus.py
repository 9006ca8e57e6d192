"""A run as metrics in Prometheus' text format, for the textfile collector of node_exporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from regulated_partners.probing.verdicts import Judgement, Level, Verdict
from regulated_partners.verify.evidence import Run

_PREFIX = "regulated_partners_verify"


def as_prometheus(run: Run) -> str:
    """One sample for each judgement and metric."""
    lines = [
        *_metric("verdict", "1 for the verdict that a judgement came to.", _verdicts(run)),
        *_metric("findings", "Findings of a judgement by level.", _findings(run)),
        *_metric(
            "certificate_not_after_timestamp_seconds", "When the certificate expires, Unix seconds.", _not_after(run)
        ),
        *_metric(
            "run_timestamp_seconds",
            "When the run began, Unix seconds.",
            [({"command": run.command}, run.started.timestamp())],
        ),
    ]
    return "\n".join(lines) + "\n"


_Sample = tuple[Mapping[str, str], float]


def _metric(name: str, help_text: str, samples: Iterable[_Sample]) -> Iterable[str]:
    yield f"# HELP {_PREFIX}_{name} {help_text}"
    yield f"# TYPE {_PREFIX}_{name} gauge"
    # Two judgements with the same labels would make the file invalid; the last one counts.
    for labels, value in {tuple(labels.items()): value for labels, value in samples}.items():
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        yield f"{_PREFIX}_{name}{{{shown}}} {value:.0f}"


def _verdicts(run: Run) -> Iterable[_Sample]:
    for each in run.judgements:
        for verdict in Verdict:
            yield {**_labels(each), "verdict": verdict.value}, float(each.verdict is verdict)


def _findings(run: Run) -> Iterable[_Sample]:
    for each in run.judgements:
        for level in Level:
            count = sum(finding.level is level for finding in each.findings)
            yield {**_labels(each), "level": level.value}, float(count)


def _not_after(run: Run) -> Iterable[_Sample]:
    return ((_labels(each), each.not_after.timestamp()) for each in run.judgements if each.not_after)


def _labels(judgement: Judgement) -> dict[str, str]:
    return {
        "partner": judgement.partner or "",
        "direction": judgement.direction.word if judgement.direction else "",
        "kind": judgement.kind,
        "subject": judgement.subject,
    }


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "")
