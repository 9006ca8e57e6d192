"""A project with a stack, and the records that the other commands write about it, by what really writes them."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from exchange_online.connectors import (
    ConnectorRecord,
    ConnectorSettings,
    Direction,
    Mark,
    new_parameters,
    parameters_after_new,
    record_from_row,
)
from regulated_partners.adopt import inventory_json, inventory_of
from regulated_partners.engine.state import ManagedConnector, States
from regulated_partners.evidence import Asked, Report, Standing, make_report, read_inputs
from regulated_partners.evidence.report import Claim, PartnerReport
from regulated_partners.other_ways import Look
from regulated_partners.partners import Pair, read_stack_file
from regulated_partners.probing.verdicts import Fact, Finding, Judgement, Verdict
from regulated_partners.run_record import heading
from regulated_partners.verify.evidence import Run, as_json

NOW = datetime.datetime(2026, 11, 26, 12, 0, tzinfo=datetime.UTC)
YESTERDAY = NOW - datetime.timedelta(days=1)
STACK, WHO = "production", "somebody"
TENANT = "2ade5aaf-6c5f-4b6a-a8c2-e1c592e78e58"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
FABRIKAM: dict[str, Any] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1, owner messaging team",
}
_NAMESPACE = uuid.UUID("b7f6a4d2-0000-4000-8000-000000000000")


def guid(settings: ConnectorSettings) -> str:
    """Of a connector of the tenant."""
    return str(uuid.uuid5(_NAMESPACE, f"{settings.direction} {settings.name}"))


@dataclass
class Project:
    """A project of one's own; what was given to the report are `inputs`."""

    root: Path
    inputs: list[Path]

    @classmethod
    def of(cls, root: Path, *partners: Mapping[str, Any], **settings: Any) -> Project:
        """One whose stack declares these partners."""
        found = cls(root, [])
        (root / "Pulumi.yaml").write_text("name: mail\nruntime: python\nstackConfigDir: stacks\n", encoding="utf-8")
        (root / "stacks").mkdir(exist_ok=True)
        found.declare(*partners, **settings)
        return found

    def declare(self, *partners: Mapping[str, Any], stack: str = STACK, **settings: Any) -> None:
        values = {"cloud": "commercial", "tenant": TENANT, "clientId": TENANT, "partners": list(partners), **settings}
        config = {f"regulated-partners:{name}": value for name, value in values.items()}
        path = self.root / "stacks" / f"Pulumi.{stack}.yaml"
        path.write_text(yaml.safe_dump({"config": config}, sort_keys=False, allow_unicode=True), encoding="utf-8")

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return read_stack_file(self.root, STACK).declared.pairs

    @property
    def pair(self) -> Pair:
        """The first partner's."""
        return self.pairs[0]

    def give(self, document: str | Mapping[str, Any] | bytes, name: str = "") -> Path:
        """One input more."""
        path = self.root / (name or f"input-{len(self.inputs) + 1}.json")
        text = document if isinstance(document, (str, bytes)) else json.dumps(document)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.inputs.append(path)
        return path

    def report(self, *only: str, now: datetime.datetime = NOW, stacks: Sequence[str] = (STACK,)) -> Report:
        found = tuple(read_stack_file(self.root, stack) for stack in stacks)
        return make_report(Asked(found, (), frozenset(only), WHO, now), read_inputs(self.inputs, now))

    def partner(self, now: datetime.datetime = NOW) -> PartnerReport:
        """The report's only partner."""
        (found,) = self.report(now=now).partners
        return found


def claim(partner: PartnerReport, direction: Direction, name: str) -> Claim:
    """One claim; it must be there."""
    (found,) = [one for one in partner.of(direction.word) if one.id == name]
    return found


def standings(partner: PartnerReport, direction: Direction) -> dict[str, Standing]:
    """How it stands with each claim about a direction."""
    return {one.id.value: one.standing for one in partner.of(direction.word)}


def verified(
    command: str, *judgements: Judgement, started: datetime.datetime = YESTERDAY, stack: str | None = STACK
) -> str:
    """What `verify COMMAND --json` writes."""
    return as_json(Run(f"verify {command}", judgements, WHO, started, stack))


