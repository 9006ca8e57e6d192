"""A report of stacks: their declarations, what git and the engine say of them, what the inputs show of each partner."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange_online.connectors import SECRET
from regulated_partners.evidence.gathered import Gathered, Piece
from regulated_partners.evidence.inputs import Source
from regulated_partners.evidence.judged_policies import judged_policies
from regulated_partners.evidence.looks import Question
from regulated_partners.evidence.partner_report import About, partner_report
from regulated_partners.evidence.provenance import Provenance
from regulated_partners.evidence.records import WrittenUpdate, clean
from regulated_partners.evidence.report import Applied, Consent, Input, PartnerReport, Policies, Report, StackReport
from regulated_partners.partners import Pair, StackFile
from regulated_partners.partners.acknowledgements import read_acknowledgements
from regulated_partners.partners.stack_file import named
from regulated_partners.policies.waiver import Waiver, read_waivers
from regulated_partners.run_record import PLAN_MESSAGE, commit_of, tool_version

#: Updates of the history that are shown.
_MOST_UPDATES = 10


@dataclass(frozen=True)
class Asked:
    """What a report is asked for.

    Attributes:
        stacks: those that could be read.
        unread: of the others the name, and why.
        only: names of partners, as declared; empty for all.
        who: makes it.
        now: UTC.
    """

    stacks: tuple[StackFile, ...]
    unread: tuple[tuple[str, str], ...]
    only: frozenset[str]
    who: str
    now: datetime.datetime


def make_report(asked: Asked, sources: Sequence[Source]) -> Report:
    """The report. The same declarations, inputs, git and time give the same one."""
    partners: list[PartnerReport] = []
    stacks: list[StackReport] = []
    remarks: list[str] = []
    for stack in asked.stacks:
        found, reported, said = _of_stack(stack, asked, sources)
        partners += reported
        stacks.append(found)
        remarks += said
    stacks += [StackReport(name=name, project="", problem=problem) for name, problem in asked.unread]
    partners.sort(key=lambda one: (-one.standing.rank, one.name.casefold(), one.stack))
    root = asked.stacks[0].root if asked.stacks else None
    commit = commit_of(root) if root else None
    beside = "" if commit is None or commit.clean else " and changes that are not committed"
    return Report(
        version=tool_version(),
        who=clean(asked.who),
        started=asked.now,
        commit=f"{commit.sha}{beside}" if commit and commit.sha else "",
        stacks=tuple(stacks),
        partners=tuple(partners),
        inputs=tuple(_listed(source, asked) for source in sources),
        remarks=tuple(remarks),
    )


def _listed(source: Source, asked: Asked) -> Input:
    """An input that is about none of the stacks is said to be."""
    run = source.run
    if run is None or any(run.is_of(stack.name) for stack in asked.stacks):
        return source.input
    about = f"the stack {run.stack}" if run.stack else "no stack: give it one with --stack"
    remark = f"It is about {about}, so nothing of it was used."
    return source.input.model_copy(update={"remark": f"{source.input.remark} {remark}".strip()})


def _of_stack(
    stack: StackFile, asked: Asked, sources: Iterable[Source]
) -> tuple[StackReport, list[PartnerReport], list[str]]:
    declared = stack.declared
    provenance = Provenance(stack)
    wrong = [*declared.errors, *filter(None, [stack.undeclared])]
    report = StackReport(
        name=stack.name,
        project=stack.project,
        cloud=stack.settings.cloud,
        tenant=stack.settings.tenant or "",
        file=named(stack.path, stack.root),
        commit=provenance.commit,
        partners=len(declared.pairs),
        beside=len(declared.connectors),
    )
    if wrong:
        problem = "The declarations are wrong, so nothing can be proven of them: " + " ".join(map(str, wrong[:10]))
        return report.model_copy(update={"problem": problem}), [], []
    gathered = Gathered(stack.name, stack.settings.tenant or "", declared.pairs, sources, asked.now)
    today = asked.now.date()
    waivers = read_waivers(stack.settings.waivers)
    policies = judged_policies(stack, waivers, today)
    consents = _consents(stack, waivers, provenance, today)
    pairs = [pair for pair in declared.pairs if not asked.only or pair.name in asked.only]
    partners = [
        partner_report(
            Question(pair, gathered.of(pair), gathered, asked.now, provenance.since),
            About(policies.get(pair.name, Policies()), consents.get(pair.name.casefold(), ())),
        )
        for pair in pairs
    ]
    known = {pair.name.casefold() for pair in declared.pairs}
    others = [(owner, one) for owner, found in consents.items() if owner not in known for one in found]
    remarks = [*provenance.remarks, *policies[""].violated, *_history_remarks(gathered)]
    report = report.model_copy(
        update={
            "applied": tuple(_applied(gathered)),
            "exceptions": tuple(others),
            "remarks": tuple(remarks),
        }
    )
    return report, partners, gathered.remarks


def _consents(
    stack: StackFile, waivers: Sequence[Waiver], provenance: Provenance, today: datetime.date
) -> Mapping[str, tuple[Consent, ...]]:
    """Waivers and acknowledgements by whom they are for, names without regard to case."""
    found: dict[str, list[Consent]] = {}
    for waiver in waivers:
        if waiver.expires is not None and not waiver.problems:
            found.setdefault(waiver.partner.casefold(), []).append(
                Consent(
                    kind="waiver",
                    policy=waiver.policy,
                    reason=waiver.reason,
                    expires=waiver.expires,
                    in_force=waiver.in_force(today),
                    given_by=provenance.of_waiver(waiver.index),
                )
            )
    secret = {pair.name.casefold(): pair for pair in stack.declared.pairs if "acknowledge.reason" in pair.secret}
    for given in read_acknowledgements(stack.config, stack.root).given:
        owner = given.partner.casefold()
        found.setdefault(owner, []).append(
            Consent(
                kind="acknowledgement",
                reason=SECRET if owner in secret else given.reason,
                expires=given.expires,
                in_force=given.in_force(today),
                given_by=provenance.of_acknowledgement(given.partner),
            )
        )
    return {owner: tuple(consents) for owner, consents in found.items()}


def _history_remarks(gathered: Gathered) -> Iterator[str]:
    if not gathered.updates:
        yield "No history of the engine was given, so nobody can say from here which commit and plan was applied."


def _applied(gathered: Gathered) -> Iterator[Applied]:
    """The newest updates; of one that stands in two histories the last that was given.

    A state in files has no numbers: there every update is number 0 (measured, 3.259).
    """
    by_time: dict[tuple[object, ...], Piece[WrittenUpdate]] = {
        (piece.what.start_time, piece.what.version, piece.what.kind): piece for piece in gathered.updates
    }
    plans = {piece.what.plan.sha256.lower(): piece for piece in gathered.reviews if piece.what.plan is not None}
    for piece in sorted(by_time.values(), key=lambda one: one.what.start_time, reverse=True)[:_MOST_UPDATES]:
        update = piece.what
        plan = "a plan; which one the history does not say" if update.planned else "no saved plan"
        reviewed = None
        if update.message.startswith(PLAN_MESSAGE):
            plan = update.message.removeprefix(PLAN_MESSAGE).strip()
            reviewed = plans.get(plan.lower())
        yield Applied(
            number=update.version,
            kind=update.kind,
            result=update.result,
            started=update.start_time,
            commit=f"{update.commit}{' and changes that were not committed' if update.dirty else ''}",
            author=update.author,
            plan=plan,
            review=reviewed.source.number if reviewed else None,
            input=piece.source.number,
        )


def partners_named(stacks: Iterable[StackFile], names: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """The declared names of partners that were asked for, and those that no stack declares."""
    declared: dict[str, set[str]] = {}
    for stack in stacks:
        for pair in stack.declared.pairs:
            declared.setdefault(pair.name.casefold(), set()).add(pair.name)
    missing = [name for name in names if name.strip().casefold() not in declared]
    found: set[str] = set().union(*(declared.get(name.strip().casefold(), set()) for name in names))
    return frozenset(found), missing


def has_partners(stacks: Iterable[StackFile]) -> bool:
    """Whether there is anybody to report about."""
    pairs: list[Pair] = [pair for stack in stacks for pair in stack.declared.pairs]
    return bool(pairs)
