"""One changed item of a long list is shown as one: in the comment, on a terminal, as JSON, and as drift."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from rich.console import Console

from exchange_online.connectors import Direction, check
from exchange_online.names import Face
from regulated_partners.cli import drift as command
from regulated_partners.engine.plan import Operation, Plan, PlannedConnector
from regulated_partners.partners.acknowledgements import Acknowledgements
from regulated_partners.review import MAXIMUM, as_json, comment, issue, review_of, show
from regulated_partners.review.stacks import Previewed, summary_json, summary_markdown, summary_table
from tests.regulated_partners.review.recordings import TODAY

_TOKEN = Direction.OUTBOUND.token(Face.DYNAMIC)


def _planned(number: int, before: list[str], after: list[str], *, drifted: bool = False) -> PlannedConnector:
    old, new = (
        check(
            Direction.OUTBOUND,
            {"name": f"Group {number}", "recipientDomains": domains, "tlsSettings": "CertificateValidation"},
        ).settings
        for domains in (before, after)
    )
    return PlannedConnector(
        urn=f"urn:pulumi:dev::p::{_TOKEN}::Group {number}",
        direction=Direction.OUTBOUND,
        operation=Operation.UPDATE,
        recorded=old,
        before=new if drifted else old,
        after=old if drifted else new,
    )


def _plan(*connectors: PlannedConnector) -> Plan:
    return Plan(stack="dev", connectors=connectors, declared=frozenset(), acknowledgements=Acknowledgements())


def _domains(*numbers: int) -> list[str]:
    return [f"d{number:04}.example" for number in numbers]


def _terminal(plan: Plan) -> str:
    console = Console(width=160, force_terminal=False)
    with console.capture() as captured:
        show(console, review_of(plan, TODAY), ())
    return captured.get()


OLD = _domains(*range(1000))
NEW = [*OLD[:500], *OLD[501:], "new.example"]


def test_a_pull_request_that_changes_one_domain_of_a_thousand_shows_it_alone() -> None:
    """Failing, a reviewer has two lists of a thousand domains to compare by eye."""
    plan = _plan(_planned(1, OLD, NEW))
    markdown, terminal = comment(review_of(plan, TODAY), ()), _terminal(plan)
    assert "| RecipientDomains | 1000, removed: d0500.example | 1000, added: new.example |" in markdown
    for text in (markdown, terminal):
        assert len(text) < 2500
        for shown in ("d0500.example", "new.example"):
            assert shown in text
        for other in ("d0499", "d0501", "d0999"):
            assert other not in text
    (setting,) = _settings(plan)
    assert setting["parameter"] == "RecipientDomains"
    assert (setting["added"], setting["removed"]) == (["new.example"], ["d0500.example"])
    assert sorted(setting["before"].split(", ")) == sorted(OLD)
    assert sorted(setting["after"].split(", ")) == sorted(NEW)


def test_a_change_of_many_of_them_says_how_many_are_not_shown_and_json_has_all() -> None:
    """Failing, forty domains slip into a pull request behind an ellipsis that does not say how many there are."""
    added = _domains(*range(2000, 2040))
    plan = _plan(_planned(1, OLD, [*OLD, *added]))
    (row,) = (line for line in comment(review_of(plan, TODAY), ()).splitlines() if "RecipientDomains |" in line)
    told = row.count("d20")
    assert 15 <= told <= 20
    assert row.endswith(f"and {40 - told} more |")
    (setting,) = _settings(plan)
    assert setting["added"] == added
    assert setting["removed"] == []


def test_a_short_list_is_shown_whole_and_a_value_has_no_items() -> None:
    """Failing, a reviewer of two domains is told to count, or a program finds lists where there are none."""
    plan = _plan(_planned(1, ["a.example", "b.example"], ["a.example", "c.example"]))
    assert "| RecipientDomains | a.example, b.example | a.example, c.example |" in comment(review_of(plan, TODAY), ())
    assert _settings(plan) == [
        {
            "parameter": "RecipientDomains",
            "before": "a.example, b.example",
            "after": "a.example, c.example",
            "added": ["c.example"],
            "removed": ["b.example"],
        }
    ]
    emptied = _planned(1, ["a.example"], [])
    assert _settings(_plan(emptied))[0]["after"] == "(not set)"


def test_drift_of_one_domain_of_a_thousand_shows_it_alone() -> None:
    """Failing, the issue about drift, or the table of `drift`, is two lists of a thousand domains."""
    review = review_of(_plan(_planned(1, OLD, NEW, drifted=True)), TODAY)
    body = issue("dev", review.drifts)
    assert "| RecipientDomains | 1000, removed: d0500.example | 1000, added: new.example |" in body
    (row,) = command._rows(review.drifts[0])
    assert row[2:] == ("RecipientDomains", "1000, removed: d0500.example", "1000, added: new.example")
    (found,) = command._object(review.drifts[0])["properties"]
    assert (found["added"], found["removed"]) == (["new.example"], ["d0500.example"])
    assert sorted(found["declared"].split(", ")) == sorted(OLD)
    assert sorted(found["found"].split(", ")) == sorted(NEW)


def test_a_thousand_changed_connectors_fit_into_a_comment() -> None:
    """Failing, the forge refuses the comment, or shows half a table as text, or nobody knows what is not shown."""
    one = _planned(1, _domains(*range(9)), _domains(*range(1, 10)))
    assert one.recorded
    assert one.after
    plan = _plan(
        *(
            replace(
                one,
                urn=f"{one.urn}-{number}",
                recorded=replace(one.recorded, name=f"Group {number}"),
                before=replace(one.recorded, name=f"Group {number}"),
                after=replace(one.after, name=f"Group {number}"),
            )
            for number in range(1000)
        )
    )
    text = comment(review_of(plan, TODAY), [f"Group {number} is refused." for number in range(1000)])
    assert len(text) <= MAXIMUM
    lines = text.splitlines()
    shown = sum(line.startswith("### ") for line in lines)
    assert shown > 20
    # Whole sections: each table that is begun has its row. The legend is a section too.
    assert sum(line == "| setting | before | after |" for line in lines) == shown
    assert sum(line.startswith("| RecipientDomains |") and line.endswith(" |") for line in lines) == shown
    assert lines[-1].startswith(f"**{1001 - shown} further sections do not fit into a comment")
    assert "> - And 980 more; `--json` lists them all." in text.replace("\\`", "`")


def test_hundreds_of_refusals_are_counted_in_a_log_and_whole_for_programs() -> None:
    """Failing, the log of a pipeline is the same sentence six hundred times, or a program misses some."""
    refused = tuple(f"Policy comment-names-owner: connector {number} has no comment." for number in range(600))
    previewed = Previewed("dev", review_of(_plan(_planned(1, ["a.example"], ["b.example"])), TODAY), refused)
    for text in (summary_table([previewed]), summary_markdown([previewed])):
        assert text.count("has no comment") == 20
        assert "And 580 more; " in text
    assert json.loads(summary_json([previewed]))["stacks"][0]["refusals"] == list(refused)
    problem = "\n".join(["The preview failed:", *(f"  partners[{number}]: is wrong" for number in range(600))])
    failed = Previewed("dev", problem=problem)
    for text in (summary_table([failed]), summary_markdown([failed])):
        assert text.count("is wrong") == 40
        assert "And 560 more; " in text
    assert json.loads(summary_json([failed]))["stacks"][0]["problem"] == problem


def _settings(plan: Plan) -> list[dict[str, Any]]:
    (owner,) = json.loads(as_json(review_of(plan, TODAY), ()))["partners"]
    (connector,) = owner["connectors"]
    found: list[dict[str, Any]] = connector["settings"]
    return found
