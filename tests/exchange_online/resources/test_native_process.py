"""What the plugin's process answers beyond what both faces do: previews, imports, functions, the engine's own calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from exchange_online.connectors import Direction
from exchange_online.resources.native import wire
from exchange_online.resources.native.wire import UNKNOWN
from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import ConnectionReset, Refusal
from tests.exchange_online.resources.runs import INBOUND, OUTBOUND, TWO_STEPS, Start
from tests.support.provider_process import NATIVE, ProviderError, ProviderProcess, Resource, urn_of
from tests.support.provider_start import Command

pytestmark = pytest.mark.provider


@pytest.fixture
def plugin(emulator: EmulatorProcess, tenant: Control) -> Start:  # noqa: ARG001 - a run needs the empty tenant
    """Starts processes of the plugin."""
    return Start(emulator.connection_path, NATIVE)


def _previewed(process: ProviderProcess, direction: Direction, inputs: dict[str, Any]) -> dict[str, Any]:
    request = provider_pb2.CreateRequest(urn=urn_of(direction, "planned"), properties=wire.sent(inputs), preview=True)
    answer = process.call("Create", request)
    assert answer.id == ""
    return wire.received(answer.properties).properties


@pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])
def test_a_previewed_create_knows_what_is_declared_and_nothing_else(
    plugin: Start, tenant: Control, declaration: Any
) -> None:
    """Failing, a preview would promise outputs that nobody can know, or leave those unknown that everybody can."""
    with plugin(EXCHANGE_ONLINE_EMULATOR="nowhere.json") as process:
        inputs, _ = process.check(declaration.direction, dict(declaration.properties))
        planned = _previewed(process, declaration.direction, inputs)
    with plugin() as process:
        made = process.create(declaration.direction, dict(declaration.properties))
    assert {key: value for key, value in planned.items() if value != UNKNOWN} == inputs
    assert made.outputs.keys() <= planned.keys()
    assert len(tenant.writes()) == 1


def test_a_previewed_update_keeps_what_stays(plugin: Start, tenant: Control) -> None:
    """Failing, what depends on a connector's id would be shown as changing with every change of a comment."""
    with plugin() as process:
        made = process.create(INBOUND.direction, dict(INBOUND.properties))
        tenant.clear_calls()
        for change, identity in (({"comment": "later"}, made.outputs["identity"]), ({"name": "Other"}, UNKNOWN)):
            request = provider_pb2.UpdateRequest(
                urn=made.urn,
                id=made.id,
                olds=wire.sent(made.outputs),
                news=wire.sent({**made.inputs, **change}),
                preview=True,
            )
            planned = wire.received(process.call("Update", request).properties).properties
            assert planned["guid"] == made.id
            assert planned["identity"] == identity
            assert planned["whenChangedUtc"] == UNKNOWN
            assert planned.items() >= change.items()
    assert tenant.writes() == []


@pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND, TWO_STEPS], ids=["inbound", "outbound", "two steps"])
@pytest.mark.parametrize("by", ["guid", "GUID", "name", "NAME"])
def test_an_import_reads_what_check_makes(plugin: Start, declaration: Any, by: str) -> None:
    """Failing, code that an import writes would show a change at once."""
    with plugin() as process:
        made = process.create(declaration.direction, dict(declaration.properties))
    asked = {"guid": made.id, "GUID": made.id.upper(), "name": declaration.name, "NAME": declaration.name.upper()}[by]
    with plugin() as process:
        found = process.read(Resource(declaration.direction, asked, {}, {}, made.urn))
        assert found is not None
        assert found.id == made.id
        checked, failures = process.check(declaration.direction, found.inputs)
    assert not failures
    assert checked == found.inputs == made.inputs
    assert found.outputs == made.outputs


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Nobody", "the tenant has none of this name"),
        ("7c0d4f2e-1111-4222-8333-944445555666", "the tenant has none with this Guid"),
        ("Fabrikam Bank - outbound", "the tenant has none of this name"),
    ],
)
def test_what_is_not_there_cannot_be_imported(plugin: Start, asked: str, words: str) -> None:
    """Failing, the engine would say that a resource does not exist, and not where anybody looked."""
    with plugin() as process:
        process.create(OUTBOUND.direction, dict(OUTBOUND.properties))
        with pytest.raises(ProviderError, match=words):
            process.read(Resource(INBOUND.direction, asked, {}, {}, urn_of(INBOUND.direction, "x")))


@pytest.mark.parametrize(
    "fault", [Refusal(exception_type="X", text="no", status=400), ConnectionReset(after_write=True)]
)
def test_a_create_that_stopped_half_way_says_what_it_made(plugin: Start, tenant: Control, fault: Any) -> None:
    """Failing, the connector would be in the tenant and in no state."""
    tenant.fault(fault, "Set-OutboundConnector", count=None)
    with plugin() as process, pytest.raises(ProviderError) as error:
        process.create(TWO_STEPS.direction, dict(TWO_STEPS.properties))
    made = error.value.made
    assert made is not None
    (row,) = tenant.connectors("outbound")
    assert made.id == row["Guid"]
    assert made.reasons == [str(error.value)]
    assert made.refresh_before_update
    assert wire.received(made.inputs).properties["validationRecipients"] == ["postmaster@fabrikam.com"]


