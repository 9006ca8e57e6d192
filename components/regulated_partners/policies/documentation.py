"""Makes `docs/policies.md`: `python -m regulated_partners.policies.documentation`; `--check` says if it is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from regulated_partners.exit_codes import ExitCode
from regulated_partners.markdown import Markdown, code, table
from regulated_partners.policies import RULES, Rule
from regulated_partners.policies.rule import ConnectorRule, ResourceRule
from regulated_partners.policies.subjects import PROPERTIES

FILE = Path(__file__).parents[3] / "docs" / "policies.md"

_BEFORE = """\
# Policies

<!-- Made by `python -m regulated_partners.policies.documentation` from that package: change it there. -->

The rules that an auditor of forced TLS would write, as a Pulumi policy pack (CrossGuard). They judge what a stack
declares, before anything is sent. Mail from a partner is mail with its
[envelope sender](declaration.md#which-sender-a-connector-goes-by).

<!-- run by: tests/regulated_partners/policies/test_engine.py::test_a_good_stack_passes_and_is_deployed -->
```console
$ pulumi preview --policy-pack policies
$ pulumi up --policy-pack policies
```

A violation of a **mandatory** policy stops the deployment; an **advisory** one is shown. Levels, and what is
configurable, are set in a file:

<!-- run by: tests/regulated_partners/policies/test_engine.py::test_every_policy_is_enforced_by_the_engine -->
```console
$ cat policies.json
{
  "connector-enabled": "mandatory",
  "comment-names-owner": { "enforcementLevel": "advisory", "ownerPattern": "^SEC-[0-9]+" },
  "inbound-restricted-by-certificate": "disabled"
}
$ pulumi preview --policy-pack policies --policy-pack-config policies.json
```

A policy that reads a value which is known only once another resource is there is judged during `up`; the preview says
so.

## Waivers

For a while, and with a reason, a partner need not keep a policy:

```yaml
config:
  regulated-partners:waivers:
    - policy: outbound-certificate-trusted
      partner: Woodgrove Hospital      # or the name of a connector that belongs to no partner
      reason: SEC-1302, their relays get certificates of a CA in spring
      expires: 2027-03-31              # the last day it counts (UTC)
```

Every waiver in force is shown in every preview. An expired or incomplete one covers nothing and is itself a violation;
the policies about waivers and `connector-type-known` cannot be waived. A waiver does not change what is deployed.

## All policies
"""


def text(rules: Sequence[Rule] = RULES) -> str:
    """The file's content."""
    rows = ((Markdown(f"[{code(r.id)}](#{r.id})"), r.severity, r.level, Markdown(r.description)) for r in rules)
    summary = table(("id", "severity", "level", "policy"), rows)
    details = (line for rule in rules for line in _details(rule))
    return "\n".join([_BEFORE, *summary, "", *details, *_configuration()]) + "\n"


def _details(rule: Rule) -> Iterator[str]:
    yield from (f"### {rule.id}", "")
    yield from (f"{rule.description} *{rule.severity}, {rule.level}, {_judges(rule)}*", "")
    yield f"- Why: {rule.why}"
    yield f"- What to do: {rule.remediation}"
    yield f"- Source: {rule.source}."
    if rule.configuration:
        yield f"- Configurable: {', '.join(map(code, rule.configuration))}."
    yield ""


def _judges(rule: Rule) -> str:
    if isinstance(rule, ResourceRule):
        return "judges every resource"
    if not isinstance(rule, ConnectorRule):
        return "judges the whole stack"
    return f"judges {' and '.join(direction.word for direction in rule.directions)} connectors"


def _configuration() -> Iterator[str]:
    yield from ("## What can be configured", "")
    rows = (
        (code(name), code(str(schema["default"])), Markdown(schema["description"]))
        for name, schema in PROPERTIES.items()
    )
    yield from table(("name", "default", "meaning"), rows)


def main(arguments: list[str]) -> int:
    """Writes the file; with `--check` says whether it is current. In an installed package there is none."""
    if not FILE.parent.is_dir():
        sys.stderr.write(
            "This package is installed, and docs/policies.md is a page of the project's working copy: run this there. "
            "Nothing was written.\n"
        )
        return ExitCode.COULD_NOT_RUN
    if arguments != ["--check"]:
        FILE.write_text(text(), encoding="utf-8")
    elif not FILE.is_file() or FILE.read_text(encoding="utf-8") != text():
        sys.stderr.write(
            "docs/policies.md is not what the policies say: run python -m regulated_partners.policies.documentation\n"
        )
        return ExitCode.FINDINGS
    return ExitCode.FINE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
