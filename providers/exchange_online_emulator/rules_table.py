"""The rules and the open questions as tables, for docs/emulator-rules.md and for the terminal; what is emulated."""

from __future__ import annotations

from collections.abc import Iterable

from exchange_online_emulator import application
from exchange_online_emulator.cmdlets.parameters import cmdlet_specs, documented_cmdlets
from exchange_online_emulator.errors import KNOWN_REFUSALS
from exchange_online_emulator.models import Switches
from exchange_online_emulator.rules import Rule, all_rules

#: The open questions (exchange-wire section 9), each with the emulator's choice, which is assumed.
UNKNOWNS = {
    "status and JSON of a duplicate name": (
        "400, `|...ADObjectAlreadyExistsException|... already exists` (so of a role group)"
    ),
    "Set, Remove and Get of a missing object: 404 or 400": "404 with body C",
    "clearing a value: null, [], empty string or empty hashtable": (
        "all four do; by the switch `list_clearing` [] alone, or none of them and only Remove"
    ),
    "hosts and scope in China; the token's audience in DoD": "the commercial audience only",
    "the real 429 body; whether rate headers are always there; the concurrency limit": (
        "no limit unless the switch `max_concurrent` gives one; a fault gives any answer; the switch "
        "`rate_limit_headers` adds the headers"
    ),
    "how many members a `$batch` may have; whether it runs them together; its answer to a broken one": (
        "10; one after the other; 400 for the whole where a member is no InvokeCommand of the tenant"
    ),
    "status of 'parameters aren't present in the role definition'": "400, through a fault",
    "rows of Validate-OutboundConnector beyond TaskName and IsTaskSuccessful; run time; app-only": (
        "those two keys, at once, app-only allowed"
    ),
    "the smallest role for app-only writes": "Exchange Administrator or Global Administrator",
    "`Exchange.ManageAsAppV2` on beta (sources say no)": "403, as without a directory role",
    "replay of a next link with anchor and cookies": "works; tied to body and anchor; a fault breaks it",
    "a token from a federated credential": "the same app-only token",
    "what an application gets at common or organizations: a refusal, or a token of a tenant that Entra guesses": (
        "AADSTS50059"
    ),
    "`WhatIf: true` on connectors over REST": "no change, and a confirmation message",
    "Set with values equal to the current ones": "200 and the warning that nothing was modified",
    "writes without any X-AnchorMailbox, or with one whose form nobody has seen refused": (
        "accepted; refused as a wrong anchor under `strict`"
    ),
    "which of the two observed answers a wrong anchor gets": "400 InsufficientPermissionsException",
    "ConnectorType when New omits it": "Partner",
    "the order of list values": "as sent; sorted under `stored_form_variants`",
    "a ResultSize: does it cut, or does the module apply it": "it cuts; by the switch `result_size` it is ignored",
    "SenderRewritingEnabled false on a Partner connector": "refused; by the switch `sender_rewriting` accepted",
    "PowerShell's common parameters beside ErrorAction in Parameters": "accepted; refused as unknown under `strict`",
    "which header, if any, decides the form of error details": "X-ClientModuleVersion; switch `error_details`",
    "`Parameters: null`": "400",
    "removing or un-scoping a connector that a transport rule uses": "400; switch `connector_in_use`",
}


_APPLIES = {"always": "always", "strict": "only under `strict`", "switch": "by its switch", "fault": "through a fault"}


def registered_rules() -> tuple[Rule, ...]:
    """Every rule; importing the application has registered them."""
    return tuple(all_rules()) if application else ()


def markdown() -> str:
    """The rules, the switches and the open questions as a Markdown document."""
    lines = ["# What the emulator does, and how sure that is", ""]
    lines += [
        "Made by `exchange-online-emulator rules --markdown`. What is only assumed can be tried on a tenant for tests:"
    ]
    lines += ["[from assumed to observed](conformance.md).", "", "## Rules", ""]
    lines += ["| Rule | What the emulator does | Applies | Tag | Source | Relied on by |", "|---|---|---|---|---|---|"]
    for item in registered_rules():
        cells = (item.id, item.summary, _APPLIES[item.applies], item.tag, item.source, ", ".join(item.clients))
        lines.append(_line(*cells))
    lines += ["", "## Switches", "", "| Switch | Default | Meaning |", "|---|---|---|"]
    for name, info in Switches.model_fields.items():
        default = getattr(Switches(), name)
        lines.append(_line(f"`{name}`", f"`{default!r}`", info.description or ""))
    lines += ["", "## Refusals of real tenants", "", "What the fault `known_refusal` answers, by its `of`.", ""]
    lines += ["| `of` | Status | Answer | Source |", "|---|---|---|---|"]
    for name, known in KNOWN_REFUSALS.items():
        answer = f"{known.exception_type}: {known.text}" if known.exception_type else known.text
        lines.append(_line(f"`{name}`", str(known.status), answer, known.source))
    lines += ["", "## What nobody knows", "", "Every choice here is assumed.", ""]
    lines += ["| Question | The emulator's choice |", "|---|---|"]
    lines += [_line(*entry) for entry in UNKNOWNS.items()]
    return "\n".join(lines)


def cmdlets() -> str:
    """What is emulated and what is not, as a Markdown table by nouns, for docs/emulator.md."""
    emulated, missing = _verbs(spec.name for spec in cmdlet_specs().values()), _verbs(documented_cmdlets())
    lines = ["| cmdlets of | emulated | in Exchange Online, but answered with 501 here |", "|---|---|---|"]
    for noun, verbs in emulated.items():
        others = [verb for verb in missing.pop(noun, []) if verb not in verbs]
        lines.append(_line(noun, ", ".join(verbs), ", ".join(others)))
    rest = sum(len(verbs) for verbs in missing.values())
    lines.append(_line(f"{len(missing)} other nouns", "", f"all {rest}"))
    return "\n".join(lines)


def _verbs(names: Iterable[str]) -> dict[str, list[str]]:
    verbs: dict[str, list[str]] = {}
    for name in names:
        verb, _, noun = name.partition("-")
        verbs.setdefault(noun, []).append(verb)
    return verbs


def plain() -> str:
    """One rule a line."""
    return "\n".join(f"{item.id:<24}{item.tag:<18}{item.applies:<8}{item.summary}" for item in registered_rules())


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
