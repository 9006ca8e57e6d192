"""A run touches nothing but its own, says nothing of whose tenant it was, and ends clean however it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from exchange_online.admin_api import AdminApiError
from exchange_online.connectors import Direction
from exchange_online_emulator import ApplicationRegistration, ClientSecret, Control, EmulatorProcess
from exchange_online_emulator.faults import ConnectionReset, ReadLag, Refusal, Status, Throttled
from regulated_partners.conformance.catalogue import EXPERIMENTS, NOT_TRIED
from regulated_partners.conformance.experiment import Experiment, Outcome, Reading, held
from regulated_partners.conformance.report import Report
from regulated_partners.conformance.run import leftovers, take_stock
from regulated_partners.conformance.workbench import OURS, PREFIX, Mark, Workbench
from regulated_partners.errors import CannotRunError
from tests.regulated_partners.conformance.runs import client, outcomes, run_of

#: What must not stand in a report.
_CANARIES = ("Canary Bank", "canary-bank", "Canary rule", "canary-domain")


def _seed(control: Control) -> None:
    control.seed(
        inbound=[{"Name": "Canary Bank in", "SenderDomains": ["canary-bank.com"], "TlsSenderCertificateName": "x.com"}],
        outbound=[
            {"Name": "Canary Bank out", "RecipientDomains": ["canary-bank.com"]},
            {"Name": "Canary scoped", "IsTransportRuleScoped": True},
            {"Name": "Canary leftover", "RecipientDomains": ["canary-bank.com"], "TestMode": True},
        ],
        transport_rules=[{"Name": "Canary rule", "RouteMessageOutboundConnector": "Canary scoped"}],
        accepted_domains=["canary-domain.com"],
    )


def _state(control: Control) -> Mapping[str, Any]:
    rules = control.invoke("Get-TransportRule", {}).rows
    return {"in": control.connectors("inbound"), "out": control.connectors("outbound"), "rules": rules}


@pytest.fixture(scope="module")
def whole(exchange_online: EmulatorProcess) -> tuple[Report, list[Any], Mapping[str, Any], Mapping[str, Any], Mark]:
    """One run of everything on a tenant that is in use: its report, the calls, the tenant before and after."""
    control = exchange_online.control
    control.reset()
    _seed(control)
    before = _state(control)
    with client(exchange_online) as api:
        run = run_of(api, EXPERIMENTS)
        run.go()
    return run.report(["canary-domain.com"]), control.calls(), before, _state(control), run.mark


def test_every_rule_holds_on_the_emulator(whole: tuple[Report, Any, Any, Any, Any]) -> None:
    """Failing means that an experiment misreads the answers of the very emulator whose rule it tries."""
    report = whole[0]
    assert outcomes(report, Outcome.OTHERWISE) == set()
    assert outcomes(report, Outcome.UNDECIDED) == {"V31"}
    assert outcomes(report, Outcome.NOT_TRIED) == NOT_TRIED.keys()
    assert report.complete
    assert Report.model_validate_json(report.as_json()) == report


def test_a_rule_counts_as_seen_only_where_its_own_sentence_came_true(whole: tuple[Report, Any, Any, Any, Any]) -> None:
    """Failing means that somebody tags `is refused` as observed, because the service accepts as the emulator does."""
    acted = {result.rule: result.acted for result in whole[0].results}
    assert (acted["V4"], acted["V13"], acted["anchor"]) == (True, True, True)
    assert (acted["V8"], acted["V22"], acted["N8"]) == (False, False, False)
    assert {acted[rule] for rule in ("V30", "V31", "V32", "V35", "dehydrated", "list-clearing", "V36")} == {None}


def test_nothing_of_the_tenants_own_is_touched(whole: tuple[Report, list[Any], Any, Any, Mark]) -> None:
    """Failing means that trying the emulator's rules changes the mail of a tenant."""
    report, calls, before, after, _ = whole
    assert after == before
    assert report.untouched.model_dump() == {
        "connectors": 4,
        "transportRules": 1,
        "same": True,
        "changedMeanwhile": 0,
    }
    theirs = {row["Guid"] for rows in before.values() for row in rows} | {
        row["Name"] for rows in before.values() for row in rows
    }
    for call in calls:
        if call.writes and call.cmdlet != "$batch":
            assert call.parameters.get("Identity") not in theirs, call


