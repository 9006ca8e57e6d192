"""`RegulatedPartner` in a program: a wrong declaration is refused before any resource exists.

What it makes of a right one is tested with the real engine.
"""

from __future__ import annotations

import inspect
from typing import Any, cast

import pulumi
import pytest

from regulated_partners import DeclarationRefusedError, InboundArgs, OutboundArgs, Partner, RegulatedPartner
from regulated_partners.partners.declaration import Inbound, Outbound


def refused(name: str = "Fabrikam", **arguments: Any) -> list[str]:
    """The lines of the error, one for each finding."""
    with pytest.raises(DeclarationRefusedError) as caught:
        RegulatedPartner(name, **arguments)
    assert isinstance(caught.value, pulumi.RunError), "the engine shows it without a traceback"
    assert [str(finding) for finding in caught.value.findings] == str(caught.value).splitlines()
    return str(caught.value).splitlines()


def test_every_finding_is_in_the_error() -> None:
    """A failure means that a program has to run once for each mistake."""
    lines = refused(
        domains=["a.*.com"],
        inbound={"restrictDomainsBy": "ipAddresses"},
        outbound=OutboundArgs(connection_security="trustedCertificationAuthority", tls_domain="a.com"),
    )
    assert [line.partition(": ")[0] for line in lines] == [
        "Fabrikam.domains[0]",
        "Fabrikam.inbound.restrictDomainsBy",
        "Fabrikam.outbound.tlsDomain",
    ]


def test_one_text_is_no_list_of_domains() -> None:
    """A failure means twelve findings, one for each letter of fabrikam.com."""
    (line,) = refused(domains="fabrikam.com", certificate_name="mail.fabrikam.com")
    assert line.startswith("Fabrikam.domains: 'fabrikam.com' is not a list;")


LATER: Any = pulumi.Output.__new__(pulumi.Output)


def test_what_decides_what_is_declared_must_be_plain() -> None:
    """Failing: somebody who gives an output where none can stand reads a Python error, or is told the wrong remedy."""
    lines = refused(
        domains=["a.com"],
        certificate_name=LATER,
        enabled=LATER,
        inbound={"restrictDomainsBy": LATER, "senderIpAddresses": [LATER]},
        outbound=LATER,
    )
    assert [line.partition(": ")[0] for line in lines] == [
        "Fabrikam.enabled",
        "Fabrikam.inbound.restrictDomainsBy",
        "Fabrikam.outbound",
        "Fabrikam.inbound.senderIpAddresses",
    ]
    for line in lines[:3]:
        assert "an output of another resource cannot stand here" in line
        assert "declare an InboundConnector and an OutboundConnector" in line
    assert "set it to ipAddresses" in lines[3], "that the list is useless does not depend on its content"


def test_a_partners_name_must_be_plain() -> None:
    """Failing: an output as name ends in the words of Output.__str__."""
    (line,) = refused(cast(str, LATER), domains=["a.com"], certificate_name="a.com")
    assert line.startswith("name: an output of another resource cannot stand here")


def test_plain_values_beside_outputs_are_judged_now() -> None:
    """Failing: a mistake that stands in the program is found only once the connectors are being created."""
    lines = refused(
        domains=["a.*.com", LATER],
        certificate_name=LATER,
        comment=LATER,
        inbound={"sender_ip_addresses": LATER, "restrict_domains_by": "ipAddresses", "certificateName": "a b"},
        outbound={"smartHosts": [LATER, "x_y z"], "tlsDomain": LATER, "connectionSecurity": "selfSignedCertificate"},
    )
    assert [line.partition(": ")[0] for line in lines] == [
        "Fabrikam.domains[0]",
        "Fabrikam.inbound.certificateName",
        "Fabrikam.outbound.smartHosts[1]",
    ]


def test_a_cloud_that_does_not_exist_stops_a_program_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: the preview of a new stack promises connectors, and only `up` says that there is none (PU-25)."""
    monkeypatch.setenv(
        "PULUMI_CONFIG",
        '{"regulated-partners:cloud": "comercial", "acme-mail:tenant": "x", "regulated-partners:own": "x"}',
    )
    (line,) = refused(domains=["a.com"], certificate_name="a.com")
    assert line == "regulated-partners:cloud: there is no cloud 'comercial'; did you mean commercial?"


def test_options_may_be_arguments_models_or_mappings() -> None:
    """A failure means that a program has to write one of them."""
    options = (InboundArgs(sender_ip_addresses=["::1"]), Inbound(sender_ip_addresses=("::1",)))
    for inbound in (*options, {"senderIpAddresses": ["::1"]}):
        (*_, line) = refused(domains=["a.com"], certificate_name="a.com", inbound=inbound)
        assert line.startswith("Fabrikam.inbound.senderIpAddresses")


def test_arguments_of_a_direction_take_outputs_and_mistakes_in_them_are_sentences() -> None:
    """A failure means that `InboundArgs(certificate_name=<Output>)`, or a misspelled name, ends in a traceback."""
    later = pulumi.Output.from_input("mail.a.com")
    inbound = InboundArgs(certificate_name=later, sender_ip_addresses=[later])
    lines = refused(domains=["a.com"], inbound={**inbound, "certificat_name": "a.com"}, outbound={"tls_domain": later})
    assert lines == [
        "Fabrikam.inbound.certificatName: there is no such name here; did you mean certificateName?",
        "Fabrikam.inbound.senderIpAddresses: the list would restrict nothing, "
        "because restrictDomainsBy is certificate; "
        "set it to ipAddresses, or leave the list out.",
    ]


def test_every_name_of_the_stack_file_is_an_argument() -> None:
    """A failure means that a stack file can say what a program cannot."""
    for arguments_of, model in ((InboundArgs, Inbound), (OutboundArgs, Outbound)):
        assert set(arguments_of.__annotations__) == set(model.model_fields)
    arguments = set(inspect.signature(RegulatedPartner.__init__).parameters) - {"self", "opts"}
    assert arguments >= set(Partner.model_fields) - {"acknowledge"}
    assert arguments <= set(Partner.model_fields)
