"""One connector's life through the real provider process: create, read, diff, update, delete."""

from __future__ import annotations

import uuid

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import ReadLag, Refusal
from tests.exchange_online.resources.runs import (
    INBOUND,
    MARK,
    OUTBOUND,
    TWO_STEPS,
    Start,
    assert_sentence,
    assert_tenant_is,
)
from tests.support.mini_stack import Declaration, MiniStack
from tests.support.provider_process import ProviderError

pytestmark = pytest.mark.provider

BOTH = pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])


@BOTH
def test_a_created_connector_is_what_was_declared(start: Start, tenant: Control, declaration: Declaration) -> None:
    """Failing, the tenant's connector would not be the one the pull request showed."""
    with start() as process:
        resource = process.create(declaration.direction, dict(declaration.properties))
    (row,) = tenant.connectors(declaration.direction.word)
    assert resource.id == row["Guid"] == str(uuid.UUID(row["Guid"]))
    assert_tenant_is(tenant, {"one": declaration})
    assert [call.cmdlet for call in tenant.writes()] == [f"New-{declaration.direction}"]


@BOTH
def test_outputs_hold_the_canonical_inputs_and_what_the_service_computed(
    start: Start, tenant: Control, declaration: Declaration
) -> None:
    """Failing, the state would differ from the inputs at once, and every preview would show a change."""
    with start() as process:
        resource = process.create(declaration.direction, dict(declaration.properties))
    assert resource.inputs.items() <= resource.outputs.items()
    computed = {key: resource.outputs[key] for key in resource.outputs.keys() - resource.inputs.keys()}
    assert computed.pop("guid") == resource.id
    assert computed.pop("connectorSource") == "Default"
    (row,) = tenant.connectors(declaration.direction.word)
    assert computed.pop("whenCreatedUtc") == row["WhenCreatedUTC"]
    assert computed.pop("managedBy") == "regulated-partners/test"
    assert computed.pop("cloud") == "local"
    assert computed.pop("tenantId") == tenant.status().tenant
    assert set(computed) <= {"identity", "isValid", "whenChangedUtc", "isValidated"}


@BOTH
def test_read_gives_the_inputs_that_check_gives(start: Start, declaration: Declaration) -> None:
    """Failing, a refresh would show drift that is none, at every run."""
    with start() as process:
        resource = process.create(declaration.direction, dict(declaration.properties))
    with start() as process:
        read = process.read(resource)
        assert read is not None
        checked, failures = process.check(declaration.direction, read.inputs)
        assert process.diff(read, resource.inputs).changes == "none"
    assert not failures
    assert read.inputs == checked == resource.inputs
    assert read.outputs == resource.outputs


