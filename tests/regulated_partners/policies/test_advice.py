"""What a rule advises, no policy refuses: the two speak to the same person in the same run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from exchange_online.connectors import Direction, check
from exchange_online.connectors.inbound_rules import INBOUND as INBOUND_RULES
from exchange_online.connectors.outbound_rules import OUTBOUND as OUTBOUND_RULES
from exchange_online.connectors.rules import Rule
from regulated_partners.partners import read_stack
from regulated_partners.policies import RULES
from regulated_partners.policies.rule import Level
from regulated_partners.policies.subjects import Connector, Stack
from tests.regulated_partners.partners.declared import settings
from tests.regulated_partners.policies.stacks import INBOUND, OUTBOUND, URN, connector, stack, violations

IN, OUT = Direction.INBOUND, Direction.OUTBOUND
_BASE = {IN: INBOUND, OUT: OUTBOUND}
_RULES: dict[Direction, tuple[Rule[Any], ...]] = {IN: INBOUND_RULES, OUT: OUTBOUND_RULES}

Changes = dict[str, Any]
_BY_ADDRESSES: Changes = {
    "restrictDomainsToCertificate": False,
    "tlsSenderCertificateName": None,
    "restrictDomainsToIpAddresses": True,
    "senderIpAddresses": ["192.0.2.10"],
}
_BOTH: Changes = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.10"]}
_NOTHING: Changes = {
    "requireTls": False,
    "restrictDomainsToCertificate": False,
    "tlsSenderCertificateName": None,
}
_OWN_SERVERS: Changes = {"connectorType": "OnPremises"}


@dataclass(frozen=True)
class Advice:
    """A rule that is broken, and each thing that its remedy says to do.

    Attributes:
        direction, rule: the rule; with the property that its finding is about, so that each row of rules has its own.
        about: that property.
        wrong: what breaks it, in a connector that keeps every policy.
        words: of the remedy.
        advised: for each alternative of the remedy the connectors that follow it, by what is changed.
        waived: policies that refuse what was declared for another reason, and may go on to do so.
    """

    direction: Direction
    rule: str
    about: str
    wrong: Changes
    words: str
    advised: tuple[tuple[Changes, ...], ...]
    waived: frozenset[str] = frozenset()


def _one(*changes: Changes) -> tuple[tuple[Changes, ...], ...]:
    """Alternatives that are one connector each."""
    return tuple((change,) for change in changes)


_HYBRID = frozenset({"hybrid-untouched"})

ADVICE: list[Advice] = [
    Advice(IN, "V1", "name", {"name": ""}, "give it one", _one({"name": "Fabrikam"})),
    Advice(IN, "V3", "name", {"name": "x" * 65}, "shorten it", _one({"name": "x" * 64})),
    Advice(IN, "V1", "senderDomains", {"senderDomains": []}, "list the partner's domains", _one({})),
    Advice(IN, "name", "name", {"name": "a/b"}, "leave the slash out", _one({"name": "a b"})),
    Advice(
        IN,
        "V8",
        "restrictDomainsToIpAddresses",
        {**_BY_ADDRESSES, "senderIpAddresses": []},
        "list the partner's sending addresses",
        _one(_BY_ADDRESSES),
    ),
    Advice(
        IN,
        "V9",
        "restrictDomainsToCertificate",
        {"tlsSenderCertificateName": None},
        "write the name in the certificate",
        _one({}),
    ),
    Advice(IN, "V10", "restrictDomainsToCertificate", {"requireTls": False}, "set requireTls to true", _one({})),
    Advice(
        IN,
        "V11",
        "restrictDomainsToCertificate",
        _BOTH,
        "keep the certificate restriction, or declare two connectors",
        (({},), ({}, {**_BY_ADDRESSES, "name": "Fabrikam by address"})),
    ),
    Advice(
        IN,
        "shared",
        "tlsSenderCertificateName",
        {"tlsSenderCertificateName": "mail.protection.outlook.com"},
        "a certificate of the partner's own, on its own last server, proves the partner, and so do addresses",
        _one({}, _BY_ADDRESSES),
    ),
    Advice(
        IN,
        "shared",
        "senderIpAddresses",
        {**_BY_ADDRESSES, "senderIpAddresses": ["40.107.1.0/24"]},
        "a certificate of the partner's own, on its own last server, proves the partner, and so do addresses",
        _one({}, _BY_ADDRESSES),
    ),
    Advice(
        IN,
        "certificate",
        "tlsSenderCertificateName",
        {"restrictDomainsToCertificate": False},
        "set that to true (of a partner restrictDomainsBy: certificate), or leave the name out",
        _one({}, {"restrictDomainsToCertificate": False, "tlsSenderCertificateName": None}),
        frozenset({"inbound-sender-restricted"}),
    ),
    Advice(
        IN,
        "certificate",
        "tlsSenderCertificateName",
        {**_BY_ADDRESSES, "tlsSenderCertificateName": "mail.fabrikam.com"},
        "leave the name out, or restrict to it in a connector of its own",
        ((_BY_ADDRESSES,), (_BY_ADDRESSES, {"name": "Fabrikam by certificate"})),
    ),
    Advice(
        IN,
        "addresses",
        "senderIpAddresses",
        {"senderIpAddresses": ["192.0.2.10"]},
        "leave the list out, or restrict to it in a connector of its own",
        (({},), ({}, {**_BY_ADDRESSES, "name": "Fabrikam by address"})),
    ),
    Advice(
        IN,
        "addresses",
        "senderIpAddresses",
        {**_BY_ADDRESSES, "senderIpAddresses": ["10.1.2.3"]},
        "list the public addresses",
        _one(_BY_ADDRESSES),
    ),
    *(
        Advice(
            IN,
            "on-premises",
            flag,
            {**_OWN_SERVERS, **restricted},
            "leave it out, or declare a connector of type Partner",
            _one({**_OWN_SERVERS, "restrictDomainsToCertificate": False}, {**restricted}),
        )
        for flag, restricted in (("restrictDomainsToCertificate", {}), ("restrictDomainsToIpAddresses", _BY_ADDRESSES))
    ),
    Advice(
        IN,
        "V12",
        "senderDomains",
        {"senderDomains": ["*"]},
        "list the partner's domains, or set allowTenantWideRestriction to true",
        _one({}, {"senderDomains": ["*"], "allowTenantWideRestriction": True}),
    ),
    Advice(
        IN,
        "V13",
        "requireTls",
        _NOTHING,
        "require TLS with a certificate, or with addresses, or leave the connector out",
        _one({}, {**_BY_ADDRESSES, "requireTls": True}),
    ),
    Advice(
        IN,
        "V14",
        "treatMessagesAsInternal",
        {**_OWN_SERVERS, "treatMessagesAsInternal": True, "cloudServicesMailEnabled": True},
        "keep one of the two",
        _one({**_OWN_SERVERS, "treatMessagesAsInternal": True}, {**_OWN_SERVERS, "cloudServicesMailEnabled": True}),
        _HYBRID,
    ),
    Advice(IN, "V15", "cloudServicesMailEnabled", {"cloudServicesMailEnabled": True}, "leave it out", _one({})),
    Advice(
        IN,
        "ef",
        "efSkipIps",
        {"efSkipLastIp": True, "efSkipIps": ["192.0.2.1"]},
        "keep one of the two",
        _one({"efSkipLastIp": True}, {"efSkipIps": ["192.0.2.1"]}),
    ),
    Advice(OUT, "V2", "name", {"name": ""}, "give it one", _one({"name": "Fabrikam"})),
    Advice(OUT, "V3", "name", {"name": "x" * 65}, "shorten it", _one({"name": "x" * 64})),
    Advice(OUT, "V15", "cloudServicesMailEnabled", {"cloudServicesMailEnabled": True}, "leave it out", _one({})),
    Advice(OUT, "V16", "senderRewritingEnabled", {"senderRewritingEnabled": True}, "leave it out", _one({})),
    Advice(OUT, "V17", "allAcceptedDomains", {"allAcceptedDomains": True}, "leave it out", _one({})),
    Advice(OUT, "V17", "routeAllMessagesViaOnPremises", {"routeAllMessagesViaOnPremises": True}, "leave it", _one({})),
    Advice(
        OUT,
        "V18",
        "smartHosts",
        {"useMxRecord": False},
        "list the servers",
        _one({"useMxRecord": False, "smartHosts": ["mx.fabrikam.com"]}),
    ),
    Advice(
        OUT,
        "V19",
        "smartHosts",
        {"smartHosts": ["mx.fabrikam.com"], "useMxRecord": True},
        "set useMxRecord to false, or drop the smart hosts",
        _one({"smartHosts": ["mx.fabrikam.com"], "useMxRecord": False}, {}),
    ),
    Advice(OUT, "V21", "tlsDomain", {"tlsDomain": None}, "write the name in the certificate", _one({})),
    Advice(
        OUT,
        "V22",
        "tlsDomain",
        {"tlsSettings": "CertificateValidation"},
        "set tlsSettings to DomainValidation, or leave it out",
        _one({}, {"tlsSettings": "CertificateValidation", "tlsDomain": None}),
    ),
    Advice(
        OUT,
        "V22",
        "tlsDomain",
        {"tlsSettings": "EncryptionOnly"},
        "set tlsSettings to DomainValidation, or leave it out",
        _one({}, {"tlsSettings": "EncryptionOnly", "tlsDomain": None}),
        frozenset({"outbound-certificate-trusted"}),
    ),
    Advice(
        OUT,
        "V22",
        "tlsDomain",
        {"tlsSettings": None},
        "set tlsSettings to DomainValidation, or leave it out",
        _one({}, {"tlsSettings": None, "tlsDomain": None}),
        frozenset({"outbound-tls-required"}),
    ),
    Advice(
        OUT,
        "addresses",
        "smartHosts",
        {"useMxRecord": False, "smartHosts": ["10.1.2.3"]},
        "",
        _one({"useMxRecord": False, "smartHosts": ["mx.fabrikam.com"]}),
    ),
    Advice(
        OUT,
        "scope",
        "allAcceptedDomains",
        {**_OWN_SERVERS, "allAcceptedDomains": True},
        "keep one of the two",
        _one(_OWN_SERVERS, {**_OWN_SERVERS, "allAcceptedDomains": True, "recipientDomains": []}),
        _HYBRID,
    ),
    Advice(OUT, "test", "testMode", {"testMode": True}, "leave it out when the test is over", _one({})),
    Advice(
        OUT,
        "V23",
        "recipientDomains",
        {"recipientDomains": []},
        "list the partner's domains, or set isTransportRuleScoped to true",
        _one({}, {"recipientDomains": [], "isTransportRuleScoped": True}),
    ),
    Advice(
        OUT,
        "V24",
        "recipientDomains",
        {"isTransportRuleScoped": True},
        "keep one of the two",
        _one({}, {"recipientDomains": [], "isTransportRuleScoped": True}),
    ),
]

#: Rules whose remedy is about the spelling of one text, or says to look or to try: no policy reads that.
NOTHING_TO_JUDGE = frozenset({("name", "name"), ("scripts", ""), ("dane", "smtpDaneMode")})


def _is_judged(rule: Rule[Any]) -> bool:
    return not {(rule.id, rule.reads[0]), (rule.id, "")} & NOTHING_TO_JUDGE


@pytest.mark.parametrize(
    "advice", ADVICE, ids=[f"{case.direction}-{case.rule}-{index}" for index, case in enumerate(ADVICE)]
)
def test_what_a_rule_for_connectors_advises_no_policy_refuses(advice: Advice) -> None:
    """Failing: a person does what the preview says, and the same preview refuses it."""
    found = check(advice.direction, {**_BASE[advice.direction], **advice.wrong}).findings
    said = [one for one in found if (one.rule, one.top_property) == (advice.rule, advice.about)]
    assert said, found
    assert any(advice.words in one.remedy for one in said), said
    for changes in advice.advised:
        for change in changes:
            after = check(advice.direction, {**_BASE[advice.direction], **change}).findings
            assert advice.rule not in {one.rule for one in after}, change
        assert _refused(_beside_its_pair(advice, changes)) <= advice.waived, changes
    assert advice.waived <= _refused(_beside_its_pair(advice, (advice.wrong,)))


def test_the_advice_of_every_rule_is_tried() -> None:
    """Failing: a rule was added whose advice nobody held against the policies. Add its row to ADVICE."""
    missing = {
        (direction.word, rule.id, rule.reads[0])
        for direction, rules in _RULES.items()
        for rule in rules
        if _is_judged(rule)
    } - {(advice.direction.word, advice.rule, advice.about) for advice in ADVICE}
    assert missing == set()


def _beside_its_pair(advice: Advice, changes: tuple[Changes, ...]) -> Stack:
    """The connectors that follow an advice, with the other direction of the partner."""
    first, *more = changes
    # What transport rules use, and what is for everybody, is no half of a partner.
    alone = first.get("isTransportRuleScoped") or first.get("senderDomains") == ["*"] or advice.waived == _HYBRID
    own = connector(advice.direction, partner=None if alone else "Fabrikam", **first)
    beside = [connector(advice.direction, partner=None, **change) for change in more]
    others = [] if alone else [connector(advice.direction.other)]
    return stack(own, *beside, *others, partners=() if alone else ("Fabrikam",))


def _refused(judged: Stack) -> set[str]:
    return {rule.id for rule in RULES if rule.level is Level.MANDATORY and violations(rule, judged)}


FABRIKAM: dict[str, Any] = {
    "name": "Fabrikam",
    "domains": ["fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1, owner messaging team",
}
_EVERYBODY = {"name": "Everybody", "comment": "owner messaging team"}


def _partner(*without: str, **changed: Any) -> dict[str, Any]:
    declared = {key: value for key, value in {**FABRIKAM, **changed}.items() if key not in without}
    return {"partners": [declared]}


#: A declaration, the place and words of what is said of it, and the declarations that follow the advice, each with the
#: policies that want a waiver, as the advice says.
DECLARED: list[tuple[dict[str, Any], str, str, list[tuple[dict[str, Any], set[str]]]]] = [
    (
        _partner(outbound={"connectionSecurity": "opportunisticTls"}),
        "outbound.connectionSecurity",
        "choose another value, at least trustedCertificationAuthority",
        [(_partner(outbound={"connectionSecurity": "trustedCertificationAuthority"}), set())],
    ),
    (
        _partner(inbound={"restrictDomainsBy": "none"}),
        "inbound.restrictDomainsBy",
        "choose certificate or ipAddresses",
        [
            (_partner(), set()),
            (_partner(inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.10"]}), set()),
        ],
    ),
    (
        _partner(domains=["*"]),
        "domains[0]",
        "an InboundConnector with allowTenantWideRestriction, or an OutboundConnector, for which the policies ask for "
        "a waiver",
        [
            (_partner(), set()),
            (
                {
                    "inboundConnectors": [
                        {
                            **_EVERYBODY,
                            "senderDomains": ["*"],
                            "restrictDomainsToCertificate": True,
                            "tlsSenderCertificateName": "relay.contoso.com",
                            "allowTenantWideRestriction": True,
                        }
                    ]
                },
                set(),
            ),
            (
                {
                    "outboundConnectors": [
                        {**_EVERYBODY, "recipientDomains": ["*"], "tlsSettings": "CertificateValidation"}
                    ]
                },
                {"outbound-no-catch-all"},
            ),
        ],
    ),
    (
        _partner(inbound={"senderIpAddresses": ["192.0.2.10"]}),
        "inbound.senderIpAddresses",
        "set it to ipAddresses, or leave the list out",
        [
            (_partner(inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.10"]}), set()),
            (_partner(), set()),
        ],
    ),
    (
        _partner("certificateName"),
        "certificateName",
        "write the name in the partner's certificate, such as mail.fabrikam.com, or choose "
        "inbound.restrictDomainsBy: ipAddresses and outbound.connectionSecurity: trustedCertificationAuthority.",
        [
            (_partner(), set()),
            (
                _partner(
                    "certificateName",
                    inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.10"]},
                    outbound={"connectionSecurity": "trustedCertificationAuthority"},
                ),
                set(),
            ),
        ],
    ),
    (
        _partner(inbound={"connectionSecurity": "opportunisticTls"}),
        "inbound.restrictDomainsBy",
        "set it to forceTls (rule V10)",
        [(_partner(inbound={"connectionSecurity": "forceTls"}), set())],
    ),
    (
        _partner(inbound={"settings": {"connectorType": "OnPremises"}}),
        "inbound.settings.connectorType",
        "For servers of your own declare an InboundConnector or OutboundConnector.",
        [
            (
                {
                    "inboundConnectors": [{**_EVERYBODY, **_OWN_SERVERS, "senderDomains": ["contoso.com"]}],
                    "outboundConnectors": [
                        {
                            **_EVERYBODY,
                            **_OWN_SERVERS,
                            "recipientDomains": ["contoso.com"],
                            "tlsSettings": "DomainValidation",
                            "tlsDomain": "relay.contoso.com",
                        }
                    ],
                },
                set(),
            )
        ],
    ),
]


@pytest.mark.parametrize(("wrong", "path", "words", "advised"), DECLARED, ids=[case[1] for case in DECLARED])
def test_what_is_said_of_a_partner_no_policy_refuses(
    wrong: dict[str, Any], path: str, words: str, advised: list[tuple[dict[str, Any], set[str]]]
) -> None:
    """Failing: what the preview says is declared, and a mandatory policy refuses it, of which it had not said."""
    found = {finding.path: finding.text for finding in read_stack(settings(**wrong)).findings}
    assert words in found[f"partners[0].{path}"]
    for declared, waived in advised:
        assert _refused(judged_stack(**declared)) == waived, declared


def judged_stack(waivers: object = None, **declared: Any) -> Stack:
    """The stack that a stack file declares, as the policies see it."""
    read = read_stack(settings(**declared))
    assert [str(finding) for finding in read.findings if finding.is_error] == []
    halves = [
        Connector(
            urn=f"{URN}{half.resource}",
            settings=half.settings,
            options=half.checked.options,
            partner=pair.name,
            protected=True,
        )
        for pair in read.pairs
        for half in pair.halves
    ]
    beside = [
        Connector(
            urn=f"{URN}{one.direction}::{one.name}", settings=one.settings, options=one.checked.options, protected=True
        )
        for one in read.connectors
    ]
    return stack(*halves, *beside, waivers=waivers, partners=tuple(pair.name for pair in read.pairs))


def test_from_addresses_to_a_certificate_side_by_side() -> None:
    """Failing: the steps of docs/declaration.md ("From addresses to a certificate, without a gap") are refused, so a
    partner is migrated with a gap, in which its mail is refused (E09, A65)."""
    by_address = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.10"]}
    beside = {
        "name": "Fabrikam - inbound by certificate",
        "comment": "SEC-1, owner messaging team",
        "senderDomains": ["fabrikam.com"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.fabrikam.com",
    }
    steps: list[dict[str, Any]] = [
        _partner(inbound=by_address),
        {**_partner(inbound=by_address), "inboundConnectors": [beside]},
        # Of several domains, one at a time.
        {**_partner(domains=["fabrikam.com", "fabrikam.net"], inbound=by_address), "inboundConnectors": [beside]},
        _partner(),
    ]
    for step in steps:
        assert _refused(judged_stack(**step)) == set(), step
    twice = {**_partner(), "inboundConnectors": [beside]}
    assert _refused(judged_stack(**twice)) == {"one-connector-per-domain"}


def test_declared_by_hand_the_migration_is_as_possible() -> None:
    """Failing: who declares connectors without a partner cannot have the second one beside the first."""
    base = {"comment": "owner messaging team", "senderDomains": ["a.example"]}
    inbound = [
        {**base, "name": "By address", "restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.0/28"]},
        {
            **base,
            "name": "By certificate",
            "restrictDomainsToCertificate": True,
            "tlsSenderCertificateName": "a.example",
        },
    ]
    outbound = {**OUTBOUND, "name": "To both", "recipientDomains": ["a.example", "b.example"]}
    rest = {**base, "name": "The rest", "senderDomains": ["b.example"], **_BY_ADDRESSES}
    assert _refused(judged_stack(inboundConnectors=[*inbound, rest], outboundConnectors=[outbound])) == set()
    first_off = [{**inbound[0], "enabled": False}, inbound[1], rest]
    assert _refused(judged_stack(inboundConnectors=first_off, outboundConnectors=[outbound])) == set()


#: Two inbound connectors for one domain, and whether a message can fall to both.
MEETING: list[tuple[Changes, Changes, bool]] = [
    ({}, _BY_ADDRESSES, False),
    ({}, {"tlsSenderCertificateName": "mail.contoso.com"}, False),
    ({}, {"tlsSenderCertificateName": "*.fabrikam.com"}, True),
    ({"tlsSenderCertificateName": "*.fabrikam.com"}, {"tlsSenderCertificateName": "*.eu.fabrikam.com"}, True),
    ({"tlsSenderCertificateName": "*.fabrikam.com"}, {"tlsSenderCertificateName": "*.notfabrikam.com"}, False),
    ({}, {}, True),
    (_BY_ADDRESSES, {**_BY_ADDRESSES, "senderIpAddresses": ["192.0.2.0/24"]}, True),
    (_BY_ADDRESSES, {**_BY_ADDRESSES, "senderIpAddresses": ["192.0.2.11", "198.51.100.0/24"]}, False),
    # Addresses without the flag: that is how the service knows it all the same.
    (
        _BY_ADDRESSES,
        {**_BY_ADDRESSES, "restrictDomainsToIpAddresses": False, "senderIpAddresses": ["192.0.2.11"]},
        False,
    ),
    ({}, {**_NOTHING, "requireTls": True}, True),
    (_BY_ADDRESSES, {**_NOTHING, "requireTls": True}, True),
    # Known by both: by the certificate alone, and by the addresses alone, the other one can get its mail.
    (_BOTH, {}, True),
    (_BOTH, _BY_ADDRESSES, True),
    (_BOTH, {**_BY_ADDRESSES, "senderIpAddresses": ["192.0.2.11"]}, False),
    (_BOTH, {"tlsSenderCertificateName": "mail.contoso.com"}, False),
]


@pytest.mark.parametrize("domains", [["fabrikam.com"], ["*"]], ids=["one partner", "everybody (E27)"])
@pytest.mark.parametrize(("one", "other", "meet"), MEETING)
def test_connectors_that_cannot_meet_may_share_a_domain(
    one: Changes, other: Changes, meet: bool, domains: list[str]
) -> None:
    """Failing: two vendors' connectors for '*' are refused, or two that one message can fall to are not."""
    rule = next(rule for rule in RULES if rule.id == "one-connector-per-domain")
    shared = {"senderDomains": domains, "allowTenantWideRestriction": True}
    for pair in ((one, other), (other, one)):
        first, second = (
            connector(IN, partner=None, **{**change, **shared, "name": name})
            for name, change in zip("AB", pair, strict=True)
        )
        found = violations(rule, stack(first, second, partners=()))
        assert bool(found) is meet, pair
        assert all("'A'" in text and "inbound connector 'B' is for" in text for text in found)


def test_what_is_not_known_yet_is_no_violation() -> None:
    """Failing: a preview refuses connectors whose certificate, addresses or domains another resource decides."""
    rules = {rule.id: rule for rule in RULES}
    one, other = (connector(IN, partner=None, name=name) for name in "AB")
    later = replace(other, unknown=frozenset({"tlsSenderCertificateName"}))
    assert violations(rules["one-connector-per-domain"], stack(one, other, partners=()))
    assert not violations(rules["one-connector-per-domain"], stack(one, later, partners=()))
    out = connector(OUT, partner=None, recipientDomains=["contoso.com"])
    assert violations(rules["partner-both-directions"], stack(one, out, partners=()))
    later = replace(out, unknown=frozenset({"recipientDomains"}))
    assert len(violations(rules["partner-both-directions"], stack(one, later, partners=()))) == 1
