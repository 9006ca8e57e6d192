"""The comment on a pull request."""

from __future__ import annotations

import copy
import random
import re

import pytest

from regulated_partners.effects import EffectKind
from regulated_partners.engine.previews import read_preview
from regulated_partners.markdown import escaped, marker
from regulated_partners.review import MAXIMUM, comment, review_of
from tests.regulated_partners.review.recordings import TODAY, document, reviewed
from tests.regulated_partners.review.scenarios import SCENARIOS

_REVIEWED = [name for name, scenario in SCENARIOS.items() if not scenario.fails]


@pytest.mark.parametrize("name", _REVIEWED)
def test_it_speaks_of_mail_and_not_of_pulumi(name: str) -> None:
    """A messaging administrator who does not know Pulumi could not say what will happen to the partner's mail."""
    text = comment(reviewed(name), ())
    for jargon in ("urn:", "__provider", "resource", "Pulumi", "inputDiff", "step", "state"):
        assert jargon.lower() not in text.lower().replace("stack", ""), jargon
    for owner in reviewed(name).owners:
        assert f"### {escaped(owner.name)} " in text
        for connector in owner.connectors:
            for effect in connector.effects:
                if effect.kind is not EffectKind.NEUTRAL:
                    assert escaped(effect.reason)[1:] in text


def test_the_same_plan_gives_the_same_text_in_whatever_order_the_engine_worked() -> None:
    """A bot would change its comment, and notify everybody, although nothing is new."""
    for name in ("several", "drift-beside-a-change", "partner-renamed-without-alias"):
        shuffled = copy.deepcopy(document(name))
        root, *others = shuffled["steps"]
        refreshes = [step for step in others if step["op"] == "refresh"]
        rest = [step for step in others if step["op"] != "refresh"]
        for order in (1, 2, 3):
            random.Random(order).shuffle(refreshes)  # noqa: S311 - an order, not a secret
            random.Random(order).shuffle(rest)  # noqa: S311
            shuffled["steps"] = [root, *refreshes, *rest]
            assert comment(review_of(read_preview(shuffled), TODAY), ()) == comment(reviewed(name), ())


def test_a_bot_finds_its_comment() -> None:
    """Each push would add a comment instead of updating the one that is there."""
    assert comment(reviewed("nothing"), ()).splitlines()[0] == marker("review", "dev")
    assert marker("review", "org/project/prod") != marker("review", "dev")
    assert "-->" not in marker("review", "--> <b>")[:-3]


def test_what_is_unchanged_is_folded_away() -> None:
    """In a stack of a hundred partners nobody would find the one that changes."""
    text = comment(reviewed("certificate-name-changed"), ())
    assert "<details><summary>3 unchanged</summary>" in text
    assert "woodgrove.org" not in text


def test_names_and_comments_cannot_act() -> None:
    """Whoever may write a connector's comment could mention people, break the table, or hide a weakening."""
    text = comment(reviewed("comment"), ())
    assert "@messaging" not in text
    assert "<b>" not in re.sub(r"\\<b\\>", "", text)
    assert "#42" not in text
    (row,) = {line for line in text.splitlines() if line.startswith("| Comment")}
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    assert escaped("a\n## b") == "a\\\\n## b"
    assert escaped("x --> <!-- `y` [z](u) &amp;") == "x --\\> &lt;!-- \\`y\\` \\[z\\](u) &amp;amp;"


def _many(count: int) -> str:
    many = copy.deepcopy(document("partner-removed"))
    removed = [step for step in many["steps"] if step["op"] == "delete"]
    for number in range(count):
        for step in removed:
            twin = copy.deepcopy(step)
            twin["urn"] = twin["urn"].replace("Fabrikam Bank", f"Partner {number:04}")
            old = twin["oldState"]
            old["urn"], old["id"] = twin["urn"], f"{number}-{old.get('id', '')}"
            old["parent"] = old.get("parent", "").replace("Fabrikam Bank", f"Partner {number:04}")
            if "name" in old.get("outputs", {}):
                old["outputs"]["name"] = f"Partner {number:04}"
            many["steps"].append(twin)
    return comment(
        review_of(read_preview(many), TODAY), [f"Partner {number:04} is refused." for number in range(count)]
    )


def test_a_comment_is_never_too_long_and_says_what_is_missing() -> None:
    """The service would refuse the comment, and the pull request would have no review at all."""
    text = _many(400)
    assert len(text) <= MAXIMUM
    assert "400 go away" not in text, "the bank goes too"
    assert "401 go away" in text
    assert re.search(r"\*\*\d+ further sections do not fit into a comment", text)
    assert "And 380 more" in text
    assert text.count("### ") > 20


@pytest.mark.parametrize("maximum", [1000, 2000, 5000])
def test_any_limit_holds(maximum: int) -> None:
    """Azure DevOps and GitLab have other limits; the text must keep the one it is given."""
    assert len(comment(reviewed("several"), (), maximum)) <= maximum
