"""`verify service` against the emulator: the real client, real HTTPS, the command as a user starts it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange_online.admin_api import TraceEvent as Event
from exchange_online.connectors import Direction
from exchange_online_emulator import Control, TracedMessage, TraceEvent
from exchange_online_emulator.faults import ConnectionReset
from regulated_partners.verify.service import connectors_used, forced_tls_hosts
from tests.regulated_partners.conftest import Command

PARTNER: dict[str, Any] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "outbound": {"validationRecipients": ["postmaster@fabrikam.com"]},
}
INBOUND: dict[str, Any] = {
    "Name": "Fabrikam Bank - inbound",
    "ConnectorType": "Partner",
    "SenderDomains": ["fabrikam.com"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": True,
    "TlsSenderCertificateName": "mail.fabrikam.com",
}
OUTBOUND: dict[str, Any] = {
    "Name": "Fabrikam Bank - outbound",
    "ConnectorType": "Partner",
    "RecipientDomains": ["fabrikam.com"],
    "TlsSettings": "DomainValidation",
    "TlsDomain": "mail.fabrikam.com",
    "ValidationRecipients": ["postmaster@fabrikam.com"],
}


@pytest.fixture
def service(command: Command, control: Control) -> Command:
    """The command, for a stack whose partner is in the tenant as declared."""
    command.project.configure(partners=[PARTNER])
    control.seed(inbound=[INBOUND], outbound=[OUTBOUND])
    control.clear_calls()
    return command


def _checks(document: Any) -> list[tuple[str, str]]:
    return [(each["check"], each["level"]) for one in document["judgements"] for each in one["findings"]]


def test_it_reads_only(service: Command, control: Control) -> None:
    """Failing: looking at a connector changes it, or sends mail to the partner."""
    document = service("verify", "service", "fabrikam bank", "--json").succeeded().document
    assert document["verdict"] == "passed"
    assert [each["direction"] for each in document["judgements"]] == ["inbound", "outbound", None]
    looked = {"Get-InboundConnector": 1, "Get-OutboundConnector": 2, "Get-TransportRule": 1}
    assert Counter(call.cmdlet for call in control.calls()) == looked


def test_a_connector_that_differs_or_is_missing(service: Command, control: Control) -> None:
    """Failing: a connector that somebody weakened in the portal passes."""
    control.invoke("Set-OutboundConnector", {"Identity": OUTBOUND["Name"], "TlsSettings": "EncryptionOnly"})
    control.invoke("Remove-InboundConnector", {"Identity": INBOUND["Name"], "Confirm": False})
    ended = service("verify", "service", "Fabrikam Bank", "--json")
    assert ended.exit_code == 1
    assert _checks(ended.document) == [("connector", "error"), ("connector", "error")]
    texts = [each["findings"][0]["text"] for each in ended.document["judgements"][:2]]
    assert "no inbound connector named" in texts[0]
    assert "tlsSettings: EncryptionOnly => DomainValidation" in texts[1]


def test_validation_sends_one_message_and_can_be_recorded(service: Command, control: Control) -> None:
    """Failing: the partner gets two messages, or the result is not in the connector."""
    ended = service("verify", "service", "Fabrikam Bank", "--send-validation-message", "--record", "--json").succeeded()
    (call,) = control.calls("Validate-OutboundConnector")
    assert call.parameters["Recipients"] == ["postmaster@fabrikam.com"]
    assert ended.document["judgements"][2]["verdict"] == "passed"
    (row,) = control.connectors("outbound")
    assert row["IsValidated"] is True
    stamp = datetime.fromisoformat(row["LastValidationTimestamp"][:26]).replace(tzinfo=UTC)
    assert abs(stamp - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_failed_validation_is_recorded_as_failed(service: Command, control: Control) -> None:
    """Failing: a connector that does not work is marked as validated."""
    control.seed(outbound=[{**OUTBOUND, "Name": "unused", "IsValidated": True}])
    control.switch(validation_succeeds=False)
    arguments = ("--send-validation-message", "--record", "--recipient", "it@fabrikam.com", "--json")
    ended = service("verify", "service", "Fabrikam Bank", *arguments)
    assert ended.exit_code == 1
    assert ("validation", "error") in _checks(ended.document)
    assert control.calls("Validate-OutboundConnector")[0].parameters["Recipients"] == ["it@fabrikam.com"]
    assert (
        next(each for each in control.connectors("outbound") if each["Name"] == OUTBOUND["Name"])["IsValidated"]
        is False
    )


def test_a_lost_answer_is_not_sent_again(service: Command, control: Control) -> None:
    """Failing: a partner gets a validation message for each retry."""
    control.fault(ConnectionReset(after_write=True), "Validate-OutboundConnector", count=None)
    ended = service("verify", "service", "Fabrikam Bank", "--send-validation-message")
    ended.could_not_run("nobody knows whether its message was sent")
    assert len(control.calls("Validate-OutboundConnector")) == 1


def test_wrong_usage_sends_nothing(service: Command, control: Control) -> None:
    """Failing: a mistake on the command line writes to the tenant or sends mail."""
    service("verify", "service", "Fabrikam Bank", "--record").could_not_run("--send-validation-message")
    service("verify", "service", "Fabrikam Bnak").could_not_run("Did you mean 'Fabrikam Bank'?")
    service("verify", "service", "Fabrikam Bank", "--since", "300").could_not_run("--since")
    service.project.configure(partners=[{**PARTNER, "outbound": {}}])
    service("verify", "service", "Fabrikam Bank", "--send-validation-message").could_not_run("validationRecipients")
    assert control.calls() == []


def _inbound(data: str, **more: Any) -> TracedMessage:
    events = [TraceEvent(data=data), TraceEvent(event="DELIVER")]
    return TracedMessage(sender="a@fabrikam.com", recipient="b@contoso.com", events=events, **more)


def test_which_connectors_messages_used(service: Command, control: Control) -> None:
    """Failing: mail that went past the partner's connectors is not noticed."""
    sent = TracedMessage(
        sender="b@contoso.com",
        recipient="a@fabrikam.com",
        message_id="<out@contoso.com>",
        events=[
            TraceEvent(
                event="SEND",
                data='<root><MEP Name="CustomData" Blob="'
                "S:Microsoft.Exchange.Hygiene.TenantOutboundConnectorCustomData=Name=Fabrikam Bank - outbound;"
                "ConnectorType=Partner;UseMxRecord=True;"
                'ConnectorRedirect:smtp:ForcedTlsDomainValidation(mail.fabrikam.com)" /></root>',
            )
        ],
    )
    messages = [
        _inbound(
            "S:InboundConnectorData=Name=Fabrikam Bank - inbound;ConnectorType=Partner", message_id="<1@fabrikam.com>"
        ),
        _inbound("S:InboundConnectorData=Name=Old gateway;ConnectorType=OnPremises", message_id="<2@fabrikam.com>"),
        _inbound("S:Other=x", message_id="<3@fabrikam.com>"),
        TracedMessage(sender="a@other.example", recipient="b@contoso.com", message_id="<4@other.example>"),
        sent,
    ]
    control.seed(messages=messages)
    ended = service("verify", "service", "Fabrikam Bank", "--trace", "--json")
    assert ended.exit_code == 1
    verdicts = {
        each["subject"]: each["verdict"] for each in ended.document["judgements"] if "message" in each["subject"]
    }
    assert verdicts == {
        "message <1@fabrikam.com>": "passed",
        "message <2@fabrikam.com>": "failed",
        "message <3@fabrikam.com>": "unknown",
        "message <out@contoso.com>": "passed",
    }
    assert "certificate compared for" in ended.stdout
    one = service("verify", "service", "Fabrikam Bank", "--message-id", "<1@fabrikam.com>", "--json").succeeded()
    assert [each["subject"] for each in one.document["judgements"][2:-1]] == ["message <1@fabrikam.com>"]


