"""`verify service`: what the tenant itself says about a partner's connectors."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_online.admin_api import (
    AdminApi,
    OutcomeUnknown,
    TracedMessage,
    TraceEvent,
    ValidationTask,
    record_validation,
    trace_events,
    traced_messages,
    validate_outbound_connector,
)
from exchange_online.connectors import ConnectorRecord, Direction, Weight, changes
from exchange_online.lifecycle import Snapshot
from regulated_partners.errors import CannotRunError
from regulated_partners.other_ways import Look, look_with
from regulated_partners.partners import Pair
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Party, Verdict, verdict_of
from regulated_partners.progress import Progress

#: Messages of a direction whose details are asked for: the service takes 100 requests in 5 minutes.
_MOST_DETAILS = 10
#: Characters of Data that are looked at.
_LONGEST_DATA = 200_000
_VALUE = r"""(?P<name>[^;"<>|\r\n]{1,256})"""
_INBOUND = re.compile(rf"S:InboundConnectorData=Name={_VALUE}", re.IGNORECASE)
_OUTBOUND = re.compile(rf"TenantOutboundConnectorCustomData=Name={_VALUE}", re.IGNORECASE)
_FORCED = re.compile(r"ForcedTlsDomainValidation\((?P<host>[^)\s]{1,255})\)", re.IGNORECASE)
_VIA = re.compile(r"""[Uu]sing(?: the)? connector[: ]+['"]?(?P<name>[^'";.\r\n]{1,256})""")


@dataclass(frozen=True)
class ServiceCheck:
    """What is asked of the tenant.

    Attributes:
        now: UTC.
        recipients: whom Validate-OutboundConnector writes to; empty: it is not run, because it sends mail.
        record: whether its result is written into the connector.
        trace: how far back messages are looked for; None: not at all.
        message_id: the one message to look for.
    """

    now: datetime
    recipients: tuple[str, ...] = ()
    record: bool = False
    trace: timedelta | None = None
    message_id: str | None = None


def judge_service(
    api: AdminApi, stack: StackFile, partner: Pair, check: ServiceCheck, progress: Progress
) -> tuple[Judgement, ...]:
    """Asks the tenant. Reads only, unless `check` says otherwise.

    Args:
        stack: that declares the partner.

    Raises:
        AdminApiError: where the service does not answer.
        CannotRunError: where nobody knows whether the validation message was sent.
    """
    progress.step(f"Reading the connectors of {partner.name}")
    looked = look_with(api, stack)
    if looked.snapshot is None:
        raise CannotRunError(looked.problem)
    found = {direction: _named(looked.snapshot, partner, direction) for direction in Direction}
    judged = [_connector(partner, direction, found[direction]) for direction in Direction]
    outbound = found[Direction.OUTBOUND]
    if check.recipients and outbound is not None:
        progress.step(f"Validating '{outbound.name}', which sends a message to {', '.join(check.recipients)}")
        judged.append(_validation(api, partner, outbound, check))
    if check.trace is not None:
        judged += _trace(api, partner, check, check.trace, progress)
    return (*judged, _other_ways(partner, looked))


def _trace(
    api: AdminApi, partner: Pair, check: ServiceCheck, back: timedelta, progress: Progress
) -> Sequence[Judgement]:
    judged: list[Judgement] = []
    for direction in Direction:
        progress.step(f"Looking for {direction.word} messages of {partner.name} in the message trace")
        messages = _messages(api, partner, direction, check, back)
        if messages:
            judged += [_message(api, partner, direction, message) for message in messages[:_MOST_DETAILS]]
        elif check.message_id is None:
            judged.append(_untraced(partner, check, direction, back))
    return judged or [_untraced(partner, check, None, back)]


def _named(tenant: Snapshot, partner: Pair, direction: Direction) -> ConnectorRecord | None:
    name = partner.half(direction).settings.name.casefold()
    return next((record for record in tenant.of(direction) if record.name.casefold() == name), None)


def _other_ways(partner: Pair, looked: Look) -> Judgement:
    """What else in the tenant can take or refuse the partner's mail."""
    levels = {Weight.REFUSES: Level.ERROR, Weight.TAKES: Level.ERROR, Weight.NOTE: Level.INFO}
    findings = [
        Finding(Check.OTHER_WAY, levels[found.way.weight], f"{found.way.direction.word}: {found.way.text}", Party.WE)
        for found in looked.of(partner.name)
    ]
    if looked.problem:
        findings.append(Finding(Check.OTHER_WAY, Level.WARNING, f"{looked.problem}.", Party.WE))
    verdict = verdict_of(findings)
    return Judgement("service", "other ways of the mail", verdict, "", partner.name, findings=tuple(findings))


def _connector(partner: Pair, direction: Direction, found: ConnectorRecord | None) -> Judgement:
    declared = partner.half(direction).settings
    findings = list(_drift(partner, direction, found))
    facts = []
    if found is not None:
        facts = [Fact("enabled", str(found.settings.enabled).lower()), Fact("changed", found.when_changed_utc or "?")]
        if direction is Direction.OUTBOUND:
            facts.append(Fact("IsValidated", "not stated" if found.is_validated is None else str(found.is_validated)))
            facts.append(Fact("LastValidationTimestamp", found.last_validation_timestamp or "never"))
    about = ("service", f"connector '{declared.name}'", verdict_of(findings), partner.name, declared)
    return Judgement.by_connector(*about, facts=facts, findings=findings)


def _drift(partner: Pair, direction: Direction, found: ConnectorRecord | None) -> Iterable[Finding]:
    declared = partner.half(direction).settings
    if found is None:
        text = f"The tenant has no {direction.word} connector named '{declared.name}'; `pulumi up` creates it."
        yield Finding(Check.CONNECTOR, Level.ERROR, text, Party.WE)
        return
    different = changes(found.settings, declared)
    if different:
        shown = "; ".join(str(change) for change in different)
        text = (
            f"The connector in the tenant is not as declared (tenant => declaration): {shown}. See `pulumi preview "
            "--refresh`, then decide which of the two is right."
        )
        yield Finding(Check.CONNECTOR, Level.ERROR, text, Party.WE)
    elif not declared.in_use:
        text = "The connector is in test mode, as declared, so no mail of people takes it."
        if not declared.enabled:
            text = "The connector is switched off, as declared, so none of its demands is made."
        yield Finding(Check.CONNECTOR, Level.WARNING, text, Party.WE)


def _validation(api: AdminApi, partner: Pair, connector: ConnectorRecord, check: ServiceCheck) -> Judgement:
    try:
        tasks = validate_outbound_connector(api, connector, check.recipients)
    except OutcomeUnknown:
        raise CannotRunError(
            f"No answer came to Validate-OutboundConnector '{connector.name}', so nobody knows whether its message was "
            f"sent. Look for mail from O365ConnectorValidation to {', '.join(check.recipients)} in the message trace "
            "before running it again."
        ) from None
    findings = list(_task_findings(tasks))
    passed = verdict_of(findings) is Verdict.PASSED
    if check.record:
        record_validation(api, connector, check.now, validated=passed)
    return Judgement.by_connector(
        "service",
        f"Validate-OutboundConnector '{connector.name}'",
        verdict_of(findings),
        partner.name,
        partner.outbound.settings,
        facts=(
            Fact("recipients", ", ".join(check.recipients)),
            *(Fact(task.name, _succeeded(task)) for task in tasks),
            Fact("recorded", f"IsValidated {str(passed).lower()}" if check.record else "no"),
        ),
        findings=findings,
    )


def _succeeded(task: ValidationTask) -> str:
    word = {True: "succeeded", False: "failed", None: "not stated"}[task.succeeded]
    return f"{word}; {task.detail}" if task.detail else word


def _task_findings(tasks: Sequence[ValidationTask]) -> Iterable[Finding]:
    if not tasks:
        text = "The service reported no test at all, so nothing is validated."
        yield Finding(Check.VALIDATION, Level.ERROR, text, Party.WE)
    for task in tasks:
        if task.succeeded is not True:
            said = f" The service says: {task.detail}." if task.detail else ""
            text = (
                f"'{task.name}' {'failed' if task.succeeded is False else 'has no result'}.{said} `verify partner` "
                "shows what the partner's servers offer."
            )
            yield Finding(Check.VALIDATION, Level.ERROR, text, Party.EITHER, source="Validate-OutboundConnector")


def _messages(
    api: AdminApi, partner: Pair, direction: Direction, check: ServiceCheck, back: timedelta
) -> tuple[TracedMessage, ...]:
    addresses = [f"*@{domain}" for domain in partner.domains]
    inbound = direction is Direction.INBOUND
    # `now` is cut to the second, and the newest message may be younger than that.
    end = check.now + timedelta(seconds=1)
    return traced_messages(
        api,
        start=end - back,
        end=end,
        senders=addresses if inbound else (),
        recipients=() if inbound else addresses,
        message_id=check.message_id,
    )


def _untraced(partner: Pair, check: ServiceCheck, direction: Direction | None, back: timedelta) -> Judgement:
    """That the trace holds no message: of a direction, or with None the one that was asked for."""
    if direction is None:
        subject, what, level = f"message {check.message_id}", f"message {check.message_id} from or to", Level.WARNING
        advice = "Check the Message-ID with its angle brackets"
    else:
        subject, what, level = f"message trace, {direction.word}", f"{direction.word} message of", Level.INFO
        advice = "Exchange a test message (it shows after some minutes)"
    text = (
        f"The message trace of the last {back // timedelta(hours=1)} hours holds no {what} "
        f"{', '.join(partner.domains)}. {advice}, or look further back with --since."
    )
    finding = Finding(Check.TRACE, level, text, source="Get-MessageTraceV2")
    return Judgement("service", subject, Verdict.UNKNOWN, "", partner.name, direction, findings=(finding,))


def _message(api: AdminApi, partner: Pair, direction: Direction, message: TracedMessage) -> Judgement:
    events = trace_events(api, message)
    used = connectors_used(events, direction)
    expected = partner.half(direction).settings.name
    findings = list(_connector_used(used, expected, message))
    facts = [
        Fact("received", message.received),
        Fact("from", message.sender),
        Fact("to", message.recipient),
        Fact("status", message.status),
        Fact("connector", ", ".join(used) or "not stated"),
    ]
    facts += [Fact("certificate compared for", host) for host in forced_tls_hosts(events)]
    return Judgement.by_connector(
        "service",
        f"message {message.message_id or message.trace_id}",
        verdict_of(findings) if used else Verdict.UNKNOWN,
        partner.name,
        partner.half(direction).settings,
        facts=facts,
        findings=findings,
        transcript=tuple(f"{had.date} {had.event} {had.action} {had.detail} {had.data}"[:4000] for had in events),
    )


def _connector_used(used: Sequence[str], expected: str, message: TracedMessage) -> Iterable[Finding]:
    source = "Get-MessageTraceDetailV2, Data (observed:single; not documented)"
    if not used:
        text = (
            "The trace does not name a connector for this message. Either none was applied, or the service no longer "
            "writes it there: look at the message in the admin center's message trace."
        )
        yield Finding(Check.TRACE, Level.WARNING, text, Party.WE, source=source)
    elif expected.casefold() not in (name.casefold() for name in used):
        text = (
            f"The message used {', '.join(repr(name) for name in used)} and not '{expected}', so the demands on this "
            "partner were not applied to it. See which connector matches the domain better, and whether this one is "
            "enabled."
        )
        yield Finding(Check.TRACE, Level.ERROR, text, Party.WE, source=source)
    if message.status.casefold() == "failed":
        text = "The message was not delivered; its events in the evidence say why."
        yield Finding(Check.DELIVERY, Level.WARNING, text, Party.EITHER, source="Get-MessageTraceV2, Status")


def connectors_used(events: Iterable[TraceEvent], direction: Direction) -> tuple[str, ...]:
    """The names of the connectors that a message used, each once; none where nothing says so.

    They stand in the text of the property Data, whose form is not documented.
    Source: public vendor modules for Data (observed:single, connector-semantics 3.3).
    """
    pattern = _INBOUND if direction is Direction.INBOUND else _OUTBOUND
    names: list[str] = []
    for event in events:
        data = html.unescape(event.data[:_LONGEST_DATA])
        names += [found["name"].strip() for found in pattern.finditer(data)]
        if direction is Direction.OUTBOUND and event.action == "RouteMessageUsingConnector":
            names += [found["name"].strip() for found in _VIA.finditer(event.detail[:_LONGEST_DATA])]
    return tuple(dict.fromkeys(name for name in names if name))


def forced_tls_hosts(events: Iterable[TraceEvent]) -> tuple[str, ...]:
    """The hosts whose certificate was compared (`ForcedTlsDomainValidation`). Source: a trace of 2015."""
    found = [match["host"] for event in events for match in _FORCED.finditer(html.unescape(event.data[:_LONGEST_DATA]))]
    return tuple(dict.fromkeys(found))
