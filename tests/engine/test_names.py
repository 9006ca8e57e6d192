"""Names and values that the service or a log cannot hold, on the real engine: said before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"

ZERO_WIDTH = "U+200B ZERO WIDTH SPACE"

#: Partners and connectors with one fault each, and what the refusal says.
PARTNERS = [
    {**FABRIKAM, "name": "Fabrikam\nBank"},
    {"name": "Northwind Health\u200b", "domains": ["northwind\u00adhealth.org"], "certificateName": "mail.nwh.org"},
    {"name": "🏦" * 27, "domains": ["emoji.example"], "certificateName": "mail.emoji.example"},
    {"name": "Cyrillic", "domains": ["w\u043eodgrove.org"], "certificateName": "xn--zzzzzz99.example"},
    {
        "name": "Guid",
        "domains": ["guid.example"],
        "certificateName": "mail.guid.example",
        "comment": "ring the bell \a",
        "inbound": {"name": "275ce7a6-dd00-4450-ad05-3ddf4c779ae8"},
    },
]
BESIDE = [{"name": "Old\u2028server", "senderDomains": ["old.example"], "comment": "a\x7fb"}]
SAID = (
    "partners[0].name: 'Fabrikam\\nBank' holds U+000A LINE FEED at place 9, a line break",
    f"partners[1].name: 'Northwind Health\\u200b' holds {ZERO_WIDTH} at place 17, an invisible character",
    "partners[1].domains[0]: 'northwind\\xadhealth.org' holds U+00AD SOFT HYPHEN at place 10",
    "partners[2].name: ",
    "would be longer than the 64 UTF-16 units",
    "partners[3].domains[0]: ",
    "mixes Latin letters and U+043E CYRILLIC SMALL LETTER O",
    "partners[3].certificateName: 'xn--zzzzzz99.example' holds 'xn--zzzzzz99', which begins as",
    "partners[4].comment: 'ring the bell \\x07' holds U+0007 at place 15, a control character",
    "partners[4].inbound.name: the name reads as a Guid",
    "inboundConnectors[0].name: 'Old\\u2028server' holds U+2028 LINE SEPARATOR at place 4, a line break",
    "inboundConnectors[0].comment: 'a\\x7fb' holds U+007F DELETE at place 2",
    "nothing was changed.",
)


def test_of_a_stack_file_all_at_once(project: Project, control: Control) -> None:
    """Failing: a name with a line break becomes a connector (A22), or the line that refuses it is broken by it."""
    project.declare(*PARTNERS, inboundConnectors=BESIDE)
    run = project.preview("--refresh=false")
    run.refused(*SAID)
    assert run.operations == {}
    for error in run.messages("error"):
        assert not set(error) & {"\n", "\u200b", "\u2028", "\u00ad", "\a"}, error
    assert control.calls() == []


def test_of_a_plain_connector_in_a_program(project: Project, control: Control) -> None:
    """Failing: whoever writes Python sends what a stack file may not hold."""
    project.use_program(PROGRAMS / "raw_connectors.py")
    arguments = {"name": "Plain\u200bin\n2", "sender_domains": ["f\u0430brikam.com"], "comment": "a\u202eb"}
    project.configure(connectors=[{"direction": "inbound", "resource": "in", "arguments": arguments}])
    run = project.up()
    run.refused(
        f"holds {ZERO_WIDTH} at place 6, an invisible character, and 1 more",
        "holds U+202E RIGHT-TO-LEFT OVERRIDE at place 2",
        "mixes Latin letters and U+0430 CYRILLIC SMALL LETTER A",
        # The engine itself writes the value as it is in front of this.
        "[inbound connector 'Plain\\u200bin\\n2']",
    )
    assert control.calls() == []


def test_what_somebody_made_in_the_portal_is_read(project: Project, control: Control) -> None:
    """Failing: a connector with such a name, made by somebody else, stops the stack; or a comment of two lines that
    the portal stored with carriage returns is drift for ever."""
    control.seed(
        inbound=[{"Name": "By\u200bhand\n2", "SenderDomains": ["hand.example"], "Comment": "a\u202eb"}],
        outbound=[
            {
                "Name": FABRIKAM_CONNECTORS[1],
                "RecipientDomains": ["fabrikam.com", "*.fabrikam.com"],
                "TlsSettings": "DomainValidation",
                "TlsDomain": "mail.fabrikam.com",
                "Comment": "SEC-1234\r\nowner messaging team",
            }
        ],
    )
    before = tenant.guids(control)
    project.declare({**FABRIKAM, "comment": "SEC-1234\nowner messaging team", "adoptExisting": True})
    project.up().succeeded()
    assert [cmdlet for cmdlet, _ in tenant.sent(control)] == ["New-InboundConnector"]
    assert before.items() <= tenant.guids(control).items()
    project.preview("--expect-no-changes").unchanged()


def test_values_that_yaml_changes(project: Project, control: Control) -> None:
    """Failing: the tenant's comment says `2024-01-31 00:00:00 +0000 UTC` (A41b), or the refusal quotes 31 where 0x1F
    stands (A09), or a file of shared partners is read unlike a stack file."""
    partners = """
- name: 0x1F
  domains: [fabrikam.com]
  certificateName: mail.fabrikam.com
  comment: 2024-01-31
  aliases: [1.10, 12:30:45, yes]
  inbound: {settings: {trustedOrganizations: [017]}, comment: 2024-01-31T10:20:30Z}
  acknowledge: {reason: SEC-1, expires: 2999-12-31}
"""
    moment = "is a point in time to YAML and no text"
    said = [
        ".name: 0x1F is not a text; put it into quotation marks.",
        f".comment: 2024-01-31 {moment}, and becomes '2024-01-31 00:00:00 +0000 UTC' on its way; put it into quotation",
        ".aliases[0]: 1.10 is not a text; put it into quotation marks.",
        ".inbound.settings.trustedOrganizations[0]: 017 is not a text",
        f".inbound.comment: 2024-01-31T10:20:30Z {moment}",
    ]
    secrets = yaml.safe_dump(project.secrets_settings())
    lines = [f"    {line}" for line in partners.strip().splitlines()]
    old = "{name: Old, senderDomains: [old.example], comment: 2024-01-31}"
    beside = f"  regulated-partners:inboundConnectors:\n    - {old}\n"
    text = f"config:\n{beside}  regulated-partners:partners:\n" + "\n".join(lines) + f"\n{secrets}"
    project.stack_file.write_text(text, encoding="utf-8")
    run = project.preview("--refresh=false")
    run.refused(*(f"partners[0]{words}" for words in said), f"inboundConnectors[0].comment: 2024-01-31 {moment}")
    assert len(run.messages("error")) == len(said) + 2

    # Another file: nothing is known of what was written, only what the engine makes of it.
    other = project.directory / "other.yaml"
    other.write_text(text.replace("0x1F", "0x20"), encoding="utf-8")
    project.stack_file.write_text("config: {}\n" + secrets, encoding="utf-8")
    run = project.preview("--refresh=false", "--config-file", str(other))
    run.refused("partners[0].name: 32 is not a text", f"partners[0].comment: 2024-01-31 {moment}")

    shared = project.directory / "stacks" / "partners.yaml"
    shared.write_text(f"partners:{partners}", encoding="utf-8")
    project.configure(partnersFile="stacks/partners.yaml")
    run = project.preview("--refresh=false")
    run.refused(*(f"stacks/partners.yaml: partners[0]{words}" for words in said))
    assert len(run.messages("error")) == len(said) + 1
    assert control.calls() == []
