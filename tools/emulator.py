"""What of the emulator is generated: its tables, the page of its rules, the list of its cmdlets, how its page draws.

The tables of its cmdlets come from the reference in tests/data, so that a new parameter is entered there and nowhere
else; docs/emulator-rules.md comes from the rules in the emulator's code. Its page looks as the report does, of which it
may import nothing: it has copies of what draws.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import regulated_partners.evidence
from exchange_online_emulator import rules_table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "tests" / "data"
TABLES = ROOT / "providers" / "exchange_online_emulator" / "data" / "cmdlets.json"
DOCUMENT = ROOT / "docs" / "emulator-rules.md"
PAGE = ROOT / "docs" / "emulator.md"
_CMDLETS = re.compile(r"(?<=<!-- cmdlets: made by `make generate` -->\n).*(?=<!-- /cmdlets -->)", re.DOTALL)

_EVIDENCE = Path(regulated_partners.evidence.__file__).parent
_PAGE = ROOT / "providers" / "exchange_online_emulator" / "page"
#: What the page has of the report, and how each begins a comment and ends it.
_COPIES: Mapping[str, tuple[str, str]] = {
    "drawing.py": ("# ", ""),
    "templates/flow.svg.jinja": ("{#- ", " -#}"),
    "templates/flow.css": ("/* ", " */"),
    "templates/page.css": ("/* ", " */"),
}

_WHAT_IF = {"WhatIf": {"type": "SwitchParameter"}, "Confirm": {"type": "SwitchParameter"}}
_RULE: Mapping[str, Mapping[str, object]] = {"Identity": {"type": "RuleIdParameter", "required": True}, **_WHAT_IF}

#: What the emulator answers beyond the reference. Source: the cmdlets' pages.
_BEYOND: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "New-TransportRule": _WHAT_IF,
    "Enable-TransportRule": {**_RULE, "Mode": {"type": "RuleMode", "members": ["Audit", "AuditAndNotify", "Enforce"]}},
    "Disable-TransportRule": _RULE,
    "Get-TransportRule": {"Identity": {"type": "RuleIdParameter"}, "ResultSize": {"type": "Unlimited"}},
    "Get-OrganizationConfig": {},
    "Remove-TransportRule": _RULE,
}
#: Cmdlets of the reference that it does not answer.
_WITHOUT = {
    "Get-OutboundConnectorReport",
    "Get-BlockedConnector",
    "Remove-BlockedConnector",
    "Get-SmtpDaneInboundStatus",
}
#: Documented as texts, although only some are taken.
_TEXTS = {"SubjectFilterType"}


def tables() -> str:
    """The parameters of each cmdlet and the properties of each connector's row, as data/cmdlets.json holds them."""
    reference = json.loads((REFERENCE / "connector_parameters.json").read_text(encoding="utf-8"))
    shapes = json.loads((REFERENCE / "connector_get_shapes.json").read_text(encoding="utf-8"))
    cmdlets: dict[str, dict[str, Mapping[str, object]]] = {
        cmdlet: {name: _parameter(name, row) for name, row in rows.items()}
        for cmdlet, rows in reference.items()
        if cmdlet not in _WITHOUT
    }
    cmdlets["Set-TransportRule"] = _set_rule(reference["New-TransportRule"])
    for cmdlet, extra in _BEYOND.items():
        cmdlets[cmdlet] = {**cmdlets.get(cmdlet, {}), **extra}
    rows = {direction: list(shapes[direction]) for direction in ("inbound", "outbound")}
    lines = ['{\n "parameters": {']
    lines.append(",\n".join(f'  "{cmdlet}": {{\n{_lines(parameters)}\n  }}' for cmdlet, parameters in cmdlets.items()))
    lines += [" },", ' "rows": {', _lines(rows), " }\n}\n"]
    return "\n".join(lines)


def _set_rule(new: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, object]]:
    """The parameters of Set-TransportRule: those of New that are not for a new rule only, none of them required."""
    shared = {name: _parameter(name, {**row, "required": False}) for name, row in new.items() if row["on"] == "both"}
    return {**shared, **_RULE}


def _parameter(name: str, row: Mapping[str, Any]) -> dict[str, object]:
    values, kind = row["values"], row["type"].removeprefix("System.")
    members = [value for value in values if value] if isinstance(values, list) and kind != "Boolean" else []
    found = {
        "type": kind,
        "required": row["required"],
        "multi": row["multi"],
        "members": [] if name in _TEXTS else members,
        "nullable": bool(members) and None in values,
    }
    return {key: value for key, value in found.items() if value}


def _lines(rows: Mapping[str, object]) -> str:
    return ",\n".join(f"   {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())


def document() -> str:
    """docs/emulator-rules.md."""
    return f"{rules_table.markdown()}\n"


def with_cmdlets(page: str) -> str:
    """docs/emulator.md with the cmdlets of the code."""
    return _CMDLETS.sub(lambda _: f"{rules_table.cmdlets()}\n", page)


def copies() -> dict[Path, str]:
    """What the page draws with, and what each file has to hold."""
    found = {}
    for name, (begin, end) in _COPIES.items():
        original = _EVIDENCE / name
        head = f"{begin}Made by `make generate` from {original.relative_to(ROOT)}: do not edit.{end}"
        found[_PAGE / name] = f"{head}\n{original.read_text(encoding='utf-8')}"
    return found
