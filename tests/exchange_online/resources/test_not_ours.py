"""What the program does not declare is not touched; what it asks for by name is taken over only on request."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from tests.exchange_online.resources.runs import (
    INBOUND,
    MARK,
    OUTBOUND,
    assert_converges,
    assert_sentence,
    assert_tenant_is,
)
from tests.support.mini_stack import Declaration, MiniStack

pytestmark = pytest.mark.provider

BOTH = pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])

_SAME_INBOUND = {
    "Name": INBOUND.name,
    "SenderDomains": ["*.fabrikam.com", "fabrikam.com"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": True,
    "TlsSenderCertificateName": "mail.fabrikam.com",
    "Comment": "SEC-1234",
}
_SAME_OUTBOUND = {
    "Name": OUTBOUND.name,
    "RecipientDomains": ["*.fabrikam.com", "fabrikam.com"],
    "TlsSettings": "DomainValidation",
    "TlsDomain": "mail.fabrikam.com",
    "Comment": "SEC-1234",
}


def _plant(tenant: Control, declaration: Declaration, **changes: object) -> str:
    """A connector of the declared name that somebody else made; its Guid."""
    inbound = declaration.direction is Direction.INBOUND
    row = {**(_SAME_INBOUND if inbound else _SAME_OUTBOUND), **changes}
    if inbound:
        tenant.seed(inbound=[row])
    else:
        tenant.seed(outbound=[row])
    (found,) = tenant.connectors(declaration.direction.word)
    return str(found["Guid"])


@BOTH
def test_an_existing_name_is_refused_with_the_differences(
    stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, somebody else's connector would be changed, or there would be two for one partner."""
    guid = _plant(tenant, declaration, Comment="theirs", Enabled=False)
    run = stack.up({"one": declaration})
    assert_sentence(run.error, guid, "enabled: false => true", "comment: theirs => SEC-1234", "adoptExisting")
    assert tenant.writes() == []
    assert stack.resources == {}


