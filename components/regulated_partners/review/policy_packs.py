"""What policy packs say about a stack.

`pulumi preview --json` says only that a mandatory policy is violated, not which (measured, 3.259); the engine's log of
events does. `--event-log` is one of the CLI's commands for debugging.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

#: What makes the CLI take `--event-log`.
VARIABLES = {"PULUMI_DEBUG_COMMANDS": "true"}

_FAILED = "preview failed"


def policy_arguments(packs: Sequence[Path], log: Path) -> list[str]:
    """The arguments of `pulumi preview` that have packs judge it; `log` is where `violations` reads."""
    given = [argument for pack in packs for argument in ("--policy-pack", str(pack.resolve()))]
    return [*given, "--event-log", str(log)] if packs else []


def violations(log: Path) -> tuple[str, ...]:
    """A sentence for each violation of a mandatory policy; the file goes away."""
    if not log.exists():
        return ()
    found = tuple(dict.fromkeys(_sentences(log.read_text(encoding="utf-8"))))
    log.unlink()
    return found


def without_their_failure(document: dict[str, Any]) -> dict[str, Any]:
    """A preview that failed only because of violations still says what it would do."""
    diagnostics = [each for each in document.get("diagnostics") or () if _FAILED not in str(each.get("message"))]
    return {**document, "diagnostics": diagnostics}


def _sentences(events: str) -> Iterator[str]:
    for line in events.splitlines():
        event = json.loads(line).get("policyEvent") if line.strip() else None
        if event and event.get("enforcementLevel") == "mandatory":
            # The first line of the message is the policy's description.
            description, _, text = str(event["message"]).strip().partition("\n")
            yield f"Policy {event['policyName']}: {' '.join((text or description).split())}"
