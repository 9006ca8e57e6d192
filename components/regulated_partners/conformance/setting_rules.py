"""Rules about settings whose answers are more than yes or no: other spellings, values that a switch decides on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exchange_online.admin_api import JsonValue, Unsupported
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import was_refused
from regulated_partners.conformance.experiment import Experiment, Reading, by_switch, held_if, otherwise
from regulated_partners.conformance.refusals import Judgement, Write
from regulated_partners.conformance.workbench import ABSENT, Workbench

_IN, _OUT = Direction.INBOUND, Direction.OUTBOUND


def _long_name(direction: Direction) -> Callable[[Workbench], Reading]:
    def read(bench: Workbench) -> Reading:
        name = bench.name().ljust(65, "x")
        return Judgement((Write(direction, lambda _: {"Name": name}),), refuses=True, strict=direction is _IN)(bench)

    return read


def _set_in_one_command(bench: Workbench) -> Reading:
    hosts: Mapping[str, JsonValue] = {"UseMXRecord": False, "SmartHosts": [f"mail.{bench.mark.domain}"]}
    guid = str(bench.made(_OUT, hosts)["Guid"])
    refused = was_refused(bench.set(_OUT, guid, {"UseMXRecord": False, "Comment": "without SmartHosts"}))
    if refused:
        bench.changed(_OUT, guid, {**hosts, "Comment": "with SmartHosts"})
    return by_switch("refused" if refused else "accepted", "strict", refused, refused)


def _sender_rewriting(bench: Workbench) -> Reading:
    refused = {value: was_refused(bench.new(_OUT, {"SenderRewritingEnabled": value})) for value in (False, True)}
    if not refused[True]:
        return otherwise("true is accepted on a Partner connector")
    value = "refuse" if refused[False] else "accept_false"
    said = f"true is refused, false is {'refused' if refused[False] else 'accepted'}"
    return by_switch(said, "sender_rewriting", value, acted=refused[False])


def _enumerations(bench: Workbench) -> Reading:
    wrong = bench.new(_OUT, {"TlsSettings": "Nonsense"})
    short = bench.new(_OUT, {"TlsSettings": "certificatev"})
    row = short.rows[0] if short.rows else {}
    is_taken = row.get("TlsSettings") == "CertificateValidation"
    is_named = wrong.status == 400 and "enumerator name" in wrong.text
    taken = "taken" if is_taken else "not taken"
    said = f"a beginning in another case is {taken}; another value answers HTTP {wrong.status} {wrong.exception_type}"
    return held_if(is_taken and is_named, said, said)


def _unknown_parameter(bench: Workbench) -> Reading:
    answer = bench.new(_OUT, {"BogusParameter": 1})
    error = answer.error
    names_it = isinstance(error, Unsupported) and "BogusParameter" in error.failure.parameters
    said = f"HTTP {answer.status} {answer.exception_type}"
    return held_if(answer.status == 400 and names_it, f"{said}, naming it", said)


def _booleans(bench: Workbench) -> Reading:
    answer = bench.new(_OUT, {"Enabled": 0, "UseMXRecord": 1})
    row = answer.rows[0] if answer.rows else {}
    right = row.get("Enabled") is False and row.get("UseMXRecord") is True
    text = was_refused(bench.new(_OUT, {"UseMXRecord": "true"}))
    said = f"0 and 1 are {'taken' if right else 'not taken'}, a text is {'refused' if text else 'taken'}"
    return held_if(right and text, said, said)


def _switch_texts(bench: Workbench) -> Reading:
    answer = bench.new(_OUT, {"WhatIf": "True"})
    if answer.accepted and answer.rows:
        return otherwise("the text is taken, and has no effect")
    refused = was_refused(answer)
    return by_switch("refused" if refused else "accepted", "strict", refused, not refused)


def _names_in_any_case(bench: Workbench) -> Reading:
    settings: dict[str, object] = {"name": bench.name(), "Name": ABSENT, "COMMENT": "in capitals"}
    made = bench.new(_OUT, settings)
    row = made.rows[0] if made.rows else {}
    right = row.get("Comment") == "in capitals"
    twice = was_refused(bench.new(_OUT, {"comment": "a", "Comment": "b"}))
    said = f"another case is {'taken' if right else 'not taken'}, two spellings are "
    said += "refused" if twice else "taken"
    return held_if(right and twice, said, said)


def _older_cloud(bench: Workbench) -> Reading:
    newest = ("MtaStsMode", "SmtpDaneMode")
    row = bench.row(_OUT, bench.standing(_OUT))
    absent = tuple(name for name in newest if name not in row)
    answer = bench.new(_OUT, dict.fromkeys(newest, "Opportunistic"))
    unknown = set(answer.error.failure.parameters) if isinstance(answer.error, Unsupported) else set()
    if unknown != set(absent):
        return otherwise(f"absent from rows: {absent or 'none'}; refused as unknown: {sorted(unknown) or 'none'}")
    said = f"{' and '.join(absent)}: refused as unknown, and absent from rows" if absent else "both are known"
    return by_switch(said, "unsupported_parameters", absent, True if absent else None)


SETTING_RULES: tuple[Experiment, ...] = (
    Experiment(
        "V3",
        "New-OutboundConnector with a name of 65 characters",
        "refused (HTTP 4xx), and nothing is made",
        _long_name(_OUT),
        needs=(_OUT,),
    ),
    Experiment(
        "V3-inbound",
        "New-InboundConnector with a name of 65 characters",
        "accepted (HTTP 200)",
        _long_name(_IN),
        ("strict",),
        (_IN,),
    ),
    Experiment(
        "V16",
        "SenderRewritingEnabled false, and true, on Partner connectors",
        "both are refused",
        _sender_rewriting,
        ("sender_rewriting",),
        (_OUT,),
    ),
    Experiment(
        "V18-same-command",
        "Set UseMXRecord false without SmartHosts, of a connector that has them",
        "accepted (HTTP 200)",
        _set_in_one_command,
        ("strict",),
        (_OUT,),
    ),
    Experiment(
        "V25",
        "TlsSettings: a value that is none, and the beginning of one in another case",
        "the first answers HTTP 400 with the names that there are, the second is taken",
        _enumerations,
        needs=(_OUT,),
    ),
    Experiment(
        "V26",
        "a parameter that there is not",
        "HTTP 400 that names it",
        _unknown_parameter,
        needs=(_OUT,),
    ),
    Experiment(
        "boolean-numbers",
        "0, 1 and the text `true` for Booleans",
        "0 and 1 are taken, the text is refused",
        _booleans,
        needs=(_OUT,),
    ),
    Experiment(
        "switch-texts",
        "the text `True` for the switch WhatIf of a New-",
        "accepted (HTTP 200), and nothing is made",
        _switch_texts,
        ("strict",),
        (_OUT,),
    ),
    Experiment(
        "parameter-names",
        "names of parameters in another case, and one name in two spellings",
        "another case is taken, two spellings are refused",
        _names_in_any_case,
        needs=(_OUT,),
    ),
    Experiment(
        "older-cloud",
        "the newest parameters, MtaStsMode and SmtpDaneMode",
        "both are taken, and rows have them",
        _older_cloud,
        ("unsupported_parameters",),
        (_OUT,),
    ),
)