@BOTH
def test_an_existing_name_is_taken_over_on_request(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, connectors that were made by hand could only come under management by removing them first."""
    guid = _plant(tenant, declaration, Comment="theirs", Enabled=False)
    program = {"one": declaration.with_(adoptExisting=True)}
    run = stack.up(program)
    (sent,) = tenant.writes()
    assert sent.cmdlet == f"Set-{declaration.direction}"
    assert sent.parameters == {"Identity": guid, "Enabled": True, "Comment": f"SEC-1234\n{MARK}"}
    assert any("took over" in message and "theirs => SEC-1234" in message for message in run.messages)
    assert stack.resources["one"].id == guid
    assert_converges(stack, tenant, program)


@BOTH
def test_an_identical_connector_is_taken_over_without_a_write(
    stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, what an interrupted run has left behind would block every later run."""
    guid = _plant(tenant, declaration, Comment=f"SEC-1234\n{MARK}")
    run = stack.up({"one": declaration})
    assert tenant.writes() == []
    assert any("nothing was sent" in message for message in run.messages)
    assert stack.resources["one"].id == guid


@BOTH
@pytest.mark.parametrize("same", [True, False], ids=["identical", "different"])
def test_a_connector_of_the_hybrid_wizard_is_refused(
    stack: MiniStack, tenant: Control, declaration: Declaration, same: bool
) -> None:
    """Failing, the program would change, or later remove, a connector that the Hybrid Configuration Wizard owns."""
    _plant(tenant, declaration, ConnectorSource="HybridWizard", **({} if same else {"Comment": "wizard"}))
    run = stack.up({"one": declaration})
    assert_sentence(run.error, "Hybrid Configuration Wizard", "adoptExisting")
    assert tenant.writes() == []


@BOTH
def test_a_connector_of_the_hybrid_wizard_is_taken_over_on_request(
    stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, an administrator who means it would have no way to manage it here."""
    guid = _plant(tenant, declaration, ConnectorSource="HybridWizard", Comment="wizard")
    program = {"one": declaration.with_(adoptExisting=True)}
    assert not stack.up(program).errors
    assert stack.resources["one"].id == guid
    assert stack.resources["one"].outputs["connectorSource"] == "HybridWizard"
    assert_converges(stack, tenant, program)


def test_the_hybrid_wizards_source_is_never_sent(stack: MiniStack, tenant: Control) -> None:
    """Failing, a connector would change hands, and the wizard would make another at its next run."""
    _plant(tenant, OUTBOUND, ConnectorSource="HybridWizard", Comment="wizard")
    stack.up({"one": OUTBOUND.with_(adoptExisting=True)})
    assert all("ConnectorSource" not in call.parameters for call in tenant.writes())
    (row,) = tenant.connectors("outbound")
    assert row["ConnectorSource"] == "HybridWizard"


@pytest.mark.parametrize("shows", ["only", "also"])
def test_a_hidden_test_mode_connector_of_the_name_is_refused(stack: MiniStack, tenant: Control, shows: str) -> None:
    """Failing, a connector that a plain Get hides would be created a second time, or end in an error nobody gets."""
    tenant.switch(include_test_mode=shows)
    guid = _plant(tenant, OUTBOUND, TestMode=True)
    run = stack.up({"one": OUTBOUND})
    assert_sentence(run.error, guid, "testMode: true => false")
    assert tenant.writes() == []


@pytest.mark.parametrize("shows", ["only", "also"])
def test_a_test_mode_connector_lives_like_any_other(stack: MiniStack, tenant: Control, shows: str) -> None:
    """Failing, the refresh after its creation would miss a test-mode connector, and create it again."""
    tenant.switch(include_test_mode=shows)
    trial = {"one": OUTBOUND.with_(testMode=True)}
    assert stack.up(trial).created == ["one"]
    assert stack.up(trial).changed_nothing
    assert assert_converges(stack, tenant, {"one": OUTBOUND}).updated == ["one"]
    assert assert_converges(stack, tenant, trial).updated == ["one"]
    assert stack.up({}).deleted == ["one"]
    assert_tenant_is(tenant, {})


def test_an_identical_test_mode_connector_is_taken_over(stack: MiniStack, tenant: Control) -> None:
    """Failing, the half of a test-mode connector that a killed run left behind would be in the way for ever."""
    guid = _plant(tenant, OUTBOUND, TestMode=True, Comment=f"SEC-1234\n{MARK}")
    assert stack.up({"one": OUTBOUND.with_(testMode=True)}).created == ["one"]
    assert stack.resources["one"].id == guid
    assert tenant.writes() == []


def test_connectors_of_others_are_never_written(stack: MiniStack, tenant: Control) -> None:
    """Failing, the program would change or remove what belongs to somebody else."""
    tenant.seed(
        inbound=[{"Name": f"Other {i}", "SenderDomains": ["fabrikam.com"], "Comment": "theirs"} for i in range(3)],
        outbound=[{"Name": f"Other {i}", "RecipientDomains": ["fabrikam.com"], "Comment": "theirs"} for i in range(3)],
    )
    before = {direction: tenant.connectors(direction.word) for direction in Direction}
    others = {row["Guid"] for rows in before.values() for row in rows} | {f"Other {i}" for i in range(3)}
    stack.up({"in": INBOUND, "out": OUTBOUND})
    stack.up({"in": INBOUND.with_(name="Renamed", comment=None), "out": OUTBOUND.with_(enabled=False)})
    stack.up({"in": INBOUND})
    stack.up({})
    assert {direction: tenant.connectors(direction.word) for direction in Direction} == before
    touched = {str(call.parameters.get(key)) for call in tenant.writes() for key in ("Identity", "Name")}
    assert touched.isdisjoint(others)


def test_the_administrator_hears_of_connectors_for_the_same_mail(stack: MiniStack, tenant: Control) -> None:
    """Failing, two connectors for one partner would lose mail, and nobody would know why."""
    tenant.seed(
        inbound=[
            {"Name": "Old Fabrikam", "SenderDomains": ["fabrikam.com"]},
            {"Name": "Unrelated", "SenderDomains": ["woodgrove.org"]},
        ]
    )
    messages = stack.up({"one": INBOUND}).messages
    assert any("'Old Fabrikam' is for mail from fabrikam.com too" in message for message in messages)
    assert not any("Unrelated" in message for message in messages)


def test_a_partner_whose_mail_would_be_refused_is_not_made(stack: MiniStack, tenant: Control) -> None:
    """Failing, a restriction of the whole tenant refuses the partner's mail, and that is said after the write (E02)."""
    gateway = {
        "Name": "Gateway",
        "SenderDomains": ["*"],
        "RestrictDomainsToIPAddresses": True,
        "SenderIPAddresses": ["198.51.100.1"],
    }
    stack.up({"one": INBOUND})
    (guid,) = (row["Guid"] for row in tenant.connectors("inbound"))
    tenant.seed(inbound=[gateway])
    tenant.clear_calls()
    other = INBOUND.with_(name="Other", senderDomains=["other.example"])
    run = stack.up({"one": INBOUND, "two": other})
    assert_sentence(run.error, "'Gateway' restricts all senders", "from 198.51.100.1", "knownWays")
    assert tenant.writes() == []
    # What was refused before is not made worse by a change, and may be what mends it.
    run = stack.up({"one": INBOUND.with_(comment="changed")})
    assert not run.errors
    assert any("'Gateway' restricts all senders" in message for message in run.messages)
    assert stack.resources["one"].id == guid


def test_two_resources_never_share_a_connector(stack: MiniStack, tenant: Control) -> None:
    """Failing, two declarations of one name would own the same connector, and undo each other's changes for ever."""
    run = stack.up({"one": INBOUND, "two": INBOUND})
    assert_sentence(run.error, "two resources of this program")
    assert list(run.errors) == ["two"]
    assert len(tenant.writes()) == 1


def test_a_resource_renamed_without_an_alias_keeps_its_connector(stack: MiniStack, tenant: Control) -> None:
    """Failing, the new resource would take over the connector that the deletion of the old one then removes."""
    stack.up({"old": INBOUND})
    guid = stack.resources["old"].id
    run = stack.up({"new": INBOUND})
    assert run.deleted == ["old"]
    assert any("another resource of this program has it" in message for message in run.messages)
    assert stack.resources["new"].id == guid
    assert_converges(stack, tenant, {"new": INBOUND})
    assert tenant.writes() == []


def test_a_new_resource_does_not_take_over_a_connector_about_to_be_renamed(stack: MiniStack, tenant: Control) -> None:
    """Failing, a rename and a new connector of the old name in one run would end up with one connector for two."""
    stack.up({"first": INBOUND})
    program = {"second": INBOUND, "first": INBOUND.with_(name="New name", senderDomains=["new.example"])}
    guid = stack.resources["first"].id
    assert_sentence(stack.up(program).error, "the resource 'first' of this program")
    assert_converges(stack, tenant, {"first": program["first"]})
    assert stack.resources["first"].id == guid
    assert_converges(stack, tenant, program)
