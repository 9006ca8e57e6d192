"""Services that are nothing like the emulator: no experiment may say of them that a rule held."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from exchange_online.admin_api import CLOUDS, JsonValue, Request, Tenant
from exchange_online.admin_api.bodies import Body
from exchange_online.admin_api.exchange import Answer as Listing
from exchange_online.admin_api.transport import HttpAnswer
from exchange_online.admin_api.wire import request
from exchange_online.connectors import Direction
from regulated_partners.conformance.experiment import Experiment, Outcome, Reading, UndecidedError
from regulated_partners.conformance.refusals import REFUSALS
from regulated_partners.conformance.workbench import Mark, Workbench
from tests.regulated_partners.conformance.runs import OF_RULES

_TENANT = "11111111-2222-4333-8444-555555555555"


@dataclass
class Contrary:
    """A client whose service gives one answer to whatever it is asked, but for the first connector of each kind."""

    status: int
    body: Mapping[str, Any]
    asked: int = 0
    made: list[str] = field(default_factory=list)

    def request(self, cmdlet: str, parameters: Mapping[str, JsonValue]) -> Request:
        return request(CLOUDS["commercial"], _TENANT, cmdlet, parameters, connection_id="")

    def observe(self, _: Request, **__: object) -> HttpAnswer:
        self.asked += 1
        if self.asked <= len(Direction):
            return _answer(200, {"value": [{"Guid": str(uuid.uuid4())}]})
        return _answer(self.status, self.body)

    def invoke(self, *_: object, **__: object) -> Listing:
        return Listing((), (), "")

    def tenant(self) -> Tenant:
        return Tenant(_TENANT, "commercial")

    def token_claims(self) -> Mapping[str, object]:
        return {}


def _answer(status: int, body: Mapping[str, Any]) -> HttpAnswer:
    return HttpAnswer(status, {}, Body(json.dumps(body).encode()))


def _read(experiment: Experiment, status: int, body: Mapping[str, Any]) -> Reading:
    api: Any = Contrary(status, body)
    bench = Workbench(api, Mark(), lambda _: None)
    for direction in Direction:
        bench.prepare(direction)
    try:
        return experiment.read(bench)
    except (UndecidedError, KeyError, TypeError) as error:
        return Reading(Outcome.UNDECIDED, str(error))


def _row() -> dict[str, Any]:
    return {"value": [{"Guid": str(uuid.uuid4()), "Name": "x", "Identity": "y", "Enabled": True}]}


_REFUSED = {"error": {"code": "BadRequest", "details": [{"message": "|System.ArgumentException|No."}]}}

#: The emulator by default takes what is only assumed to be refused. But one that takes a text for a switch heeds it.
_LENIENT = {experiment.rule for experiment in OF_RULES if "strict" in experiment.switches} - {"anchor", "switch-texts"}


@pytest.mark.parametrize("experiment", OF_RULES, ids=lambda experiment: experiment.rule)
def test_a_service_that_takes_everything_keeps_no_rule(experiment: Experiment) -> None:
    """Failing means that an experiment cannot come out otherwise: its rule would be called observed, come what may."""
    taken = {"V13", "V32", "V35", "V30", "dehydrated", "path-case", "rate-limit-headers"}
    reading = _read(experiment, 200, _row())
    if experiment.rule in _LENIENT | taken:
        assert reading.outcome is Outcome.HELD, reading
    else:
        assert reading.outcome is not Outcome.HELD, reading


@pytest.mark.parametrize("experiment", OF_RULES, ids=lambda experiment: experiment.rule)
def test_a_service_that_refuses_everything_keeps_no_rule(experiment: Experiment) -> None:
    """Failing means that a refusal for another cause passes for the one that was looked for."""
    reading = _read(experiment, 400, _REFUSED)
    plain: Sequence[str] = [one.rule for one in REFUSALS if "strict" not in one.switches]
    # They rest on the connector that stands through the run, which this service has taken.
    alone = {*plain, "V3", "V16", "V32", "V35", "dehydrated", "rate-limit-headers", "request-body"}
    if experiment.rule not in alone:
        assert reading.outcome is not Outcome.HELD, reading
    if experiment.rule == "V13":
        assert reading.outcome is Outcome.OTHERWISE


@pytest.mark.parametrize("experiment", OF_RULES, ids=lambda experiment: experiment.rule)
def test_what_is_no_refusal_of_a_value_decides_nothing(experiment: Experiment) -> None:
    """Failing means that a missing role, or a service that is busy or broken, is taken for the answer to a value."""
    for status in (401, 403, 429, 500):
        reading = _read(experiment, status, {})
        if experiment.rule not in {"V32", "V35", "dehydrated", "rate-limit-headers"}:
            assert reading.outcome is not Outcome.HELD, (status, reading)
        if experiment in REFUSALS:
            assert reading.outcome is Outcome.UNDECIDED, (status, reading)
