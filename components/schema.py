"""The JSON Schema of a stack file, for editors and for pull requests: `python -m components.schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from components.declaration import Partner
from providers.exchange_online.admin_api.clouds import CLOUDS, LOCAL

FILE = Path(__file__).parent.parent / "stacks" / "stack.schema.json"

_PREFIX = "regulated-partners:"


def schema() -> dict[str, Any]:
    """A stack file's schema, draft 2020-12."""
    partner = Partner.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = partner.pop("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of regulated-partners",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {
                    f"{_PREFIX}cloud": {
                        "description": "The cloud the tenant is in; local is the emulator on this machine.",
                        "enum": [LOCAL, *CLOUDS],
                    },
                    f"{_PREFIX}tenant": {"type": "string", "description": "The tenant's GUID."},
                    f"{_PREFIX}clientId": {"type": "string", "description": "The application's (client) id."},
                    f"{_PREFIX}protect": {
                        "type": "boolean",
                        "description": "Whether Pulumi refuses to delete connectors; by default unless local.",
                    },
                    f"{_PREFIX}partners": {
                        "description": "The partners, one after '- name: ...' each.",
                        "type": "array",
                        "items": {"$ref": "#/$defs/Partner"},
                    },
                },
            }
        },
        "$defs": {**definitions, "Partner": partner},
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the file; with `--check` says whether it is current."""
    if arguments == ["--check"]:
        if FILE.read_text(encoding="utf-8") == text():
            return 0
        sys.stderr.write(f"{FILE.name} is not what the models say: run python -m components.schema\n")
        return 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
