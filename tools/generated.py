"""Writes every file that is made from another one: `python -m tools.generated`, or `make generate`.

With `--check` nothing is written: it names what is out of date, and exits with 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.partners import schema
from regulated_partners.plugin import documentation as plugin_documentation
from regulated_partners.plugin import schema as plugin_schema
from regulated_partners.policies import documentation
from regulated_partners.probing.verdicts import Check, Party
from tests.bench.table import RECORDED, Report, markdown
from tools import connector_classes, emulator, facts, pictures, plugin_requirements, trouble

ROOT = Path(__file__).resolve().parents[1]
VERIFY = ROOT / "docs" / "verify.md"
NATIVE_API = ROOT / "docs" / "native-api.md"
PLUGIN_SCHEMA = ROOT / "providers" / "plugin" / "schema.json"
BEHAVIOUR = ROOT / "docs" / "behaviour.md"
_MEASURED = re.compile(r"(?<=<!-- measured: made by `make generate` -->\n).*(?=<!-- /measured -->)", re.DOTALL)
_CHECKS = re.compile(r"(?<=<!-- checks: made by `make generate` -->\n).*(?=<!-- /checks -->)", re.DOTALL)


def with_checks(document: str) -> str:
    """docs/verify.md with the checks of the code."""
    table = "| check | about | who acts | mail to the partner | mail from the partner |\n|---|---|---|---|---|\n"
    table += "".join(_row(check) for check in Check)
    return _CHECKS.sub(lambda _: table, document)


def with_measured(document: str) -> str:
    """docs/behaviour.md with what the benchmark has recorded."""
    table = markdown(Report.read(json.loads(RECORDED.read_text(encoding="utf-8"))))
    return _MEASURED.sub(lambda _: f"{table}\n", document)


def _row(check: Check) -> str:
    follows = check.consequence
    who = " or ".join(party.value for party in follows.who if party is not Party.EITHER) or "nobody"
    return f"| `{check}` | {check.meaning} | {who} | {follows.outbound or '-'} | {follows.inbound or '-'} |\n"


def files() -> dict[Path, str]:
    """Each generated file, and what it has to hold."""
    return {
        connector_classes.TARGET: connector_classes.current(),
        emulator.TABLES: emulator.tables(),
        emulator.DOCUMENT: emulator.document(),
        emulator.PAGE: emulator.with_cmdlets(emulator.PAGE.read_text(encoding="utf-8")),
        **emulator.copies(),
        facts.DOCUMENT: facts.document(),
        schema.FILE: schema.text(),
        documentation.FILE: documentation.text(),
        PLUGIN_SCHEMA: plugin_schema.text(),
        plugin_requirements.TARGET: plugin_requirements.text(),
        NATIVE_API: plugin_documentation.text(),
        **pictures.drawings(),
        BEHAVIOUR: with_measured(BEHAVIOUR.read_text(encoding="utf-8")),
        trouble.DOCUMENT: trouble.with_tables(trouble.DOCUMENT.read_text(encoding="utf-8")),
        VERIFY: with_checks(VERIFY.read_text(encoding="utf-8")),
    }


def main(arguments: Sequence[str] = ()) -> int:
    """The command. Returns 0, or 1 where it only checks and something is out of date."""
    only_checks = "--check" in arguments
    is_stale = False
    for path, wanted in files().items():
        if path.is_file() and path.read_text(encoding="utf-8") == wanted:
            continue
        is_stale = True
        if only_checks:
            print(f"{path.relative_to(ROOT)} is out of date: run `make generate`.", file=sys.stderr)
        else:
            path.write_text(wanted, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written")
    return 1 if only_checks and is_stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
