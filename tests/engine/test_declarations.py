"""Bad declarations: every mistake is named, nothing is sent, and nobody sees Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_online_emulator import Control
from tests.engine.partners import FABRIKAM, WOODGROVE
from tests.support.engine import Project

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"


def test_all_mistakes_of_a_stack_file_at_once(project: Project, control: Control) -> None:
    """A failure means that somebody has to run `up` once for each mistake, or that half of a bad stack is applied."""
    project.declare(
        {**WOODGROVE, "name": "Woodgrove"},
        {**FABRIKAM, "domains": ["fabrikam.com", "fabri kam.com"]},
        {"name": "Tailspin", "domains": ["tailspin.com"], "certficateName": "mail.tailspin.com"},
        {
            "name": "Northwind",
            "domains": ["fabrikam.com"],
            "certificateName": "mail.northwind.com",
            "inbound": {
                "restrictDomainsBy": "ipAddresses",
                "senderIpAddresses": ["10.0.0.0/8"],
                "settings": {"efSkipIps": ["192.168.1.0/24"]},
            },
        },
    )
    expected = (
        "partners[1].domains[1]",
        "partners[2].certficateName: there is no such name here; did you mean certificateName?",
        "partners[3].domains[0]: fabrikam.com belongs to partners[1] (Fabrikam Bank) already",
        "partners[3].inbound.senderIpAddresses[0]: '10.0.0.0/8' is wider than /18",
        "partners[3].inbound.settings.efSkipIps: 192.168.1.0/24: the service refuses private addresses",
        "nothing was changed.",
    )
    for run in (project.preview(), project.up()):
        run.refused(*expected)
        assert len(run.messages("error")) == len(expected)
        assert run.operations == {}
    assert control.calls() == []


@pytest.mark.parametrize(
    ("partners", "words"),
    [
        ("Fabrikam Bank", "partners: this is not a list; write each partner after '- name: ...'."),
        ({"name": "Fabrikam Bank"}, "partners: this is not a list; write each partner after '- name: ...'."),
        ([None, 17], "partners[1]: 17 is not a mapping; write 'name: value' lines."),
    ],
)
def test_what_is_no_list_of_partners(project: Project, control: Control, partners: object, words: str) -> None:
    """A failure means that a slip in YAML ends in a traceback, or reads as "no partners" and removes them all."""
    project.configure(partners=partners)

    project.up().refused(words)

    assert control.calls() == []


def test_mistakes_in_the_arguments_of_a_plain_connector(project: Project, control: Control) -> None:
    """A failure means that `check` lets a bad argument through, or does not say which one of which connector."""
    arguments = {
        "name": "Fabrikam in",
        "sender_domains": ["fabrikam.com"],
        "restrict_domains_to_certificate": True,
        "sender_ip_addresses": ["203.0.113.7", "198.51.100.0/8"],
    }
    project.use_program(PROGRAMS / "raw_connectors.py")
    project.configure(connectors=[{"direction": "inbound", "resource": "in", "arguments": arguments}])

    for run in (project.preview(), project.up()):
        run.refused(
            "property senderIpAddresses",
            "senderIpAddresses[1]",
            "property restrictDomainsToCertificate",
            "(rule V9). [inbound connector 'Fabrikam in']",
        )
        assert run.operations == {}
    assert control.calls() == []


def test_a_bad_partner_in_python(project: Project, control: Control) -> None:
    """A failure means that somebody who writes Python gets a traceback where YAML gets sentences."""
    project.use_program(PROGRAMS / "bad_partner_in_code.py")

    project.up().refused(
        "Fabrikam Bank.domains[1]",
        "Fabrikam Bank.outbound.conectionSecurity: there is no such name here; did you mean connectionSecurity?",
        "Fabrikam Bank.inbound.restrictDomainsBy: mail is restricted to IP addresses, and senderIpAddresses is empty",
    )

    assert control.calls() == []


def test_what_is_doubtful_is_said_once(project: Project, control: Control) -> None:
    """Failing: a warning about a partner is printed for the declaration and for each of its connectors (A26c, A38d)."""
    project.declare(
        {
            **FABRIKAM,
            "domains": ["fabrikam.com", "contoso.local", "smtp:contoso.onmicrosoft.com;1"],
            "certificateName": "mail_gw.fabrikam.com",
            "inbound": {
                "name": "NW",
                "restrictDomainsBy": "none",
                "settings": {"efSkipIps": ["203.0.113.9"], "efSkipLastIp": True},
            },
            "outbound": {
                "name": "NW",
                "connectionSecurity": "opportunisticTls",
                "smartHosts": ["relay_1.fabrikam.com"],
            },
        }
    )
    warnings = project.up().messages("warning")
    for words in (
        "partners[0].domains[1]: contoso.local cannot be a mail domain on the internet",
        "partners[0].domains[2]: contoso.onmicrosoft.com is a name that Microsoft 365 gives a tenant",
        "partners[0].inbound.restrictDomainsBy: with none any server that speaks TLS",
        "partners[0].outbound.connectionSecurity: with opportunisticTls mail to the partner goes in clear",
        "the outbound connector is named 'NW', and so is its own inbound one",
        "efSkipIps: the list has no effect while efSkipLastIp is true",
    ):
        assert len([text for text in warnings if words in text]) == 1, warnings
    assert len(warnings) == 6, warnings
    (inbound,), (outbound,) = control.connectors("inbound"), control.connectors("outbound")
    assert inbound["SenderDomains"][1:] == ["smtp:contoso.onmicrosoft.com;1", "smtp:fabrikam.com;1"]
    assert outbound["SmartHosts"] == ["relay_1.fabrikam.com"]
