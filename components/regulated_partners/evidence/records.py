"""The forms of the records that other commands write, as a report reads them: others may have changed them.

Texts are bounded and valid Unicode, moments are such that can be compared. Fields that nobody here needs are left out.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from exchange_online.connectors import Direction
from regulated_partners.probing.verdicts import Verdict

#: Characters of one text.
LONGEST = 4_000
#: Years that a record may speak of.
_FIRST, _LAST = 1990, 9000

#: What `command` says of the engine's history.
HISTORY = "history"


def _cut(value: object) -> object:
    return clean(value[:LONGEST]) if isinstance(value, str) else value


def clean(text: str) -> str:
    """A text without halves of characters, which a name of a file and JSON may hold, and UTF-8 does not."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _all_clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_all_clean(item) for item in value]
    return {clean(str(key)): _all_clean(item) for key, item in value.items()} if isinstance(value, dict) else value


def _utc(moment: datetime.datetime) -> datetime.datetime:
    """Moments at the ends of the calendar cannot be compared with others."""
    if not _FIRST <= moment.year <= _LAST:
        raise ValueError(f"the year is none from {_FIRST} to {_LAST}")
    return moment.astimezone(datetime.UTC)


Text = Annotated[str, BeforeValidator(_cut)]
#: A text of a field that may be null.
Optional = Annotated[Text | None, BeforeValidator(_cut)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Count = Annotated[int, Field(ge=0, le=10**12)]
_BY_WORD = {direction.word: direction for direction in Direction}
#: A direction as records spell it.
Word = Annotated[Direction, BeforeValidator(lambda word: _BY_WORD.get(word) if isinstance(word, str) else None)]


class _Written(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Heading(_Written):
    """What every record begins with (`run_record.heading`)."""

    command: Text
    version: Text = ""
    stack: Optional = None
    who: Text = ""
    started: Moment

    def is_of(self, stack: str) -> bool:
        """Whether it is about a stack, whose names may say organization and project."""
        return self.stack is not None and self.stack.rpartition("/")[2] == stack.rpartition("/")[2]


class WrittenFact(_Written):
    name: Text
    value: Text


class WrittenFinding(_Written):
    check: Text
    level: Text
    text: Text


class WrittenJudgement(_Written):
    """One judgement of `verify`."""

    kind: Text
    subject: Text
    partner: Optional = None
    direction: Word | None = None
    demand: Optional = None
    connector_sha256: Optional = None
    verdict: Verdict
    not_after: Moment | None = None
    facts: tuple[WrittenFact, ...] = ()
    findings: tuple[WrittenFinding, ...] = ()

    def fact(self, name: str) -> str:
        """The value of the first fact of a name; empty where there is none."""
        return next((fact.value for fact in self.facts if fact.name == name), "")


class WrittenDay(_Written):
    day: Text


class WrittenTraffic(_Written):
    """One line of `verify traffic`."""

    partner: Text
    direction: Word
    report: Text
    basis: Text = ""
    unit: Text = ""
    count: Count
    by_tls: dict[Text, Count] = {}
    without_tls: Count = 0
    outside_the_pair: Count = 0
    not_delivered: Count = 0
    days: tuple[WrittenDay, ...] = ()


class VerifyRun(Heading):
    """What a `verify` command writes."""

    judgements: tuple[WrittenJudgement, ...]
    traffic: tuple[WrittenTraffic, ...] = ()


class WrittenSetting(_Written):
    parameter: Text
    declared: Text = ""
    found: Text = ""
    before: Text = ""
    after: Text = ""


class WrittenEffect(_Written):
    kind: Text = Field(alias="class")
    reason: Text


class WrittenDrift(_Written):
    """One connector that `drift` found different."""

    partner: Text
    connector: Text
    direction: Word
    gone: bool = False
    properties: tuple[WrittenSetting, ...] = ()
    effects: tuple[WrittenEffect, ...] = ()


class WrittenWay(_Written):
    """Another way of partners' mail."""

    partners: tuple[Text, ...]
    direction: Word
    weight: Text
    text: Text


class WithWays(Heading):
    """A record that also says whether the mail has other ways; one of an earlier version does not say if it looked."""

    other_ways: tuple[WrittenWay, ...] = ()
    other_ways_problem: Optional


class DriftRun(WithWays):
    """What `drift` writes."""

    drift: tuple[WrittenDrift, ...]


class WrittenConnector(_Written):
    """One connector of the tenant."""

    direction: Word
    name: Text
    id: Text = ""
    managed_by: Optional = None
    note: Optional = None
    mail_flow: Text = ""
    when_changed_utc: Optional = None
    settings: Annotated[dict[str, Any], BeforeValidator(_all_clean)]


class InventoryRun(WithWays):
    """What `inventory` writes."""

    tenant: Text = ""
    connectors: tuple[WrittenConnector, ...]


class PlannedConnector(_Written):
    name: Text
    direction: Word
    operation: Text
    before: Optional = None
    after: Optional = None
    effects: tuple[WrittenEffect, ...] = ()
    settings: tuple[WrittenSetting, ...] = ()


class PlannedPartner(_Written):
    name: Text
    connectors: tuple[PlannedConnector, ...] = ()


class WrittenPlan(_Written):
    sha256: Text


class WrittenCommit(_Written):
    sha: Text
    clean: bool = False


class ReviewRun(WithWays):
    """What `review --stack` writes as review.json."""

    summary: Text = ""
    passes: bool = False
    partners: tuple[PlannedPartner, ...] = ()
    plan: WrittenPlan | None = None
    commit: WrittenCommit | None = None


class WrittenUpdate(_Written):
    """One update of the engine's history, as `report --collect` keeps it."""

    version: Count
    kind: Text
    result: Text
    start_time: Moment
    message: Text = ""
    commit: Text = ""
    dirty: bool = False
    author: Text = ""
    planned: bool = False


class HistoryRun(Heading):
    """The engine's history of a stack."""

    updates: tuple[WrittenUpdate, ...]


Run = VerifyRun | DriftRun | InventoryRun | ReviewRun | HistoryRun
#: The form of the record of each command; those of `verify` have one form.
KINDS: dict[str, type[Run]] = {
    "drift": DriftRun,
    "inventory": InventoryRun,
    "review": ReviewRun,
    HISTORY: HistoryRun,
}