def judgement(
    pair: Pair,
    direction: Direction,
    kind: str,
    verdict: Verdict,
    subject: str,
    *,
    facts: Mapping[str, str] | None = None,
    findings: Iterable[Finding] = (),
    not_after: datetime.datetime | None = None,
) -> Judgement:
    """A judgement of a declared partner."""
    return Judgement.by_connector(
        kind,
        subject,
        verdict,
        pair.name,
        pair.half(direction).settings,
        facts=[Fact(name, value) for name, value in (facts or {}).items()],
        findings=findings,
        not_after=not_after,
    )


def message(pair: Pair, direction: Direction, verdict: Verdict = Verdict.PASSED, day: str = "2026-11-20") -> Judgement:
    return judgement(pair, direction, "message", verdict, f"{direction.word}.eml", facts={"date": f"{day}, 6 days ago"})


def traffic(pair: Pair, direction: Direction, verdict: Verdict = Verdict.PASSED) -> Judgement:
    return judgement(pair, direction, "traffic", verdict, "2026-10-01 to 2026-10-31")


def server(
    pair: Pair,
    verdict: Verdict = Verdict.PASSED,
    *,
    host: str = "mx1.fabrikam.com",
    not_after: datetime.datetime | None = datetime.datetime(2027, 6, 1, tzinfo=datetime.UTC),
    findings: Iterable[Finding] = (),
    **facts: str,
) -> Judgement:
    shown = {"protocol": "TLSv1.3", "common name": "mail.fabrikam.com", "issuer": "CN=Some CA", **facts}
    subject = f"{host} [192.0.2.25]:25"
    return judgement(pair, OUT, "server", verdict, subject, facts=shown, findings=findings, not_after=not_after)


def connectors(pairs: Iterable[Pair]) -> list[ConnectorRecord]:
    """The tenant with the connectors of these partners, as the service sends them."""
    found = []
    for pair in pairs:
        for half in pair.halves:
            settings: ConnectorSettings = half.settings
            cells: dict[str, object] = {**new_parameters(settings), **parameters_after_new(settings)}
            cells |= {"Guid": guid(settings), "WhenChangedUTC": "2026-11-20T02:29:04.9905320Z"}
            found.append(record_from_row(half.direction, cells))
    return found


def changed(record: ConnectorRecord, **settings: Any) -> ConnectorRecord:
    """The same connector with other settings."""
    return replace(record, settings=replace(record.settings, **settings))


def inventory(
    records: Sequence[ConnectorRecord],
    *,
    started: datetime.datetime = YESTERDAY,
    look: Look | None = None,
    tenant: str = TENANT,
    stack: str = STACK,
) -> str:
    """What `inventory --json` writes of a tenant whose connectors this stack manages."""
    managed = {
        one.guid: ManagedConnector(STACK, one.direction, one.guid, "resource", True, Mark("mail", STACK))
        for one in records
    }
    states = States(Mark("mail", STACK), managed, frozenset({Mark("mail", STACK)}))
    ways = (look or Look()).ways
    items = inventory_of(records, states, ways, marks=False)
    return inventory_json(items, tenant, look or Look(), heading("inventory", stack, WHO, started))


def drift(*entries: Mapping[str, Any], started: datetime.datetime = YESTERDAY, **changes: Any) -> dict[str, Any]:
    """What `drift --json` writes."""
    return {
        **heading("drift", STACK, WHO, started),
        "drift": list(entries),
        "otherWays": [],
        "otherWaysProblem": None,
        **changes,
    }


def everything(project: Project, *, started: datetime.datetime = YESTERDAY) -> None:
    """Gives all that proves the project's partners."""
    project.give(inventory(connectors(project.pairs), started=started))
    project.give(verified("partner", *(server(pair) for pair in project.pairs), started=started))
    seen = [traffic(pair, direction) for pair in project.pairs for direction in Direction]
    project.give(verified("traffic", *seen, started=started))
