"""What proves a partner, what contradicts it, and what leaves it open."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange_online.connectors import Direction, Way, WayKind, Weight
from regulated_partners.evidence import Standing
from regulated_partners.other_ways import Look, PartnersWay
from regulated_partners.probing.verdicts import Check, Finding, Judgement, Level, Party, Verdict
from tests.regulated_partners.evidence.records import (
    FABRIKAM,
    IN,
    NOW,
    OUT,
    YESTERDAY,
    Project,
    changed,
    claim,
    connectors,
    drift,
    everything,
    guid,
    inventory,
    judgement,
    message,
    server,
    standings,
    traffic,
    verified,
)

PROVEN, ATTENTION, OPEN, AGAINST = Standing
DAY = datetime.timedelta(days=1)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.of(tmp_path, FABRIKAM)


def test_all_that_is_needed_proves_a_partner(project: Project) -> None:
    """Failing: nobody can ever be proven, or less than everything is enough."""
    everything(project)
    partner = project.partner()
    assert standings(partner, IN) == dict.fromkeys(("demanded", "deployed", "only-way", "mail"), PROVEN)
    assert standings(partner, OUT) == dict.fromkeys(("demanded", "deployed", "only-way", "servers", "mail"), PROVEN)
    assert partner.standing is PROVEN
    # The last day of the month, which is older than everything else.
    assert partner.oldest == datetime.date(2026, 10, 31)
    assert partner.expiry is not None
    assert (partner.expiry.day, partner.expiry.what) == (datetime.date(2027, 6, 1), "certificate of mx1.fabrikam.com")
    assert guid(project.pair.inbound.settings) in claim(partner, IN, "deployed").text
    assert not any(one.prove for one in partner.claims)


def test_without_inputs_nothing_is_proven_and_each_claim_says_what_would(project: Project) -> None:
    """Failing: a partner passes of whom nobody has seen anything, or the operator is left without a command."""
    partner = project.partner()
    assert partner.standing is OPEN
    assert partner.oldest is None
    told = {one.id.value: one.prove for one in partner.claims if one.standing is OPEN}
    assert told == {
        "deployed": "regulated-partners inventory --stack production --json",
        "only-way": "regulated-partners inventory --stack production --json",
        "servers": "regulated-partners verify partner 'Fabrikam Bank' --stack production --json",
        "mail": "regulated-partners verify traffic FILE... --for 'Fabrikam Bank' --stack production --json",
    }


@pytest.mark.parametrize("left_out", [0, 1, 2], ids=["inventory", "servers", "traffic"])
def test_each_input_is_needed(project: Project, left_out: int) -> None:
    """Failing: a verdict rests on something that nobody has given."""
    everything(project)
    del project.inputs[left_out]
    assert project.partner().standing is OPEN


Given = Callable[[Project], str | dict[str, object]]


def _failed(check: Check, text: str) -> Finding:
    return Finding(check, Level.ERROR, text, Party.PARTNER)


@pytest.mark.parametrize(
    ("about", "given", "standing", "words"),
    [
        ((OUT, "servers"), lambda p: verified("partner", server(p.pair, Verdict.FAILED)), AGAINST, "does not do what"),
        ((OUT, "servers"), lambda p: verified("partner", server(p.pair, Verdict.UNKNOWN)), OPEN, "did not show all"),
        ((OUT, "servers"), lambda p: verified("partner", server(p.pair, Verdict.NOT_REACHABLE)), OPEN, "says nothing"),
        ((OUT, "servers"), lambda p: verified("partner", server(p.pair, Verdict.WARNING)), ATTENTION, "warnings"),
        (
            (OUT, "servers"),
            lambda p: verified("partner", server(p.pair), server(p.pair, Verdict.FAILED, host="mx2.fabrikam.com")),
            AGAINST,
            "A server of the partner",
        ),
        (
            (OUT, "servers"),
            lambda p: verified("partner", judgement(p.pair, OUT, "domain", Verdict.PASSED, "fabrikam.com")),
            OPEN,
            "no server",
        ),
        ((IN, "mail"), lambda p: verified("message", message(p.pair, IN)), PROVEN, "1 message"),
        ((IN, "mail"), lambda p: verified("message", message(p.pair, IN, Verdict.FAILED)), AGAINST, "inbound.eml"),
        ((IN, "mail"), lambda p: verified("message", message(p.pair, IN, Verdict.UNKNOWN)), OPEN, "does not show"),
        ((OUT, "mail"), lambda p: verified("message", message(p.pair, IN)), OPEN, "No message"),
        ((OUT, "mail"), lambda p: verified("traffic", traffic(p.pair, OUT, Verdict.WARNING)), ATTENTION, "2026-10-31"),
        ((IN, "deployed"), lambda _: inventory([]), AGAINST, "had no inbound connector"),
        ((IN, "deployed"), lambda p: inventory(connectors(p.pairs)), PROVEN, "Guid"),
        (
            (IN, "deployed"),
            lambda p: inventory([changed(connectors(p.pairs)[0], require_tls=False, enabled=False)]),
            AGAINST,
            "protects less",
        ),
        (
            (OUT, "deployed"),
            lambda p: inventory([changed(connectors(p.pairs)[1], recipient_domains=("fabrikam.com", "else.example"))]),
            ATTENTION,
            "protects no less",
        ),
        ((IN, "deployed"), lambda _: drift(), OPEN, "not what it has compared"),
        (
            (IN, "deployed"),
            lambda _: drift(
                {
                    "partner": "fabrikam bank",
                    "connector": "FABRIKAM BANK - inbound",
                    "direction": "inbound",
                    "gone": True,
                }
            ),
            AGAINST,
            "gone",
        ),
        ((IN, "only-way"), lambda _: drift(), PROVEN, "No other connector"),
        ((IN, "only-way"), lambda _: drift(otherWaysProblem="the role is missing"), OPEN, "could be looked at"),
    ],
)
def test_the_table_of_verdicts(
    project: Project, about: tuple[Direction, str], given: Given, standing: Standing, words: str
) -> None:
    """Failing: an input is taken for more, or for less, than it shows."""
    project.give(given(project))
    found = claim(project.partner(), *about)
    assert (found.standing, words in found.text) == (standing, True), found


@pytest.mark.parametrize(
    ("declared", "direction", "standing", "words"),
    [
        ({"enabled": False}, IN, AGAINST, "switches this connector off"),
        (
            {
                "inbound": {
                    "connectionSecurity": "opportunisticTls",
                    "restrictDomainsBy": "ipAddresses",
                    "senderIpAddresses": ["192.0.2.1"],
                }
            },
            IN,
            AGAINST,
            "not demand",
        ),
        ({"outbound": {"connectionSecurity": "opportunisticTls"}}, OUT, AGAINST, "not demand"),
        ({"inbound": {"settings": {"associatedAcceptedDomains": ["own.example"]}}}, IN, ATTENTION, "not of all mail"),
        ({"certificateName": {"secure": "v1:AAAA:BBBB"}}, IN, OPEN, "secret"),
    ],
)
def test_a_declaration_that_demands_no_tls_contradicts_itself(
    tmp_path: Path, declared: dict[str, object], direction: Direction, standing: Standing, words: str
) -> None:
    """Failing: a partner is proven although its own declaration lets mail pass without TLS."""
    project = Project.of(tmp_path, {**FABRIKAM, **declared})
    found = claim(project.partner(), direction, "demanded")
    assert (found.standing, words in found.text) == (standing, True), found


def test_the_last_look_at_a_state_counts(project: Project) -> None:
    """Failing: what was mended stays broken for ever, or an old look hides that it broke since."""
    project.give(verified("partner", server(project.pair, Verdict.FAILED), started=NOW - 3 * DAY))
    project.give(verified("partner", server(project.pair), started=NOW - 2 * DAY))
    project.give(inventory([], started=NOW - 3 * DAY))
    project.give(inventory(connectors(project.pairs), started=NOW - 2 * DAY))
    partner = project.partner()
    assert (standings(partner, OUT)["servers"], standings(partner, IN)["deployed"]) == (PROVEN, PROVEN)
    assert {row.verdict: row.counts for row in partner.seen} == {"failed": False, "passed": True}
    project.give(drift({"partner": "Fabrikam Bank", "connector": "Fabrikam Bank - inbound", "direction": "inbound",
                        "effects": [{"class": "weakens", "reason": "mail passes without TLS"}]}))  # fmt: skip
    found = claim(project.partner(), IN, "deployed")
    assert (found.standing, found.reasons) == (AGAINST, ("Weaker: mail passes without TLS.",))


def test_mail_that_crossed_in_clear_is_not_forgotten(project: Project) -> None:
    """Failing: a later good message hides an earlier bad one that is among the inputs."""
    project.give(verified("message", message(project.pair, IN, Verdict.FAILED, "2026-11-01"), started=NOW - 9 * DAY))
    project.give(verified("message", message(project.pair, IN), started=NOW - DAY))
    assert standings(project.partner(), IN)["mail"] is AGAINST


def test_what_was_judged_by_another_declaration_proves_nothing(tmp_path: Path) -> None:
    """Failing: after a partner's certificate name was changed, the proofs of the old one go on counting."""
    project = Project.of(tmp_path, FABRIKAM)
    everything(project)
    project.declare({**FABRIKAM, "certificateName": "mx.fabrikam.com"})
    partner = project.partner()
    assert standings(partner, OUT) == {
        "demanded": PROVEN,
        # The tenant is compared with what is declared now, whatever was demanded then.
        "deployed": AGAINST,
        "only-way": PROVEN,
        "servers": OPEN,
        "mail": OPEN,
    }
    assert "another declaration" in claim(partner, OUT, "mail").text
    assert {one.counts for one in partner.seen} == {False}


