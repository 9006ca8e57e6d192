"""What the review says of plans that the real engine wrote; `record.py` makes them, `scenarios.py` says of what."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from regulated_partners.effects import EffectKind
from regulated_partners.engine.plan import Operation
from regulated_partners.review import FAIL_ON, Gates, comment, refusals
from tests.regulated_partners.review.recordings import PLANS, document, reviewed, reviewed_plan
from tests.regulated_partners.review.scenarios import SCENARIOS

BANK_IN, BANK_OUT = "Fabrikam Bank - inbound", "Fabrikam Bank - outbound"
HOSPITAL_OUT, INSURER_IN = "Woodgrove Hospital - outbound", "Humongous Insurance - inbound"
INSURER_OUT = "Humongous Insurance - outbound"
NEW_IN, NEW_OUT = "Contoso Clearing - inbound", "Contoso Clearing - outbound"
TRUST_IN, TRUST_OUT = "Fabrikam Trust - inbound", "Fabrikam Trust - outbound"
NEWS = "Newsletter gateway"

#: w weakens, r outage risk, s strengthens, n neutral; for each connector that the pull request changes.
EXPECTED: dict[str, dict[str, str]] = {
    "nothing": {},
    "comment": {BANK_IN: "n", BANK_OUT: "n"},
    "domain-added": {BANK_IN: "rs", BANK_OUT: "rs"},
    # A wildcard covers its domain for senders; for recipients sources disagree.
    "domain-removed": {BANK_IN: "n", BANK_OUT: "w"},
    "subdomains-removed": {BANK_IN: "w", BANK_OUT: "w"},
    "certificate-name-changed": {BANK_IN: "r", BANK_OUT: "r"},
    "certificate-name-wildcard": {BANK_IN: "w", BANK_OUT: "w"},
    "switched-off": {BANK_IN: "w", BANK_OUT: "w"},
    "inbound-opportunistic": {BANK_IN: "wr"},
    "inbound-unrestricted": {BANK_IN: "w"},
    "inbound-certificate-to-addresses": {BANK_IN: "wr"},
    "inbound-addresses-to-certificate": {INSURER_IN: "rs"},
    "addresses-added": {INSURER_IN: "w"},
    "addresses-removed": {INSURER_IN: "rs"},
    "outbound-opportunistic": {BANK_OUT: "w"},
    "outbound-self-signed": {HOSPITAL_OUT: "w"},
    "outbound-name-checked": {HOSPITAL_OUT: "rs"},
    "smart-host-changed": {HOSPITAL_OUT: "r"},
    "smart-hosts-to-mx": {HOSPITAL_OUT: "r"},
    "dane-mandatory": {BANK_OUT: "rs"},
    "mta-sts-off": {BANK_OUT: "w"},
    "trusted-organization": {BANK_IN: "w"},
    "partner-added": {NEW_IN: "rs", NEW_OUT: "rs"},
    "partner-added-switched-off": {NEW_IN: "n", NEW_OUT: "n"},
    "partner-removed": {BANK_IN: "w", BANK_OUT: "w"},
    "partner-removed-acknowledged": {BANK_IN: "w", BANK_OUT: "w"},
    "partner-renamed": {TRUST_IN: "n", TRUST_OUT: "n"},
    "partner-renamed-without-alias": {BANK_IN: "n", BANK_OUT: "n", TRUST_IN: "rn", TRUST_OUT: "rn"},
    "weakened-acknowledged": {HOSPITAL_OUT: "w"},
    "weakened-acknowledgement-expired": {HOSPITAL_OUT: "w"},
    "several": {
        BANK_IN: "wr",
        BANK_OUT: "wr",
        HOSPITAL_OUT: "w",
        INSURER_IN: "w",
        INSURER_OUT: "w",
        NEW_IN: "rs",
        NEW_OUT: "rs",
    },
    "saved-weakening": {BANK_OUT: "w"},
    "saved-nothing": {},
    "connector-weakened": {NEWS: "w"},
    "connector-every-sender": {NEWS: "rs"},
    "connector-removed": {NEWS: "w"},
    "replaced": {BANK_OUT: "wn"},
    "no-refresh": {BANK_OUT: "w"},
    "drift": {},
    "drift-beside-a-change": {BANK_IN: "n", BANK_OUT: "n"},
    "drift-on-the-same-property": {HOSPITAL_OUT: "rs"},
    "drift-stronger-undone": {},
    "drift-gone": {},
    "drift-gone-and-removed": {BANK_IN: "w"},
}

#: The same for what was changed outside of the stack: what that did, and what applying the plan does about it.
DRIFT: dict[str, dict[str, tuple[str, str]]] = {
    "drift": {BANK_IN: ("w", "rs")},
    "drift-beside-a-change": {BANK_OUT: ("w", "rsn")},
    "drift-on-the-same-property": {HOSPITAL_OUT: ("w", "rs")},
    "drift-stronger-undone": {HOSPITAL_OUT: ("rs", "w")},
    "drift-gone": {BANK_OUT: ("w", "rs")},
    "drift-gone-and-removed": {BANK_OUT: ("w", "")},
}

_LETTERS = {
    EffectKind.WEAKENS: "w",
    EffectKind.OUTAGE_RISK: "r",
    EffectKind.STRENGTHENS: "s",
    EffectKind.NEUTRAL: "n",
}


def _letters(kinds: set[EffectKind]) -> str:
    return "".join(letter for kind, letter in _LETTERS.items() if kind in kinds)


def _connectors(name: str) -> Mapping[str, str]:
    return {
        connector.name: _letters({effect.kind for effect in connector.effects})
        for owner in reviewed(name).owners
        for connector in owner.connectors
    }


def test_every_scenario_is_recorded_and_expected() -> None:
    """A plan would lie in the folder and nobody would look at what the review makes of it."""
    recorded = {path.stem for path in PLANS.glob("*.json") if "." not in path.stem}
    assert recorded == set(SCENARIOS)
    assert set(EXPECTED) == {name for name, scenario in SCENARIOS.items() if not scenario.fails}
    assert len(EXPECTED) >= 30


@pytest.mark.parametrize("name", EXPECTED)
def test_each_connector_is_classed_as_it_should_be(name: str) -> None:
    """A reviewer would be told the wrong thing about a change that the engine really plans."""
    assert _connectors(name) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_drift_is_told_apart(name: str) -> None:
    """What somebody did in the admin centre would look as if the pull request did it, or not be shown."""
    found = {
        drift.name: (
            _letters({effect.kind for effect in drift.effects}),
            _letters({effect.kind for effect in drift.repair}),
        )
        for drift in reviewed(name).drifts
    }
    assert found == DRIFT.get(name, {})


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.saved])
def test_a_saved_plan_says_what_the_preview_says(name: str) -> None:
    """The plan that is approved and applied would be reviewed differently from the preview that people saw."""
    assert comment(reviewed_plan(name), ()) == comment(reviewed(name), ())


def test_who_stays_as_before_is_counted() -> None:
    """The share of changed partners would be computed from the wrong number."""
    assert reviewed("nothing").unchanged == (
        "Fabrikam Bank",
        "Humongous Insurance",
        "Newsletter gateway",
        "Woodgrove Hospital",
    )
    several = reviewed("several")
    assert (several.existing, several.touched) == (4, 3)
    assert several.unchanged == (NEWS,)
    without_refresh = reviewed("no-refresh")
    assert (without_refresh.existing, without_refresh.touched) == (4, 1)


def test_what_goes_away_stands_on_top() -> None:
    """The one thing that nobody may overlook would stand under harmless changes."""
    owners = reviewed("several").owners
    assert [owner.name for owner in owners] == [
        "Humongous Insurance",
        "Fabrikam Bank",
        "Woodgrove Hospital",
        "Contoso Clearing",
    ]
    assert owners[0].operation is Operation.DELETE


WEAKENS = Gates(fail_on=frozenset({FAIL_ON["weakens"]}))


@pytest.mark.parametrize(
    "name", [name for name, found in EXPECTED.items() if any("w" in letters for letters in found.values())]
)
def test_a_weakening_passes_only_with_an_acknowledgement(name: str) -> None:
    """A change that takes protection away would go through a pipeline that was told to stop it; or one that was
    acknowledged would not."""
    acknowledged = name in ("weakened-acknowledged", "partner-removed-acknowledged")
    assert bool(refusals(reviewed(name), WEAKENS)) is not acknowledged


def test_the_refusal_says_what_to_write() -> None:
    """Whoever is stopped would not know how to go on."""
    (removed,) = refusals(reviewed("partner-removed"), WEAKENS)
    assert 'regulated-partners:acknowledge: [{partner: "Fabrikam Bank", reason: …, expires: …}]' in removed
    (expired,) = refusals(reviewed("weakened-acknowledgement-expired"), WEAKENS)
    assert "SEC-1999, the migration" in expired
    assert "expired on 2020-01-31" in expired
    (undone,) = refusals(reviewed("drift-stronger-undone"), WEAKENS)
    assert "outside of this stack" in undone


def test_the_acknowledgement_and_its_reason_are_shown() -> None:
    """The reviewer would not see that somebody has decided, and why."""
    text = comment(reviewed("weakened-acknowledged"), ())
    assert "Acknowledged in the stack file until 2099-12-31: SEC-2001, agreed with the hospital" in text


def test_a_gate_for_how_much_may_change() -> None:
    """A mistake that rewrites every partner would be applied like a small change."""
    few, many = Gates(max_changed=75), Gates(max_changed=74.9)
    assert refusals(reviewed("several"), few) == ()
    (refused,) = refusals(reviewed("several"), many)
    assert "3 of 4 partners" in refused
    assert refusals(reviewed("partner-added"), Gates(max_changed=0)) == ()


def test_the_recordings_hold_nothing_of_a_machine() -> None:
    """Paths or host names of somebody's machine would be published with the tests."""
    for path in PLANS.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        for unwanted in ("/home/", "/root/", "/tmp/", "localhost", "127.0.0.1", "site-packages"):  # noqa: S108
            assert unwanted not in text, f"{unwanted} in {path.name}"
    assert document("nothing")["steps"]