def test_whatever_is_made_is_off_and_for_nobodys_domain(whole: tuple[Report, list[Any], Any, Any, Mark]) -> None:
    """Failing means that a connector of a run can take part in somebody's mail."""
    *_, calls, _, _, mark = whole
    made = [call for call in calls if call.cmdlet.startswith("New-")]
    assert len(made) > 60
    for call in made:
        given = {name.lower(): value for name, value in call.parameters.items()}
        assert given["enabled"] in (False, 0), call
        assert mark.name in given.get("name", mark.name), call
        for name in ("senderdomains", "recipientdomains", "recipientdomainis"):
            assert all(mark.domain in domain for domain in given.get(name, [])), call
    enabling = [call for call in calls if call.cmdlet.startswith("Set-") and call.parameters.get("Enabled")]
    assert enabling == []
    assert not any(call.cmdlet.startswith("Validate-") for call in calls)


def test_one_call_is_sent_after_another(whole: tuple[Report, list[Any], Any, Any, Any]) -> None:
    """Failing means that a run gets other clients of the tenant throttled."""
    assert {call.together for call in whole[1]} == {1}


def test_the_report_does_not_say_whose_tenant_it_was(
    whole: tuple[Report, Any, Any, Any, Mark], exchange_online: EmulatorProcess
) -> None:
    """Failing means that whoever hands the report on tells their tenant, its domains and its partners."""
    report, _, before, _, mark = whole
    text = report.as_json()
    status = exchange_online.control.status()
    guids = [row["Guid"] for rows in before.values() for row in rows]
    for secret in (*_CANARIES, status.tenant, status.initial_domain, *status.applications, mark.word, *guids):
        assert secret.lower() not in text.lower(), secret
    for shape in ("eyJ", "PROD.OUTLOOK.COM", "127.0.0.1", "request-id"):
        assert shape not in text
    refused = next(result for result in report.results if result.rule == "V28").calls[-1]
    assert refused.exception_type.endswith("ManagementObjectNotFoundException")
    assert "object '[guid]' couldn't be found on '[server]'" in refused.text


@pytest.mark.parametrize("word", ["1A2B3C4D", "00000000"])
def test_leftovers_are_known_by_their_name_and_because_they_are_off(
    emulator: EmulatorProcess, control: Control, word: str
) -> None:
    """Failing means that a cut-off run stays in the tenant, or that something of somebody else's is removed with it."""
    ours = f"{PREFIX.upper()}{word} 7"
    control.seed(
        inbound=[
            {"Name": ours, "SenderDomains": ["a.example"], "Enabled": False},
            {"Name": f"{PREFIX}{word} 8", "SenderDomains": ["a.example"], "Enabled": True},
            {"Name": f"{PREFIX}notes", "SenderDomains": ["a.example"], "Enabled": False},
            {"Name": f"about {PREFIX}{word}", "SenderDomains": ["a.example"], "Enabled": False},
        ],
        outbound=[{"Name": f"{PREFIX}{word}", "IsTransportRuleScoped": True, "Enabled": False}],
        transport_rules=[
            {"Name": f"{PREFIX}{word} 9", "RouteMessageOutboundConnector": f"{PREFIX}{word}", "Enabled": False}
        ],
    )
    with client(emulator) as api:
        found = leftovers(take_stock(api))
    assert [item.name for item in found] == [f"{PREFIX}{word} 9", ours, f"{PREFIX}{word}"]
    assert OURS.match(Mark().name)


def _short(*rules: str) -> tuple[Experiment, ...]:
    return tuple(experiment for experiment in EXPERIMENTS if experiment.rule in rules)


