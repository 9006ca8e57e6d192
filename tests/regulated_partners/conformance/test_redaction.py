"""What is taken out of the service's words before anybody hands them on, and what has to stay."""

from __future__ import annotations

import pytest

from regulated_partners.conformance.redaction import redaction
from regulated_partners.conformance.workbench import Mark

_MARK = Mark("0a1b2c3d")
_REDACTION = redaction(_MARK, ["contoso.onmicrosoft.com", "Fabrikam Bank - inbound", "ab", "", "Contoso"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("object '7d9f0e1a-0000-4000-8000-00000000000A'", "object '[guid]'"),
        ("on 'DB8PR04A123.EURPR04A001.PROD.OUTLOOK.COM'.", "on '[server]'."),
        ("on VI1PR01MB1234.eurprd01.prod.exchangelabs.com", "on [server]"),
        ("SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@contoso.onmicrosoft.com", "SystemMailbox{[guid]}@[name]"),
        ("Jane.Doe+x@fabrikam.co.uk said so", "[mailbox] said so"),
        ("the domain mail.fabrikam.com, or *.fabrikam.com", "the domain [domain], or *.[domain]"),
        ("in CONTOSO's organization", "in [name]'s organization"),
        ("conflicts with 'fabrikam bank - INBOUND'", "conflicts with '[name]'"),
        ("from 20.190.151.7 and 2603:10a6:10:2::9", "from [address] and [address]"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln", "[token]"),
        ("RequestId=4bf92f3577b34da6a3ce929d0e0e4736, Server=a", "RequestId=[guid], Server=a"),
        ("session AAQkADk0ZjQ1NWQ2LTM3 ended", "session AAQkADk0ZjQ1NWQ2LTM3 ended"),
        ("session AAQkADk0ZjQ1NWQ2LTM3Zm9vYmFy ended", "session [id] ended"),
        (f"name {_MARK.name} 7, mail.{_MARK.domain}", "name [own] 7, mail.[own domain]"),
        (f"nobody@{_MARK.domain}", "nobody@[own domain]"),
        ("a\x1b[31m\nb", "a [31m b"),
    ],
)
def test_whose_it_is_is_taken_out(text: str, left: str) -> None:
    """Failing means that a report tells a tenant, a person, a server or a call."""
    assert _REDACTION.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException",
        'type "Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]"',
        "#Exchange.GenericHashTable",
        "Prefer: odata.maxpagesize=1",
        "Invalid cmdlet parameters specified. BogusParameter",
        "The value '2001:db8::1' of SenderIPAddresses is invalid. Use 192.0.2.0/24.",
        "version 0.1 (8.0.535.0) at 03:04:05",
        "InboundConnector abides",
    ],
)
def test_what_says_how_the_service_answers_stays(text: str) -> None:
    """Failing means that nobody can take a rule's type or words from a report."""
    assert _REDACTION.text(text) == text


def test_values_of_any_depth_are_cleaned() -> None:
    """Failing means that a tenant's name stands in a parameter of a call."""
    given = {"Identity": "Contoso", "List": ["a@b.example.org", 7, None, {"Add": ["mail.fabrikam.com"]}]}
    assert _REDACTION.value(given) == {"Identity": "[name]", "List": ["[mailbox]", 7, None, {"Add": ["[domain]"]}]}
