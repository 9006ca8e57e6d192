"""Connectors that a stack declares beside its partners, and everything that a stack declares together."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction, Severity
from regulated_partners.component import arguments
from regulated_partners.partners import DeclaredStack, read_stack
from regulated_partners.partners.connectors import KEYS, read_connectors
from tests.regulated_partners.partners.declared import FABRIKAM, fabrikam, settings

CONTOSO: dict[Direction, dict[str, Any]] = {
    Direction.INBOUND: {"name": "Contoso", "senderDomains": ["Contoso.com"]},
    Direction.OUTBOUND: {"name": "Contoso", "recipientDomains": ["Contoso.com"]},
}


def said(direction: Direction, *declared: object) -> dict[str, str]:
    _, findings = read_connectors(direction, list(declared))
    return {finding.path: finding.text for finding in findings}


def stack(**named: object) -> DeclaredStack:
    return read_stack(settings(**named))


@pytest.mark.parametrize("direction", Direction)
def test_a_connector_is_read_into_its_canonical_inputs(direction: Direction) -> None:
    """A failure means that an adopted connector is declared as something else than it is."""
    (connector,), findings = read_connectors(
        direction, [{**CONTOSO[direction], "protect": True, "aliases": ["Old name"], "adoptExisting": True}]
    )
    assert findings == ()
    domains = "senderDomains" if direction is Direction.INBOUND else "recipientDomains"
    assert connector.name == "Contoso"
    assert connector.inputs[domains] == ["contoso.com"]
    assert (connector.protect, connector.aliases) == (True, ("Old name",))
    assert connector.inputs["adoptExisting"] is True
    assert {"name", "connector_type", "enabled", "adopt_existing"} <= arguments(direction, connector.inputs).keys()


@pytest.mark.parametrize("direction", Direction)
def test_a_stack_may_have_none(direction: Direction) -> None:
    """A failure means that a stack with partners only cannot be deployed."""
    assert read_connectors(direction, None) == ((), ())
    assert read_connectors(direction, []) == ((), ())


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("wrong", [{}, "Contoso", 5])
def test_connectors_are_a_list(direction: Direction, wrong: object) -> None:
    """A failure means a traceback, or an empty list that deletes every connector."""
    connectors, (finding,) = read_connectors(direction, wrong)
    assert connectors == ()
    assert finding.path == KEYS[direction]
    assert "write each connector after '- name: ...'" in finding.text


def test_mistakes_are_found_where_they_stand() -> None:
    """A failure means that a mistake reaches the service, or that the finding points to the wrong line."""
    found = said(
        Direction.INBOUND,
        CONTOSO[Direction.INBOUND],
        {"name": "B", "senderDomains": ["a.*.com"], "sendrIpAddresses": ["::1"], "aliases": "Old", "protect": "yes"},
        None,
        {},
    )
    assert {path: text.partition(";")[2] for path, text in found.items()} == {
        "inboundConnectors[1].senderDomains[0]": " write the domain itself, or '*.' and a domain (rule V4).",
        "inboundConnectors[1].sendrIpAddresses": " did you mean senderIpAddresses? (rule V26).",
        "inboundConnectors[1].protect": " write one of them, without quotation marks.",
        "inboundConnectors[1].aliases": " write each earlier name after '- '.",
        "inboundConnectors[2]": " write 'name: value' lines.",
        "inboundConnectors[3].name": " give it one of at most 64 characters (rule V1).",
        "inboundConnectors[3].senderDomains": " list the partner's domains (rule V1).",
    }


@pytest.mark.parametrize("option", [{"protect": 1}, {"protect": []}, {"aliases": [1]}, {"aliases": {"a": "b"}}])
def test_options_have_their_own_types(option: dict[str, object]) -> None:
    """A failure means that Pulumi gets an option that it cannot use, and ends in a traceback."""
    assert said(Direction.OUTBOUND, {**CONTOSO[Direction.OUTBOUND], **option}).keys() == {
        f"outboundConnectors[0].{next(iter(option))}"
    }


def test_a_stack_holds_partners_and_connectors() -> None:
    """A failure means that part of a stack file is not deployed."""
    declared = stack(
        partners=[FABRIKAM],
        inboundConnectors=[CONTOSO[Direction.INBOUND]],
        outboundConnectors=[CONTOSO[Direction.OUTBOUND]],
    )
    assert declared.findings == ()
    assert [partner.name for partner in declared.partners] == ["Fabrikam Bank"]
    assert [(connector.direction, connector.name) for connector in declared.connectors] == [
        (Direction.INBOUND, "Contoso"),
        (Direction.OUTBOUND, "Contoso"),
    ]
    assert stack() == DeclaredStack((), (), ())


def test_all_lists_are_judged_at_once() -> None:
    """A failure means that a mistake in one list hides those in the others."""
    declared = stack(partners=[{}], inboundConnectors=[{}], outboundConnectors=5)
    assert {finding.path.partition("[")[0] for finding in declared.errors} == {
        "partners",
        "inboundConnectors",
        "outboundConnectors",
    }


CLASHES: list[tuple[str, dict[str, object]]] = [
    (
        "a connector and a partner's",
        {
            "partners": [FABRIKAM],
            "inboundConnectors": [{"name": "fabrikam bank - Inbound", "senderDomains": ["a.com"]}],
        },
    ),
    (
        "two connectors of one list",
        {"outboundConnectors": [{"name": name, "recipientDomains": ["a.com"]} for name in ("Contoso", "Contoso")]},
    ),
    (
        "two connectors of one list, but for case",
        {"outboundConnectors": [{"name": name, "recipientDomains": ["a.com"]} for name in ("Contoso", "CONTOSO ")]},
    ),
    (
        "the chosen names of two partners",
        {
            "partners": [
                fabrikam(inbound={"name": "From partner"}),
                fabrikam(name="B", domains=["b.com"], inbound={"name": "from Partner"}),
            ]
        },
    ),
    (
        "a chosen name and a default name",
        {"partners": [FABRIKAM, fabrikam(name="B", domains=["b.com"], outbound={"name": "Fabrikam Bank - outbound"})]},
    ),
]


@pytest.mark.parametrize(("what", "named"), CLASHES, ids=[what for what, _ in CLASHES])
def test_two_connectors_of_a_direction_cannot_share_a_name(what: str, named: dict[str, object]) -> None:
    """A failure means that the second one fails, or takes over the first, in the middle of a deployment."""
    errors = stack(**named).errors
    assert len(errors) == 1, what
    assert "give each its own name" in errors[0].text


def test_partners_of_one_name_are_said_once() -> None:
    """A failure means three findings for one slip."""
    errors = stack(partners=[FABRIKAM, fabrikam(name="FABRIKAM Bank", domains=["b.com"])]).errors
    assert [finding.path for finding in errors] == ["partners[1].name"]


def test_warnings_of_single_connectors_are_left_to_the_provider() -> None:
    """A failure means that the same advice is shown twice in a preview."""
    weak = {**CONTOSO[Direction.INBOUND], "requireTls": False}
    assert stack(inboundConnectors=[weak]).findings == ()
    (finding,) = read_connectors(Direction.INBOUND, [weak])[1]
    assert (finding.path, finding.severity) == ("inboundConnectors[0].requireTls", Severity.WARNING)


def test_connectors_that_apply_to_partners_mail_are_named() -> None:
    """A failure means that a plain connector of the stack takes a partner's mail away and nobody is told."""
    stack = {
        "partners": [{"name": "Fabrikam", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com"}],
        "inboundConnectors": [
            {
                "name": "Gateway",
                "senderDomains": ["*"],
                "restrictDomainsToIpAddresses": True,
                "senderIpAddresses": ["192.0.2.1"],
                "allowTenantWideRestriction": True,
            },
            {"name": "Old", "senderDomains": ["Fabrikam.com"]},
        ],
    }

    gateway, old = (str(warning) for warning in read_stack(settings(**stack)).warnings)

    assert gateway.startswith("inboundConnectors 'Gateway': beside Fabrikam and Old: the connector 'Gateway' restricts")
    assert old.startswith("inboundConnectors 'Old': beside Fabrikam: ")
    assert "is for mail from fabrikam.com too" in old


def test_centralized_mail_transport_of_the_same_stack_is_named() -> None:
    """Failing: a stack declares that all mail goes to its own servers, past its partners' connectors, unsaid (A68)."""
    partner = {"name": "A Bank", "domains": ["abank.example"], "certificateName": "mail.abank.example"}
    central = {
        "name": "Hybrid",
        "connectorType": "OnPremises",
        "recipientDomains": ["*"],
        "routeAllMessagesViaOnPremises": True,
        "useMxRecord": False,
        "smartHosts": ["mail.contoso.com"],
    }
    (warning,) = map(str, read_stack(settings(partners=[partner], outboundConnectors=[central])).warnings)
    assert warning.startswith("outboundConnectors 'Hybrid': beside A Bank: ")
    assert "centralized mail transport" in warning
    meant = settings(partners=[partner], outboundConnectors=[central], knownWays=["hybrid"])
    assert read_stack(meant).warnings == ()


def test_what_certificates_or_addresses_tell_apart_stands_side_by_side() -> None:
    """Failing: what a rule advises, a second connector by certificate beside that by addresses, is an alarm (E09)."""
    partner = {
        "name": "A Bank",
        "domains": ["abank.example"],
        "inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["203.0.113.7"]},
        "outbound": {"connectionSecurity": "trustedCertificationAuthority"},
    }
    beside = {
        "name": "A Bank by certificate",
        "senderDomains": ["abank.example"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.abank.example",
    }
    assert read_stack(settings(partners=[partner], inboundConnectors=[beside])).warnings == ()


def test_an_earlier_name_that_nobody_can_see_is_a_warning() -> None:
    """Failing: a rename that finds nothing, because of a character that nobody sees, deletes and creates unsaid."""
    item = {"name": "New", "senderDomains": ["a.com"], "aliases": ["Old\u200b"]}
    declared = read_stack(settings(inboundConnectors=[item]))
    assert [connector.name for connector in declared.connectors] == ["New"]
    (warning,) = declared.warnings
    assert str(warning).startswith("inboundConnectors 'New'.aliases[0]: 'Old\\u200b' holds U+200B ZERO WIDTH SPACE")