def test_a_lost_answer_decides_nothing_and_leaves_nothing(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that a connector whose New- got no answer stays in the tenant, or counts as an answer."""
    control.fault(ConnectionReset(after_write=True), "New-InboundConnector", nth=2)
    with client(emulator) as api:
        run = run_of(api, _short("V7", "V13"))
        run.go()
    assert outcomes(run.report(), Outcome.UNDECIDED) == {"V7"}
    assert outcomes(run.report(), Outcome.HELD) == {"V13"}
    assert control.connectors("inbound") == []


def test_throttling_and_late_reads_change_no_verdict(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that a busy service, or one whose reads lag, is reported as one that keeps other rules."""
    control.fault(Throttled(retry_after="3"), "New-*", nth=3, count=2)
    control.fault(Status(status=503), "Get-*", nth=2, count=2)
    control.fault(ReadLag(reads=2), "Set-InboundConnector", count=None)
    with client(emulator) as api:
        run = run_of(api, _short("V7", "list-encoding", "list-clearing", "N1"))
        run.go()
    assert len(outcomes(run.report(), Outcome.HELD)) == 4


def test_a_service_that_goes_away_ends_the_run_with_what_is_known(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that minutes of answers are lost, or that nobody is told of what may be left."""

    def away(_: Workbench) -> Reading:
        control.fault(Status(status=503), "*", count=None)
        return held("gone")

    leaving = Experiment("V1", "nothing", "nothing", away)
    with client(emulator) as api:
        run = run_of(api, (leaving, *_short("organization-config")))
        with pytest.raises(CannotRunError, match=rf"{run.mark.name} and a number.*--remove-leftovers"):
            run.go()
    report = run.report()
    assert not report.complete
    assert report.untouched.same is None
    late = [result.rule for result in report.results if result.said == "the run ended before it"]
    assert late == ["organization-config"]
    assert "not available" in report.ended
    control.clear_faults()
    with client(emulator) as api:
        assert len(leftovers(take_stock(api))) == 2


def test_what_somebody_else_does_meanwhile_is_seen(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that the proof that nothing was touched proves nothing."""
    control.seed(inbound=[{"Name": "One", "SenderDomains": ["one.com"]}, {"Name": "Two", "SenderDomains": ["two.com"]}])

    def meddle(_: Workbench) -> Reading:
        control.invoke("Set-InboundConnector", {"Identity": "One", "Comment": "changed"})
        control.invoke("Remove-InboundConnector", {"Identity": "Two"})
        return held("meddled")

    with client(emulator) as api:
        run = run_of(api, (Experiment("V1", "nothing", "nothing", meddle),))
        run.go()
    assert run.report().untouched.same is False
    assert run.report().untouched.changed_meanwhile == 1


def test_an_application_that_may_only_read_is_told_its_role(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that a missing role is reported as a tenant that keeps no rule."""
    reader = control.applications()[0].client_id
    control.register_application(
        ApplicationRegistration(
            client_id=reader,
            secrets=(ClientSecret(value=emulator.connection.client_secret),),
            directory_roles=("Global Reader",),
        )
    )
    with client(emulator) as api:
        run = run_of(api)
        with pytest.raises(AdminApiError, match="Exchange Administrator"):
            run.go()
    assert "may not run this cmdlet" in run.report().ended
    assert run.report().untouched.same is True


@pytest.mark.parametrize("status", [403, 500])
def test_a_failure_of_the_service_is_no_other_rule(emulator: EmulatorProcess, control: Control, status: int) -> None:
    """Failing means that a service which fails once, or a right that is missing, is reported as one of other rules."""
    control.fault(Status(status=status), "New-OutboundConnector", nth=2)
    with client(emulator) as api:
        run = run_of(api, _short("V29"))
        run.go()
    result = next(result for result in run.report().results if result.rule == "V29")
    assert result.outcome is Outcome.UNDECIDED
    assert f"New-OutboundConnector was answered with HTTP {status}" in result.said


def test_an_answer_of_an_unknown_form_decides_nothing(emulator: EmulatorProcess, control: Control) -> None:
    """Failing means that one odd row ends a run on a tenant, or shows somebody a traceback."""
    control.fault(Refusal(text="Odd.", exception_type="System.Odd", status=418), "New-InboundConnector", nth=2)

    def odd(bench: Workbench) -> Reading:
        return held(str(bench.row(Direction.INBOUND, bench.standing(Direction.INBOUND))["Nothing"]))

    with client(emulator) as api:
        run = run_of(api, (Experiment("V1", "nothing", "nothing", odd), *_short("V13")))
        run.go()
    said = {result.rule: (result.outcome, result.said) for result in run.report().results}
    assert said["V1"] == (Outcome.UNDECIDED, "an answer has another form than any that is known (KeyError('Nothing'))")
    # A refusal is one, whatever its words.
    assert said["V13"][0] is Outcome.OTHERWISE


def test_the_json_has_the_names_that_the_guide_describes(whole: tuple[Report, Any, Any, Any, Any]) -> None:
    """Failing means that a program which takes over the report finds other names than docs/conformance.md has."""
    document = json.loads(whole[0].as_json())
    assert list(document) == [
        *("format", "tool", "version", "command", "started", "cloud", "complete", "ended", "untouched"),
        *("results", "switches"),
    ]
    assert list(document["results"][0]) == ["rule", "outcome", "said", "acted", "fits", "sends", "holds", "calls"]
    assert list(document["switches"]["strict"]) == ["default", "fits", "values", "unseen"]
    assert document["switches"]["strict"]["values"].keys() == {"false"}
