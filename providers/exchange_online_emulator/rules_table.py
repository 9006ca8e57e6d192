"""The table of rules, for docs/emulator.md and for the terminal."""

from __future__ import annotations

from exchange_online_emulator import urls
from exchange_online_emulator.rules import Rule, all_rules
from exchange_online_emulator.switches import Switches
from exchange_online_emulator.unknowns import UNKNOWNS

_APPLIES = {"always": "always", "strict": "only under `strict`", "switch": "by its switch"}


def registered_rules() -> tuple[Rule, ...]:
    """Every rule; importing the application has registered them."""
    return tuple(all_rules()) if urls else ()


def markdown() -> str:
    """The rules, the switches and the open questions as a Markdown document."""
    lines = ["# What the emulator does, and how sure that is", ""]
    lines += ["Made by `python -m exchange_online_emulator rules --markdown`.", "", "## Rules", ""]
    lines += ["| Rule | What the emulator does | Applies | Tag | Source |", "|---|---|---|---|---|"]
    for item in registered_rules():
        cells = (item.id, item.summary, _APPLIES[item.applies], item.tag, item.source)
        lines.append(_line(*cells))
    lines += ["", "## Switches", "", "| Switch | Default | Meaning |", "|---|---|---|"]
    for name, info in Switches.model_fields.items():
        default = getattr(Switches(), name)
        lines.append(_line(f"`{name}`", f"`{default!r}`", info.description or ""))
    lines += ["", "## What nobody knows", "", "Every choice here is assumed.", ""]
    lines += ["| Question | The emulator's choice |", "|---|---|"]
    lines += [_line(item.question, item.default) for item in UNKNOWNS]
    return "\n".join(lines)


def plain() -> str:
    """One rule a line."""
    return "\n".join(f"{item.id:<24}{item.tag:<18}{item.applies:<8}{item.summary}" for item in registered_rules())


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