def test_a_domain_that_no_sentence_names_is_another_declaration(tmp_path: Path) -> None:
    """Failing: of a long list one domain becomes another, and what was proven of the old one counts for the new one."""
    domains = [f"d{number}.example" for number in range(9)]
    project = Project.of(tmp_path, {**FABRIKAM, "domains": domains})
    everything(project)
    assert project.partner().standing is PROVEN
    project.declare({**FABRIKAM, "domains": [*domains[:8], "d9.example"]})
    partner = project.partner()
    assert (standings(partner, OUT)["mail"], standings(partner, OUT)["servers"]) == (OPEN, OPEN)
    assert standings(partner, OUT)["deployed"] is not PROVEN
    # A text for administrators is none of it.
    project.declare({**FABRIKAM, "domains": domains, "comment": "SEC-99, owner another team"})
    assert project.partner().standing is PROVEN


def test_a_clean_look_ends_an_earlier_drift(project: Project) -> None:
    """Failing: drift that was put right is told as if it were still there."""
    gone = {"partner": "Fabrikam Bank", "connector": "Fabrikam Bank - inbound", "direction": "inbound", "gone": True}
    project.give(drift(gone, started=NOW - 3 * DAY))
    assert standings(project.partner(), IN)["deployed"] is AGAINST
    project.give(drift(started=NOW - 2 * DAY))
    assert standings(project.partner(), IN)["deployed"] is OPEN