def test_a_create_that_was_undone_leaves_nothing_behind(plugin: Start, tenant: Control) -> None:
    """Failing, the state would hold a connector that is gone."""
    tenant.fault(Refusal(exception_type="X", text="no", status=400), "New-*", count=None)
    with plugin() as process, pytest.raises(ProviderError) as error:
        process.create(TWO_STEPS.direction, dict(TWO_STEPS.properties))
    assert error.value.made is None
    assert tenant.connectors("outbound") == []


def test_once_cancelled_nothing_further_is_written(plugin: Start, tenant: Control) -> None:
    """Failing, creates that wait for their turn would be sent after somebody has pressed Ctrl-C."""
    with plugin() as process:
        made = process.create(INBOUND.direction, dict(INBOUND.properties))
    tenant.clear_calls()
    with plugin() as process:
        process.call("Cancel", Empty())
        with pytest.raises(ProviderError, match="the run was cancelled before this was sent"):
            process.create(OUTBOUND.direction, dict(OUTBOUND.properties))
        with pytest.raises(ProviderError, match="the run was cancelled before this was sent"):
            process.delete(made)
    assert tenant.writes() == []


def test_every_answer_asks_for_a_look_before_an_update(plugin: Start) -> None:
    """Failing, drift would be seen only in projects that ask for it."""
    with plugin() as process:
        made = process.create(INBOUND.direction, dict(INBOUND.properties))
        read = provider_pb2.ReadRequest(id=made.id, urn=made.urn, properties=wire.sent(made.outputs))
        assert process.call("Read", read).refresh_before_update
        update = provider_pb2.UpdateRequest(
            id=made.id, urn=made.urn, olds=wire.sent(made.outputs), news=wire.sent(made.inputs)
        )
        assert process.call("Update", update).refresh_before_update


def test_a_type_that_there_is_not_is_refused_in_words(plugin: Start) -> None:
    """Failing, a misspelled type would end in gRPC's words."""
    with plugin() as process, pytest.raises(ProviderError, match="no resource exchange-online:index:Conector"):
        process.call("Check", provider_pb2.CheckRequest(urn="urn:pulumi:dev::p::exchange-online:index:Conector::x"))


def test_an_attached_process_serves_one_provider_of_a_run_and_the_next_run_anew(plugin: Start) -> None:
    """Failing, two tenants of one program would share a process while somebody debugs, and get each other's writes."""
    with plugin() as process:
        args = {"cloud": "local"}
        process.call("Configure", provider_pb2.ConfigureRequest(args=wire.sent(args)))
        other = provider_pb2.ConfigureRequest(args=wire.sent({**args, "tenant": "x.example"}))
        with pytest.raises(ProviderError, match="a program can have one provider only"):
            process.call("Configure", other)
        process.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1"))
        process.call("Configure", other)


def test_a_listing_by_a_wrong_argument_is_refused(plugin: Start) -> None:
    """Failing, a misspelled argument would list everything, or nothing."""
    with plugin() as process:
        for arguments, words in (
            ({"nmae": "x"}, "did you mean name?"),
            ({}, "neither is given"),
            ({"name": "x", "guid": "y"}, "both are given"),
            ({"guid": "x"}, "is no Guid"),
            ({"name": 3}, "3 is not a text"),
        ):
            request = provider_pb2.InvokeRequest(tok="exchange-online:index:getConnector", args=wire.sent(arguments))
            failures = process.call("Invoke", request).failures
            assert any(words in failure.reason for failure in failures), (arguments, failures)
        with pytest.raises(ProviderError, match="the plugin has no function"):
            process.call("Invoke", provider_pb2.InvokeRequest(tok="exchange-online:index:getAll"))


def test_the_plugin_starts_without_what_only_calls_need(tmp_path: Path) -> None:
    """Failing, every preview of every program would wait for libraries that it does not use."""
    seen = tmp_path / "modules"
    (tmp_path / "sitecustomize.py").write_text(
        f"import atexit, sys\natexit.register(lambda: open({str(seen)!r}, 'w').write('\\n'.join(sys.modules)))\n"
    )
    process = Command(NATIVE.module, "", {"PATH": "", "PYTHONPATH": str(tmp_path)}, tmp_path)
    with grpc.insecure_channel(f"127.0.0.1:{process.port}") as channel:
        grpc.channel_ready_future(channel).result(timeout=30)
    process.end()
    loaded = set(seen.read_text().split())
    assert "pulumi" in loaded
    assert loaded & {"requests", "msal", "pydantic", "tenacity", "cryptography"} == set()
