"""The campaign notices what it is there to notice: each fault is made by hand, in the tenant."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from tests.chaos.declarations import Declaration, Partner, differences, mark_of
from tests.chaos.play import Outcome
from tests.chaos.report import Report
from tests.chaos.tenant import Fault, Tenant

PARTNER = Partner(1, "Partner 1", ("p1.example",), "mail.p1.example", "SEC-1")
WANTED = PARTNER.connectors()


@pytest.fixture
def tenant(emulator: EmulatorProcess, control: Control) -> Tenant:
    """A tenant with the connectors of one partner, each with the mark of its stack, and one of somebody else."""
    control.seed(
        inbound=[{"Name": "Theirs", "SenderDomains": ["theirs.example"]}],
    )
    followed = Tenant(emulator)
    followed.leave_to_others()
    followed.expect(WANTED, ())
    for wanted in WANTED:
        _make(control, wanted.direction, dict(wanted.cells))
    assert followed.look() == []
    return followed


def _make(control: Control, direction: str, cells: dict[str, object]) -> None:
    written = {name: sorted(cell) if isinstance(cell, frozenset) else cell for name, cell in cells.items()}
    settings = {name: cell for name, cell in written.items() if cell not in (None, [], "")}
    settings["Comment"] = "SEC-1\n[Pulumi: regulated-partners/dev]"
    if direction == "inbound":
        control.seed(inbound=[settings])
    else:
        control.seed(outbound=[settings])


def _kinds(faults: list[Fault]) -> list[str]:
    return [fault.kind for fault in faults]


def test_what_is_as_declared_is_right(tenant: Tenant) -> None:
    """A failure means that the campaign finds faults where there are none: the mark is no part of the comment."""
    held = tenant.held()
    for wanted in WANTED:
        assert list(differences(wanted, held[wanted.key])) == []
        assert mark_of(held[wanted.key]) == "regulated-partners/dev"
    assert tenant.look() == []


def test_another_guid_of_the_same_name_is_a_replacement(tenant: Tenant, control: Control) -> None:
    """A failure means that a connector that was deleted and made again counts as kept."""
    control.invoke("Remove-InboundConnector", {"Identity": WANTED[0].name, "Confirm": False})
    _make(control, "inbound", dict(WANTED[0].cells))

    assert _kinds(tenant.look()) == ["replaced"]
    assert tenant.look() == []


def test_one_that_need_not_stay_may_go(tenant: Tenant, control: Control) -> None:
    """A failure means that a connector whose partner was taken out counts as lost."""
    tenant.expect(WANTED[1:], ())
    control.invoke("Remove-InboundConnector", {"Identity": WANTED[0].name, "Confirm": False})

    assert tenant.look() == []
    assert WANTED[0].key not in tenant.held()


def test_a_second_connector_of_a_partner_is_a_duplicate(tenant: Tenant, control: Control) -> None:
    """A failure means that a rename which makes new connectors beside the old ones goes unnoticed."""
    renamed = Partner(1, "Partner 1 v2", ("p1.example",), "mail.p1.example", "SEC-1", aliases=("Partner 1",))
    tenant.expect(renamed.connectors(), ())
    _make(control, "outbound", dict(renamed.connectors()[1].cells))

    assert _kinds(tenant.look()) == ["duplicated"]


def test_one_that_nobody_declares_is_an_orphan(tenant: Tenant, control: Control) -> None:
    """A failure means that a connector of a name that was never declared goes unnoticed."""
    control.seed(inbound=[{"Name": "Nobody's", "SenderDomains": ["n.example"]}])

    assert _kinds(tenant.look()) == ["orphaned"]


@pytest.mark.parametrize(
    ("cmdlet", "change"), [("Set-InboundConnector", {"Comment": "x"}), ("Remove-InboundConnector", {"Confirm": False})]
)
def test_what_belongs_to_others_may_not_change(
    tenant: Tenant, control: Control, cmdlet: str, change: dict[str, object]
) -> None:
    """A failure means that a run which changes or removes somebody else's connector goes unnoticed."""
    control.invoke(cmdlet, {"Identity": "Theirs", **change})

    assert _kinds(tenant.look()) == ["taken"]
    assert tenant.look() == []


def test_other_settings_are_a_difference(tenant: Tenant, control: Control) -> None:
    """A failure means that a connector which does not do what is declared counts as right."""
    control.invoke("Set-OutboundConnector", {"Identity": WANTED[1].name, "TlsSettings": "EncryptionOnly"})
    control.invoke("Set-OutboundConnector", {"Identity": WANTED[1].name, "TlsDomain": None, "Comment": "by hand"})

    assert list(differences(WANTED[1], tenant.held()[WANTED[1].key])) == [
        "Comment is 'by hand', declared 'SEC-1'",
        "TlsSettings is 'EncryptionOnly', declared 'DomainValidation'",
        "TlsDomain is None, declared 'mail.p1.example'",
    ]


def test_the_report_counts_what_is_wrong_and_says_where() -> None:
    """A failure means that a campaign which found something looks like one that found nothing."""
    fine = Outcome(1, checkpoints=True, runs=4, acted=Counter({"500": 2}), clean_runs=1, kept=3, seconds=5.0)
    lost = Outcome(2, checkpoints=False, runs=5, kills=Counter({"engine": 1}), clean_runs=2, seconds=6.0)
    lost.faults += [Fault("lost", "partner 1 inbound"), Fault("run", "the user reads 'Traceback'")]
    never = Outcome(3, checkpoints=True, runs=3, seconds=1.0)

    report = Report.of([fine, lost, never])

    assert not report.right
    assert Report.of([fine]).right
    assert report.faults == {2: ["lost: partner 1 inbound", "run: the user reads 'Traceback'"], 3: ["not converged"]}
    assert (report.scenarios, report.runs, report.kept, report.not_converged) == (3, 12, 3, 1)
    assert report.converged == {1: 1, 2: 1, 3: 0}
    assert report.wrong["lost"] == 1
    assert json.loads(report.json())["kills"] == {"engine": 1}
    assert "| scenarios with connectors lost | 1 |" in report.table()


def test_a_declaration_is_what_a_stack_file_holds() -> None:
    """A failure means that the campaign declares something else than it then looks for."""
    assert Declaration((PARTNER,)).settings() == {
        "partners": [
            {
                "name": "Partner 1",
                "domains": ["p1.example"],
                "certificateName": "mail.p1.example",
                "comment": "SEC-1",
                "enabled": True,
                "outbound": {"connectionSecurity": "recipientCertificateMatchesDomain"},
            }
        ]
    }
