"""The settings against the documented parameters of the cmdlets."""

from __future__ import annotations

import re
from typing import Any

import pytest

from exchange_online.connectors import REFUSED, Direction, Flag, Member, Parameter, Text, Texts, parameters
from exchange_online.connectors.names import camel_case, snake_case
from tests.support.recorded import recorded

CMDLETS = recorded("connector_parameters")

#: ConnectorType has no documented default; the settings take what the examples imply.
UNDOCUMENTED_DEFAULT = {"ConnectorType": "Partner"}


def documented(direction: Direction) -> dict[str, dict[str, Any]]:
    """Parameters of `New-` and `Set-` together."""
    merged: dict[str, dict[str, Any]] = {**CMDLETS[f"Set-{direction}"], **CMDLETS[f"New-{direction}"]}
    return merged


def declarable() -> list[Any]:
    return [
        pytest.param(direction, parameter, id=f"{direction.word}-{parameter.name}")
        for direction in Direction
        for parameter in parameters(direction)
    ]


@pytest.mark.parametrize("direction", Direction)
def test_no_documented_parameter_is_forgotten(direction: Direction) -> None:
    """A failure means that an administrator can neither declare a documented parameter nor learn why not."""
    known = {parameter.name for parameter in parameters(direction)}
    assert set(documented(direction)) == known | (set(REFUSED) & set(documented(direction)))
    assert known.isdisjoint(REFUSED)


def test_every_refused_parameter_exists() -> None:
    """A failure means that a refusal speaks of a parameter that no cmdlet has."""
    assert set(REFUSED) <= set(documented(Direction.INBOUND)) | set(documented(Direction.OUTBOUND))


@pytest.mark.parametrize(("direction", "parameter"), declarable())
def test_the_default_is_the_documented_one(direction: Direction, parameter: Parameter) -> None:
    """A failure means that a connector declared without this property gets another value than the documents say."""
    default = documented(direction)[parameter.name]["default"]
    expected = UNDOCUMENTED_DEFAULT.get(parameter.name, () if default == [] else default)
    if isinstance(parameter.kind, Texts):
        expected = expected or ()
    assert parameter.kind.empty == expected


@pytest.mark.parametrize(("direction", "parameter"), declarable())
def test_new_and_set_take_what_is_sent_to_them(direction: Direction, parameter: Parameter) -> None:
    """A failure means that the service refuses a call for an unknown parameter (V26), or that a value is lost."""
    assert parameter.on_new == (parameter.name in CMDLETS[f"New-{direction}"])
    assert parameter.name in CMDLETS[f"Set-{direction}"]


@pytest.mark.parametrize(("direction", "parameter"), declarable())
def test_kinds_follow_the_documented_types(direction: Direction, parameter: Parameter) -> None:
    """A failure means that a list is sent for one value, or the other way round, or that an enum misses a value."""
    fact = documented(direction)[parameter.name]
    assert isinstance(parameter.kind, Texts) == bool(fact["multi"])
    assert isinstance(parameter.kind, Flag) == (fact["type"] == "Boolean")
    if isinstance(parameter.kind, Member):
        assert {member.value for member in parameter.kind.members} == {value for value in fact["values"] if value}
    else:
        assert fact["multi"] or fact["type"] in {
            "Boolean",
            "String",
            "TlsCertificate",
            "SmtpDomainWithSubdomains",
        }, "an enum needs the kind Member"


@pytest.mark.parametrize(("direction", "parameter"), declarable())
def test_what_new_needs_is_required(direction: Direction, parameter: Parameter) -> None:
    """A failure means that a missing mandatory value is found by the service only, after the preview was green."""
    assert parameter.required == bool(documented(direction)[parameter.name]["required"])
    assert parameter.always_sent or not parameter.required


@pytest.mark.parametrize(
    ("direction", "names"),
    [
        (
            Direction.INBOUND,
            {"RequireTls", "ConnectorType", "Enabled", "RestrictDomainsToCertificate", "RestrictDomainsToIPAddresses"},
        ),
        (Direction.OUTBOUND, {"ConnectorType", "Enabled", "UseMXRecord"}),
    ],
)
def test_values_whose_default_is_unsure_are_always_sent(direction: Direction, names: set[str]) -> None:
    """A failure means that protection depends on a default that Microsoft has changed once already (2021-09-15)."""
    always = {parameter.name for parameter in parameters(direction) if parameter.always_sent}
    assert always >= names


@pytest.mark.parametrize(("direction", "parameter"), declarable())
def test_every_parameter_says_what_it_does(direction: Direction, parameter: Parameter) -> None:
    """A failure means an empty line in the reference that is made from these texts."""
    assert re.search(r"[.!]$", parameter.doc), f"{direction}.{parameter.name}"


@pytest.mark.parametrize(
    ("name", "property_name", "argument"),
    [
        ("Name", "name", "name"),
        ("SenderIPAddresses", "senderIpAddresses", "sender_ip_addresses"),
        ("RestrictDomainsToIPAddresses", "restrictDomainsToIpAddresses", "restrict_domains_to_ip_addresses"),
        ("UseMXRecord", "useMxRecord", "use_mx_record"),
        ("EFSkipIPs", "efSkipIps", "ef_skip_ips"),
        ("EFSkipLastIP", "efSkipLastIp", "ef_skip_last_ip"),
        ("EFUsers", "efUsers", "ef_users"),
        ("TlsSenderCertificateName", "tlsSenderCertificateName", "tls_sender_certificate_name"),
        ("RequireTls", "requireTls", "require_tls"),
        ("MtaStsMode", "mtaStsMode", "mta_sts_mode"),
        ("RouteAllMessagesViaOnPremises", "routeAllMessagesViaOnPremises", "route_all_messages_via_on_premises"),
    ],
)
def test_names_in_three_spellings(name: str, property_name: str, argument: str) -> None:
    """A failure means that a stack file or a program written for an earlier version no longer works."""
    assert (camel_case(name), snake_case(name)) == (property_name, argument)


@pytest.mark.parametrize("direction", Direction)
def test_no_letter_is_lost_in_a_name(direction: Direction) -> None:
    """A failure means that two parameters could get one property, or a property nobody would guess."""
    for name in documented(direction):
        assert camel_case(name).lower() == name.lower()
        assert snake_case(name).replace("_", "") == name.lower()
    properties = [parameter.key for parameter in parameters(direction)]
    assert len(properties) == len(set(properties))


def test_a_text_kind_has_no_default() -> None:
    """A failure means that null could no longer say that a text is not declared."""
    for direction in Direction:
        for parameter in parameters(direction):
            if isinstance(parameter.kind, Text):
                assert parameter.kind.empty is None