def test_no_message_proves_nothing(service: Command) -> None:
    """Failing: an empty trace is green."""
    ended = service("verify", "service", "Fabrikam Bank", "--trace")
    assert ended.exit_code == 1
    assert "holds no inbound message of fabrikam.com" in " ".join(ended.stdout.split())
    missing = service("verify", "service", "Fabrikam Bank", "--message-id", "<none@fabrikam.com>")
    assert missing.exit_code == 1
    assert "holds no message <none@fabrikam.com>" in " ".join(missing.stdout.split())


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("S:InboundConnectorData=Name=Fabrikam;ConnectorType=Partner", ("Fabrikam",)),
        ("S:InboundConnectorData=Name=Fabrikam", ("Fabrikam",)),
        ('<MEP Blob="S:InboundConnectorData=Name=A &amp; B;x"/>', ("A & B",)),
        ("s:inboundconnectordata=name=a;S:InboundConnectorData=Name=b", ("a", "b")),
        ("S:InboundConnectorData=Name=;x", ()),
        ("", ()),
        ("&amp;" * 1_000_000, ()),
    ],
)
def test_the_text_of_the_trace(data: str, expected: tuple[str, ...]) -> None:
    """Failing: the name of a connector is cut, missed, or its text takes forever."""
    assert connectors_used([Event("", "RECEIVE", "", "", data)], Direction.INBOUND) == expected


def test_hosts_whose_certificate_was_compared() -> None:
    """Failing: the one place where the trace proves the comparison of names is not read."""
    data = "x;ConnectorRedirect:smtp:ForcedTlsDomainValidation(mail.fabrikam.com);y" + "(" * 100_000
    assert forced_tls_hosts([Event("", "", "", "", data)]) == ("mail.fabrikam.com",)
    assert connectors_used([Event("", "", "", "", "S:InboundConnectorData=Name=" * 200_000)], Direction.INBOUND)