def test_a_message_without_a_border_shows_nothing_and_is_shown(project: Project) -> None:
    """Failing: the operator gave a message, and reads that none was looked at; or its direction is guessed."""
    unclear = Judgement(
        "message", "x.eml", Verdict.UNKNOWN, partner="Fabrikam Bank", findings=(_failed(Check.BOUNDARY, "no hop"),)
    )
    project.give(verified("message", unclear))
    partner = project.partner()
    assert "does not show how this mail crossed" in claim(partner, IN, "mail").text
    assert [(row.direction, row.counts) for row in partner.seen] == [("not shown", False)]
    assert "no hop" in partner.seen[0].says


def test_a_connector_that_another_stack_has_is_warned_about(project: Project) -> None:
    """Failing: what two stacks change in turn counts as settled."""
    document = json.loads(inventory(connectors(project.pairs)))
    for connector in document["connectors"]:
        connector["managedBy"] = "staging"
    project.give(document)
    found = claim(project.partner(), IN, "deployed")
    assert (found.standing, found.reasons[0][:13]) == (ATTENTION, "Another stack")


def test_what_is_dated_in_the_future_proves_nothing_and_still_contradicts(project: Project) -> None:
    """Failing: whose clock is wrong has proofs that never grow old."""
    ahead = NOW + 2 * DAY
    everything(project, started=ahead)
    partner = project.partner()
    assert {standings(partner, OUT)[name] for name in ("deployed", "only-way", "servers")} == {OPEN}
    project.give(verified("partner", server(project.pair, Verdict.FAILED), started=ahead + DAY))
    assert standings(project.partner(), OUT)["servers"] is AGAINST
    assert all("a clock is wrong" in one.remark for one in project.report().inputs)