@BOTH
def test_an_update_sends_only_what_changed(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, an update would overwrite settings that somebody else changed meanwhile on purpose."""
    stack.up({"one": declaration})
    tenant.clear_calls()
    changed = declaration.with_(comment="SEC-9999")
    assert stack.up({"one": changed}).updated == ["one"]
    (sent,) = tenant.writes()
    assert sent.cmdlet == f"Set-{declaration.direction}"
    assert sent.parameters == {"Identity": stack.resources["one"].id, "Comment": f"SEC-9999\n{MARK}"}
    assert_tenant_is(tenant, {"one": changed})


@BOTH
def test_a_rename_keeps_the_connector(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, a rename would remove the connector first, and mail would flow unprotected meanwhile."""
    stack.up({"one": declaration})
    guid = stack.resources["one"].id
    stack.up({"one": declaration.with_(name="Another name")})
    assert stack.resources["one"].id == guid
    (row,) = tenant.connectors(declaration.direction.word)
    assert (row["Guid"], row["Name"]) == (guid, "Another name")


@BOTH
def test_a_removed_declaration_removes_the_connector(
    stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, a partner that left would keep its way into the tenant, or a second destroy would fail."""
    stack.up({"one": declaration})
    resource = stack.resources["one"]
    assert stack.up({}).deleted == ["one"]
    assert_tenant_is(tenant, {})
    stack.resources["one"] = resource
    assert stack.up({}, refresh=False).deleted == ["one"]


@BOTH
def test_drift_shows_and_is_repaired(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, a change in the portal would stay unseen, or `up` would not bring the declared value back."""
    stack.up({"one": declaration})
    guid = stack.resources["one"].id
    tenant.invoke(f"Set-{declaration.direction}", {"Identity": guid, "Enabled": False, "Comment": None})
    stack.refresh()
    assert stack.resources["one"].inputs["enabled"] is False
    assert "comment" not in stack.resources["one"].inputs
    tenant.clear_calls()
    assert stack.up({"one": declaration}).updated == ["one"]
    (sent,) = tenant.writes()
    assert sent.parameters == {"Identity": guid, "Enabled": True, "Comment": f"SEC-1234\n{MARK}"}


def test_recipients_for_validation_take_a_second_call(stack: MiniStack, tenant: Control) -> None:
    """Failing, the service would refuse the create: New-OutboundConnector knows no ValidationRecipients."""
    stack.up({"one": TWO_STEPS})
    new, changed = tenant.writes()
    assert (new.cmdlet, changed.cmdlet) == ("New-OutboundConnector", "Set-OutboundConnector")
    assert "ValidationRecipients" not in new.parameters
    assert changed.parameters == {
        "Identity": stack.resources["one"].id,
        "ValidationRecipients": ["postmaster@fabrikam.com"],
    }
    assert stack.resources["one"].outputs["validationRecipients"] == ["postmaster@fabrikam.com"]
    assert stack.up({"one": TWO_STEPS}).changed_nothing


def test_a_certificate_name_and_its_restriction_change_in_one_call(stack: MiniStack, tenant: Control) -> None:
    """Failing, there would be a moment without enforcement, or with the wrong name enforced."""
    before = INBOUND.with_(restrictDomainsToCertificate=False, tlsSenderCertificateName=None)
    stack.up({"one": before})
    tenant.clear_calls()
    stack.up({"one": INBOUND})
    (sent,) = tenant.writes()
    assert sent.parameters == {
        "Identity": stack.resources["one"].id,
        "RestrictDomainsToCertificate": True,
        "TlsSenderCertificateName": "mail.fabrikam.com",
    }


def test_warnings_reach_the_engine_once(start: Start) -> None:
    """Failing, the administrator would not read that a connector has no effect, or read it a hundred times."""
    weak = INBOUND.with_(requireTls=False, restrictDomainsToCertificate=False)
    with start() as process:
        for _ in range(3):
            process.check(weak.direction, dict(weak.properties))
        (message,) = process.messages
    assert message.startswith("inbound connector 'Fabrikam Bank - inbound': ")
    assert "restricts nothing" in message


@BOTH
def test_the_service_refusing_is_one_sentence(start: Start, tenant: Control, declaration: Declaration) -> None:
    """Failing, a CI log would show a traceback instead of what was refused, where, why and what to do."""
    tenant.switch(unsupported_parameters=["Comment"])
    with start() as process, pytest.raises(ProviderError) as refused:
        process.create(declaration.direction, dict(declaration.properties))
    assert_sentence(str(refused.value), declaration.name, "Comment", "Remove it from the stack file", "request-id")
    assert_tenant_is(tenant, {})


@pytest.mark.parametrize("renames", [False, True], ids=["create", "rename"])
def test_a_name_that_the_other_direction_has(stack: MiniStack, tenant: Control, renames: bool) -> None:
    """Failing, a name that the partner's own other connector has sounds as if somebody else's were in the way."""
    program = {"in": INBOUND, "out": OUTBOUND.with_(name="another")}
    if renames:
        stack.up(program)
    else:
        stack.up({"in": INBOUND})
    taken = Refusal(
        exception_type="Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException",
        text="The object already exists.",
        status=400,
    )
    tenant.fault(taken, "Set-*" if renames else "New-*", count=None)

    error = stack.up({**program, "out": OUTBOUND.with_(name=INBOUND.name)}).error

    (row,) = tenant.connectors("inbound")
    assert_sentence(error, "the inbound connector of this name has it", row["Guid"], "give this one another name")
    assert "Adopt" not in error
    assert len(tenant.connectors("outbound")) == int(renames)


def test_updating_a_connector_that_is_gone_is_an_error_in_words(stack: MiniStack, tenant: Control) -> None:
    """Failing, `up` without a refresh would report success for a connector that does not exist."""
    stack.up({"one": INBOUND})
    tenant.invoke("Remove-InboundConnector", {"Identity": stack.resources["one"].id, "Confirm": False})
    run = stack.up({"one": INBOUND.with_(comment="new")}, refresh=False)
    assert_sentence(run.error, "no longer in the tenant", "pulumi refresh")
    assert stack.up({"one": INBOUND}).created == ["one"]
    assert_tenant_is(tenant, {"one": INBOUND})


def test_a_name_that_is_given_up_meanwhile_is_taken(stack: MiniStack, tenant: Control) -> None:
    """Failing, two renames of one change, of which the engine begins the wrong one first, end the run."""
    stack.up({"one": INBOUND})
    guid = stack.resources["one"].id
    text = "The object already exists."
    refusal = Refusal(
        exception_type="Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException", text=text, status=400
    )
    tenant.fault(refusal, "Set-InboundConnector", count=1)
    renamed = {"one": INBOUND.with_(name="Another name")}
    assert stack.up(renamed).updated == ["one"]
    assert stack.resources["one"].id == guid
    assert_tenant_is(tenant, renamed)


@pytest.mark.parametrize("answers", ["not_found", "all", "ambiguous"])
def test_however_a_missing_identity_is_answered(stack: MiniStack, tenant: Control, answers: str) -> None:
    """Failing, somebody else's connector would be taken for the missing one, or a missing one end a run.

    Source: exchange-wire, addendum (an error, by five clients); connector-semantics 4.1 (every row, documented).
    """
    tenant.switch(unknown_identity=answers)
    tenant.seed(inbound=[{"Name": "Somebody's", "SenderDomains": ["somebody.example"]}])
    tenant.seed(outbound=[{"Name": "Somebody's"}, {"Name": "Their trial", "TestMode": True}])
    others = {row["Guid"]: row for word in ("inbound", "outbound") for row in tenant.connectors(word)}
    # A test-mode connector is missing for a plain Get, and what lags behind a write for every one.
    program = {"in": INBOUND, "out": TWO_STEPS.with_(testMode=True)}
    tenant.fault(ReadLag(reads=2), "New-*", count=2)
    tenant.fault(ReadLag(reads=2), "Set-*", count=4)
    assert sorted(stack.up(program).created) == ["in", "out"]
    changed = {key: declaration.with_(comment="SEC-2") for key, declaration in program.items()}
    assert sorted(stack.up(changed).updated) == ["in", "out"]
    assert stack.up(changed).changed_nothing
    tenant.clear_faults()

    tenant.invoke("Remove-InboundConnector", {"Identity": stack.resources["in"].id})
    assert stack.up(changed).created == ["in"]
    assert not stack.up({}).errors

    assert {row["Guid"]: row for word in ("inbound", "outbound") for row in tenant.connectors(word)} == others


def test_an_identity_that_is_there_and_ambiguous_is_found_among_all(stack: MiniStack, tenant: Control) -> None:
    """Failing, a connector would be unreadable because another object of the directory is called by its Guid."""
    ambiguous = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException"
    stack.up({"one": INBOUND})
    tenant.fault(
        Refusal(exception_type=ambiguous, text="It matches multiple entries.", status=400),
        "Get-*",
        identity=stack.resources["one"].id,
        count=None,
    )
    changed = {"one": INBOUND.with_(comment="SEC-2")}
    assert stack.up(changed).updated == ["one"]
    assert_tenant_is(tenant, changed)


def test_an_ambiguous_write_is_said_in_words(stack: MiniStack, tenant: Control) -> None:
    """Failing, somebody would look for a mistake in the stack file."""
    ambiguous = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException"
    stack.up({"one": INBOUND})
    tenant.fault(Refusal(exception_type=ambiguous, text="It matches multiple entries.", status=400), "Set-*")
    run = stack.up({"one": INBOUND.with_(comment="SEC-2")})
    assert_sentence(run.error, "more than one object has this identity", "none was touched")
    assert len(tenant.calls("Set-InboundConnector")) == 1
