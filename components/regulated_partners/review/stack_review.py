"""Previews one stack and reviews it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.engine.json_runs import engine_of, read_json
from regulated_partners.engine.preview_json import read_preview
from regulated_partners.engine.stack_errors import Refusal
from regulated_partners.engine.stack_operations import Operation
from regulated_partners.errors import CannotRunError
from regulated_partners.markdown import escaped, marker
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.review.gates import Gates, refusals
from regulated_partners.review.markdown import markdown
from regulated_partners.review.policy_packs import VARIABLES, policy_arguments, violations, without_their_failure
from regulated_partners.review.rendering import as_json
from regulated_partners.review.report import Review
from regulated_partners.review.review import review

#: The files of a stack: the plan for `up --plan`, the comment of a pull request, the same for programs.
PLAN, COMMENT, REPORT = "plan.json", "review.md", "review.json"


_EVENTS = "events.jsonl"


@dataclass(frozen=True)
class Previewed:
    """What came of the preview of one stack.

    Attributes:
        stack: the stack's name.
        review: None where it could not run.
        refused: the sentences of the gates.
        problem: why it could not run; empty where it did.
    """

    stack: str
    review: Review | None = None
    refused: tuple[str, ...] = ()
    problem: str = ""

    @property
    def summary(self) -> str:
        """One or two sentences."""
        return self.review.summary if self.review else self.problem.splitlines()[0]

    @property
    def result(self) -> str:
        """One word or two for a table."""
        if self.review is None:
            return "could not run"
        return "refused" if self.refused else "may be applied"


def preview_stack(
    stack: StackFile, environ: Mapping[str, str], gates: Gates, folder: Path, packs: Sequence[Path]
) -> Previewed:
    """Previews a stack, and writes its three files into `folder`; where it fails only the comment, which says so.

    Args:
        environ: the process environment.
        gates: what stops the pipeline.
        packs: directories of policy packs; a violated mandatory policy refuses as a gate does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (PLAN, COMMENT, REPORT, _EVENTS):
        (folder / name).unlink(missing_ok=True)
    try:
        engine = engine_of(stack, {**environ, **VARIABLES})
        engine.select(Operation.PREVIEW)
        arguments = ["--save-plan", str(folder.resolve() / PLAN), *policy_arguments(packs, folder.resolve() / _EVENTS)]
        document = read_json(engine, Operation.PREVIEW, arguments, fine=(0,))
        violated = violations(folder / _EVENTS)
        plan = read_preview(without_their_failure(document) if violated else document, stack.root)
        found = review(plan, datetime.datetime.now(datetime.UTC).date())
    except (CannotRunError, Refusal) as error:
        for name in (PLAN, _EVENTS):
            (folder / name).unlink(missing_ok=True)
        (folder / COMMENT).write_text(_failure(stack.name, str(error)), encoding="utf-8")
        return Previewed(stack.name, problem=str(error))
    refused = (*refusals(found, gates), *violated)
    (folder / COMMENT).write_text(markdown(found, refused), encoding="utf-8")
    (folder / REPORT).write_text(as_json(found, refused) + "\n", encoding="utf-8")
    return Previewed(stack.name, found, refused)


def _failure(stack: str, problem: str) -> str:
    """The comment has the marker of every review of the stack, so that it takes the place of the last one."""
    lines = "\n".join(f"> {escaped(line.strip())}" for line in problem.splitlines()[:40])
    return (
        f"{marker('review', stack)}\n## What this does to mail: stack {escaped(stack)}\n\n"
        f"**The preview failed, so nobody knows.**\n\n{lines}\n"
    )