def test_a_certificate_that_ended_since_proves_nothing(project: Project) -> None:
    """Failing: a probe of last year goes on proving a certificate that nobody can use any more."""
    end = NOW + 10 * DAY
    project.give(verified("partner", server(project.pair, not_after=end)))
    soon = claim(project.partner(), OUT, "servers")
    assert (soon.standing, "in 10 days" in soon.text) == (ATTENTION, True)
    gone = project.partner(now=end + DAY)
    assert (standings(gone, OUT)["servers"], gone.expiry and gone.expiry.day) == (OPEN, end.date())


def test_another_way_contradicts(project: Project) -> None:
    """Failing: the auditor is told that mail travels over TLS only, and a second connector takes it without."""
    way = Way(WayKind.WIDER, Weight.TAKES, IN, "Gateway", "id", "the connector 'Gateway' takes it too", False)
    look = Look((PartnersWay(way, ("Fabrikam Bank",)),))
    project.give(inventory(connectors(project.pairs), look=look))
    partner = project.partner()
    assert claim(partner, IN, "only-way").reasons == ("the connector 'Gateway' takes it too",)
    assert (standings(partner, IN)["only-way"], standings(partner, OUT)["only-way"]) == (AGAINST, PROVEN)
    known = PartnersWay(way.consented(["Gateway"]), ("Fabrikam Bank",))
    project.give(inventory(connectors(project.pairs), look=Look((known,)), started=NOW))
    assert standings(project.partner(), IN)["only-way"] is PROVEN


def test_what_the_service_says(project: Project) -> None:
    """Failing: `verify service` proves nothing, or says of one direction what it found of the other."""
    ways = Judgement(
        "service",
        "other ways of the mail",
        Verdict.FAILED,
        partner="Fabrikam Bank",
        findings=(_failed(Check.OTHER_WAY, "outbound: a rule takes it"),),
    )
    both = [
        judgement(project.pair, direction, "service", Verdict.PASSED, f"connector '{direction}'")
        for direction in Direction
    ]
    validated = judgement(
        project.pair,
        OUT,
        "service",
        Verdict.FAILED,
        "Validate-OutboundConnector 'x'",
        findings=[_failed(Check.VALIDATION, "it failed")],
    )
    project.give(verified("service", *both, ways, validated))
    partner = project.partner()
    assert (standings(partner, IN)["deployed"], standings(partner, OUT)["deployed"]) == (PROVEN, PROVEN)
    assert (standings(partner, IN)["only-way"], standings(partner, OUT)["only-way"]) == (PROVEN, AGAINST)
    assert standings(partner, OUT)["servers"] is AGAINST


def test_a_look_for_other_ways_before_the_last_change_is_warned_about(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing: a domain that was added yesterday counts as looked for last week."""
    from regulated_partners.evidence import provenance

    project.give(inventory(connectors(project.pairs), started=YESTERDAY))

    def git(_root: Path, *arguments: str) -> str | None:
        return f"{'a' * 40}\0Ada\0{int(NOW.timestamp())}" if arguments[0] == "log" else ""

    monkeypatch.setattr(provenance, "git", git)
    found = claim(project.partner(), IN, "only-way")
    assert (found.standing, "before the declaration was last changed" in found.text) == (ATTENTION, True)


def test_an_earlier_name_of_a_partner_is_the_partner(tmp_path: Path) -> None:
    """Failing: after a rename all proofs are lost, and said to be a stranger's."""
    project = Project.of(tmp_path, FABRIKAM)
    everything(project)
    project.declare({**FABRIKAM, "name": "Fabrikam", "aliases": ["Fabrikam Bank"]})
    report = project.report()
    assert standings(report.partners[0], OUT)["servers"] is PROVEN
    assert report.remarks == ()
