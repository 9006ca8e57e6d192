"""A run compared with the baseline: findings into the judgements, news into the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import typer

from regulated_partners.probing.verdicts import Judgement, verdict_of, worst
from regulated_partners.verify.baseline import (
    Baseline,
    Observation,
    changes_since,
    read_baseline,
    updated,
    write_baseline,
)


@dataclass(frozen=True)
class Observed:
    """A judgement, and what was seen for it that the baseline keeps."""

    judgement: Judgement
    seen: tuple[Observation, ...] = ()


class Watch:
    """The baseline of one run; without a file nothing is compared.

    Args:
        path: the file; None for none.
        accept: enter what has changed, too.

    Raises:
        CannotRunError: where the file is not readable or no baseline.
        typer.BadParameter: for `accept` without a file.
    """

    def __init__(self, path: Path | None, *, accept: bool) -> None:
        if accept and path is None:
            raise typer.BadParameter("--update-baseline needs --baseline")
        self._path, self._accept = path, accept
        self._before = Baseline() if path is None else read_baseline(path)

    def compared(self, observed: Iterable[Observed], moment: datetime) -> tuple[Judgement, ...]:
        """The judgements with what has changed; then the file is written. Raises CannotRunError."""
        found = list(observed)
        if self._path is None:
            return tuple(each.judgement for each in found)
        judgements = tuple(self._with_changes(each) for each in found)
        after = updated(self._before, self._all_seen(found), moment, accept=self._accept)
        if after != self._before or not self._path.exists():
            write_baseline(self._path, after)
        return judgements

    def _with_changes(self, observed: Observed) -> Judgement:
        changes = (
            () if self._accept else tuple(each for seen in observed.seen for each in changes_since(self._before, seen))
        )
        judgement = observed.judgement
        verdict = worst((judgement.verdict, verdict_of(changes)))
        return replace(judgement, verdict=verdict, findings=(*judgement.findings, *changes))

    @staticmethod
    def _all_seen(observed: Sequence[Observed]) -> list[Observation]:
        return [seen for each in observed for seen in each.seen]
