"""The peers' own cases, replayed: what they declare, what the tenant holds, and the calls that follow.

The cases are those of Microsoft365DSC, SEPPmail, vendors' recipes and the documentation; see the data's `source`.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from exchange_online_emulator.storage import Call
from tests.exchange_online.resources.peer_cases import CASES
from tests.exchange_online.resources.peer_refusals import NORMALISED, REFUSED
from tests.exchange_online.resources.peer_words import Case
from tests.exchange_online.resources.runs import Start, assert_converges, assert_sentence, without_mark
from tests.support.mini_stack import MiniStack
from tests.support.recorded import recorded

pytestmark = pytest.mark.provider

_ELSEWHERE = {
    "scuba-real-get-inbound": "tests/connectors reads the row",
    "m365dsc-out-tlsdomain-without-domainvalidation": "test_the_name_without_effect_is_warned_about",
    "hcw-pair": "test_the_hybrid_wizards_pair_is_refused",
    "err-3part": "tests/admin_api classifies the body",
    "err-internalexception": "tests/admin_api classifies the body",
    "err-429": "test_refused_calls",
    "err-5xx": "test_refused_calls",
}


def test_every_case_is_replayed_somewhere() -> None:
    """Failing, a case was added to the data and nobody said what should come of it."""
    known = {case.id for case in CASES} | set(NORMALISED) | set(REFUSED) | set(_ELSEWHERE)
    assert {case["id"] for case in recorded("peer_cases")["cases"]} <= known


@pytest.mark.parametrize("case", CASES, ids=[f"{case.id}-{case.direction.word}" for case in CASES])
def test_a_peers_case_sends_the_expected_calls(stack: MiniStack, tenant: Control, case: Case) -> None:
    """Failing, moving from that peer's tool would change connectors in another way than its users expect."""
    tenant.seed(accepted_domains=["contoso.com", "contoso.org"])
    if case.actual is not None:
        tenant.seed(**{case.direction.word: [case.actual]})  # type: ignore[arg-type]
    if case.managed is not None:
        stack.up({"one": case.managed})
        tenant.clear_calls()
    # What another tool has made is adopted; no stack has left its mark on it.
    adopting = {} if case.actual is None else {"adoptExisting": True}
    program = {} if case.declaration is None else {"one": case.declaration.with_(**adopting)}
    run = stack.up(program)
    assert not run.errors, run.errors
    sent = [(call.cmdlet, _as_declared(call)) for call in tenant.writes()]
    assert sent == list(case.calls), case.why
    if case.declaration is not None:
        assert_converges(stack, tenant, program)


def _as_declared(call: Call) -> dict[str, Any]:
    """What was sent, without the mark; where nothing stands above it, no comment is declared."""
    sent = without_mark(call.parameters)
    left_out = {"Identity", *(["Comment"] if sent.get("Comment") == "" else [])}
    return {name: value for name, value in sent.items() if name not in left_out}


@pytest.mark.parametrize(("direction", "declared", "finding"), REFUSED.values(), ids=REFUSED.keys())
def test_what_peers_saw_refused_is_refused_before_it_is_sent(
    start: Start, tenant: Control, direction: Direction, declared: dict[str, Any], finding: str
) -> None:
    """Failing, a mistake that the service is known to refuse would only show in the middle of an `up`."""
    with start() as process:
        _, failures = process.check(direction, declared)
    assert finding in failures
    assert tenant.calls() == []


@pytest.mark.parametrize("case", NORMALISED.values(), ids=NORMALISED.keys())
def test_spellings_that_peers_took_for_drift_are_none(stack: MiniStack, tenant: Control, case: list[str]) -> None:
    """Failing, the drift that never ends of Microsoft365DSC 2180 would be back."""
    tenant.seed(inbound=[{"Name": "Case", "SenderDomains": ["a.com", "b.com", "contoso.com", "*"]}])
    tenant.invoke("Set-InboundConnector", {"Identity": "Case", "SenderDomains": [name.lower() for name in case]})
    declaration = CASES[0].declaration
    assert declaration is not None
    plain = type(declaration)(Direction.INBOUND, {"name": "Case", "senderDomains": case, "adoptExisting": True})
    run = stack.up({"one": plain})
    assert not run.errors
    assert tenant.writes() == []
    assert stack.up({"one": plain}).changed_nothing


def test_the_name_without_effect_is_warned_about(start: Start) -> None:
    """Failing, TlsDomain without DomainValidation would look like a check that takes place (V22)."""
    declared = {
        "name": "A",
        "recipientDomains": ["a.com"],
        "tlsSettings": "EncryptionOnly",
        "tlsDomain": "*.contoso.com",
    }
    with start() as process:
        _, failures = process.check(Direction.OUTBOUND, declared)
        assert not failures
        assert any("no effect while tlsSettings is EncryptionOnly" in message for message in process.messages)


def test_the_hybrid_wizards_pair_is_refused(stack: MiniStack, tenant: Control) -> None:
    """Failing, the hybrid connectors of an organization would come under management without anybody asking."""
    (case,) = [case for case in recorded("peer_cases")["cases"] if case["id"] == "hcw-pair"]
    inbound = {key: value for key, value in case["inbound"].items() if value is not None} | {"Name": "Inbound from x"}
    tenant.seed(inbound=[inbound])
    declaration = CASES[0].declaration
    assert declaration is not None
    run = stack.up({"one": declaration.with_(name="Inbound from x")})
    assert_sentence(run.error, "Hybrid Configuration Wizard")
    assert tenant.writes() == []
