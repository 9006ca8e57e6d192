"""What becomes of each connector of a tenant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from exchange_online.connectors import ConnectorRecord, Mark
from regulated_partners.adopt import (
    Becomes,
    Done,
    Plan,
    Selection,
    additions,
    as_text,
    declared_resources,
    make_plan,
    native_import_file,
    prove,
    with_declarations,
)
from regulated_partners.engine.state import ManagedConnector, States
from regulated_partners.partners import DeclaredStack, read_stack
from regulated_partners.partners.yaml_text import load
from tests.regulated_partners.rows import inbound, outbound, pair
from tests.regulated_partners.tenants import tenants

EMPTY = DeclaredStack((), (), ())
NOTHING = States(Mark("p", "dev"))


def plan_of(
    *connectors: ConnectorRecord,
    declared: Mapping[str, object] | None = None,
    managed: Sequence[ManagedConnector] = (),
    **selection: tuple[str, ...],
) -> Plan:
    """The plan of the stack `dev` for a tenant."""
    stack = read_stack({f"regulated-partners:{name}": value for name, value in (declared or {}).items()})
    assert not stack.errors
    own = Mark("p", "dev")
    states = States(own, {each.guid: each for each in managed}, frozenset({own, Mark("p", "staging")}))
    return make_plan(connectors, states, stack, Selection(**selection))


def fates(plan: Plan) -> dict[str, Becomes]:
    """What becomes of each connector, by name."""
    return {verdict.connector.name: verdict.becomes for verdict in plan.verdicts}


def only_reason(plan: Plan) -> str:
    """Why the one connector of a plan has its fate."""
    (verdict,) = plan.verdicts
    return verdict.reason


def written(plan: Plan) -> dict[str, object]:
    """The settings of a stack file after the declarations of a plan were added to an empty one."""
    added = {f"regulated-partners:{key}": items for key, items in additions(plan).items()}
    config: dict[str, object] = load(with_declarations("", added) or "config: {}")["config"]
    return config


@given(tenants())
@settings(max_examples=300, deadline=None)
def test_what_is_declared_reproduces_the_tenant_exactly(tenant: list[ConnectorRecord]) -> None:
    """Failure means: an adopted connector would be changed by the next `pulumi up`, or the program would refuse."""
    plan = make_plan(tenant, NOTHING, EMPTY, Selection())
    config = written(plan)
    prove(config, plan, Path(__file__).parent)
    declared = read_stack(config)
    assert not declared.errors
    resources = {each.address: each.checked for each in declared_resources(declared)}
    assert len(resources) == len(plan.adopted)
    for verdict in plan.adopted:
        assert verdict.resource is not None
        assert resources[verdict.resource.address].settings == verdict.connector.settings
        assert resources[verdict.resource.address].options == verdict.resource.checked.options


@given(tenants())
@settings(max_examples=100, deadline=None)
def test_a_second_run_finds_its_own_declarations(tenant: list[ConnectorRecord]) -> None:
    """Failure means: an adoption that was interrupted after the file was written cannot be finished."""
    first = make_plan(tenant, NOTHING, EMPTY, Selection())
    config = written(first)
    again = make_plan(tenant, NOTHING, read_stack(config), Selection())
    assert not again.partners
    assert not again.connectors
    addresses = {verdict.connector.guid: verdict.resource.address for verdict in first.adopted if verdict.resource}
    assert addresses == {
        verdict.connector.guid: verdict.resource.address for verdict in again.adopted if verdict.resource
    }


@given(tenants(pairs_only=True))
@settings(max_examples=100, deadline=None)
def test_every_reasonable_pair_becomes_a_partner(tenant: list[ConnectorRecord]) -> None:
    """Failure means: pairs that the declaration has options for are scattered over two lists of parameters."""
    plan = make_plan(tenant, NOTHING, EMPTY, Selection())
    domains: dict[tuple[str, ...], int] = {}
    for verdict in plan.verdicts:
        key = verdict.connector.settings.domains
        domains[key] = domains.get(key, 0) + 1
    for verdict in plan.verdicts:
        key = verdict.connector.settings.domains
        # A name that no connector may have is left alone with its reason, and its other half is no pair.
        if domains[key] == 2 and "cannot be declared" not in verdict.reason and "rule" not in verdict.reason:
            assert verdict.becomes is Becomes.PARTNER, verdict.reason


def test_usual_names_need_no_override() -> None:
    """Failure means: declarations of connectors that this project made once are longer than those it had."""
    plan = plan_of(*pair("Fabrikam Bank", "fabrikam.com", "*.fabrikam.com"))
    assert additions(plan) == {
        "partners": [
            {
                "name": "Fabrikam Bank",
                "domains": ["fabrikam.com", "*.fabrikam.com"],
                "certificateName": "mail.fabrikam.com",
            }
        ]
    }


def test_names_with_underscores_are_adopted() -> None:
    """Failing: connectors whose certificate or relay has an underscore are left alone (A36)."""
    named = pair("Fabrikam Bank", "fabrikam.com", certificate="mail_gw.fabrikam.com")
    relayed = outbound("To Contoso", "contoso.com", SmartHosts=["relay_1.contoso.com"], UseMXRecord=False)
    plan = plan_of(*named, relayed)
    assert fates(plan) == {
        "Fabrikam Bank - inbound": Becomes.PARTNER,
        "Fabrikam Bank - outbound": Becomes.PARTNER,
        "To Contoso": Becomes.CONNECTOR,
    }
    (partner,) = additions(plan)["partners"]
    assert partner["certificateName"] == "mail_gw.fabrikam.com"
    adopted = {verdict.connector.guid for verdict in plan.adopted}
    assert adopted == {named[0].guid, named[1].guid, relayed.guid}


def test_other_names_and_comments_are_kept() -> None:
    """Failure means: adoption renames connectors or loses their comments."""
    plan = plan_of(
        inbound("From Contoso", "contoso.com", Comment="in", EFUsers=["a@x.example"]),
        outbound("To Contoso", "contoso.com", TlsSettings="CertificateValidation", SmtpDaneMode="Mandatory"),
    )
    assert additions(plan) == {
        "partners": [
            {
                "name": "Contoso",
                "domains": ["contoso.com"],
                "inbound": {
                    "name": "From Contoso",
                    "comment": "in",
                    "restrictDomainsBy": "none",
                    "settings": {"efUsers": ["a@x.example"]},
                },
                "outbound": {
                    "name": "To Contoso",
                    "connectionSecurity": "trustedCertificationAuthority",
                    "settings": {"smtpDaneMode": "Mandatory"},
                },
            }
        ]
    }


@pytest.mark.parametrize(
    ("connector", "reason"),
    [
        (
            inbound("x", "a.com", ConnectorSource="HybridWizard", ConnectorType="OnPremises"),
            "Hybrid Configuration Wizard",
        ),
        (inbound("Inbound from 0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "a.com"), "name it with --include"),
        (outbound("x", "a.com", TestMode=True), "test mode"),
        (inbound("x", "a.com", EFTestMode=True, ScanAndDropRecipients=["a@b.c"]), "EFTestMode, ScanAndDropRecipients"),
        (inbound("a/b", "a.com"), "slash"),
        (outbound("x", "a.com", UseMXRecord=False), "rule V18"),
        (outbound("x", "a.com", TlsSettings="Brandnew"), "rule V25"),
        (inbound("x\ud800", "a.com"), "not valid Unicode"),
    ],
)
def test_what_is_left_alone_has_its_reason(connector: ConnectorRecord, reason: str) -> None:
    """Failure means: a connector that must not be touched is adopted, or nobody learns why it was not."""
    plan = plan_of(connector)
    assert fates(plan) == {connector.name: Becomes.LEFT_ALONE}
    assert reason in only_reason(plan)
    assert not plan.adopted


@pytest.mark.parametrize(
    ("connectors", "reason"),
    [
        ([inbound("in", "a.com")], "no outbound connector has the same domains"),
        (
            [inbound("in", "a.com"), outbound("out", "a.com", Enabled=False)],
            "only one connector of the pair is enabled",
        ),
        ([inbound("in", "*"), outbound("out", "*")], "'*' stands for every domain"),
        ([inbound("in", "a.com", ConnectorType="OnPremises")], "type is OnPremises"),
        ([outbound("out", IsTransportRuleScoped=True)], "no domains of its own"),
        (
            [inbound("one", "a.com"), inbound("two", "a.com"), outbound("three", "a.com")],
            "their names do not tell which two belong together",
        ),
        (
            [
                inbound(
                    "Fab in",
                    "a.com",
                    RestrictDomainsToCertificate=True,
                    TlsSenderCertificateName="a.com",
                    RestrictDomainsToIPAddresses=True,
                    SenderIPAddresses=["192.0.2.1"],
                ),
                outbound("Fab out", "a.com"),
            ],
            "a certificate and to IP addresses",
        ),
    ],
)
def test_what_is_no_partner_becomes_a_plain_resource(connectors: list[ConnectorRecord], reason: str) -> None:
    """Failure means: connectors are forced into a partner that does not describe them, or are not adopted at all."""
    plan = plan_of(*connectors)
    assert set(fates(plan).values()) == {Becomes.CONNECTOR}
    assert all(reason in verdict.reason for verdict in plan.verdicts), plan.verdicts


def test_several_candidates_are_told_apart_by_name() -> None:
    """Failure means: with an old connector left over, a partner is glued together from two strangers."""
    plan = plan_of(
        inbound("Contoso in", "contoso.com"), inbound("old one", "contoso.com"), outbound("Contoso out", "contoso.com")
    )
    assert fates(plan) == {
        "Contoso in": Becomes.PARTNER,
        "old one": Becomes.CONNECTOR,
        "Contoso out": Becomes.PARTNER,
    }


def test_a_restriction_of_all_senders_is_declared_with_its_consent() -> None:
    """Failure means: a gateway's lock-down, which many tenants have, cannot be adopted."""
    gateway = inbound("Gateway", "*", RestrictDomainsToCertificate=True, TlsSenderCertificateName="*.gateway.example")
    (item,) = additions(plan_of(gateway))["inboundConnectors"]
    assert item["allowTenantWideRestriction"] is True


def test_patterns_choose() -> None:
    """Failure means: an operator who adopts step by step adopts the wrong connectors."""
    tenant = [*pair("Fabrikam", "fabrikam.com"), *pair("Contoso", "contoso.com"), *pair("Contoso 2", "b.com")]
    plan = plan_of(*tenant, only=("contoso*",), exclude=("* 2 - *",))
    assert {verdict.connector.name for verdict in plan.adopted} == {"Contoso - inbound", "Contoso - outbound"}
    assert "--only does not name it" in {verdict.reason for verdict in plan.verdicts}


def test_hybrid_ones_come_only_by_name_and_never_as_a_partner() -> None:
    """Failure means: the wizard's connectors come under management unasked."""
    wizard = {"ConnectorSource": "HybridWizard"}
    tenant = [inbound("Hybrid in", "a.com", **wizard), outbound("Hybrid out", "a.com", **wizard)]
    plan = plan_of(*tenant, include=("hybrid IN", "nobody"))
    assert fates(plan) == {"Hybrid in": Becomes.CONNECTOR, "Hybrid out": Becomes.LEFT_ALONE}
    assert plan.complaints == ("--include names 'nobody', and the tenant has no connector of this name.",)
    (item,) = additions(plan, taken_over_by_up=True)["inboundConnectors"]
    assert item["adoptExisting"] is True
    assert "adoptExisting" not in additions(plan)["inboundConnectors"][0]


def test_include_does_not_help_where_nothing_can() -> None:
    """Failure means: a pipeline that asks for a connector is told that all is well while it was left alone."""
    plan = plan_of(outbound("T", "a.com", TestMode=True), include=("T",))
    assert plan.complaints == (
        "--include names 'T', which is left alone: it is in test mode, a leftover of the portal's validation.",
    )


def test_what_stacks_manage_is_not_adopted_again() -> None:
    """Failure means: two stacks fight over one connector."""
    mine, other = pair("Fabrikam", "fabrikam.com")
    managed = [
        ManagedConnector("dev", mine.direction, mine.guid, "Fabrikam-inbound", True),
        ManagedConnector("staging", other.direction, other.guid, "Fabrikam-outbound", True),
    ]
    plan = plan_of(mine, other, managed=managed)
    assert fates(plan) == {"Fabrikam - inbound": Becomes.MANAGED, "Fabrikam - outbound": Becomes.LEFT_ALONE}
    assert [verdict.reason for verdict in plan.verdicts] == [
        "the stack file does not declare it, so the next `pulumi up` would remove it",
        "the stack staging manages it",
    ]


def test_a_declaration_that_differs_is_not_adopted_under() -> None:
    """Failure means: the next `pulumi up` changes a connector that the operator only wanted to adopt."""
    declared = {"inboundConnectors": [{"name": "raw", "senderDomains": ["a.com"], "requireTls": True}]}
    plan = plan_of(inbound("Raw", "a.com", RequireTls=False), declared=declared)
    assert fates(plan) == {"Raw": Becomes.LEFT_ALONE}
    assert "requireTls: false => true" in only_reason(plan)


def test_a_declaration_whose_connector_was_renamed_is_not_adopted_twice() -> None:
    """Failure means: the state gets two connectors for one declaration."""
    declared = {"inboundConnectors": [{"name": "raw", "senderDomains": ["a.com"]}]}
    renamed, new = inbound("renamed", "a.com"), inbound("raw", "a.com")
    managed = [ManagedConnector("dev", renamed.direction, renamed.guid, "raw", False)]
    plan = plan_of(renamed, new, declared=declared, managed=managed)
    assert fates(plan) == {"renamed": Becomes.MANAGED, "raw": Becomes.LEFT_ALONE}


def test_a_domain_of_a_declared_partner_makes_no_second_one() -> None:
    """Failure means: adoption writes a partner that the program refuses because of another one."""
    declared = {"partners": [{"name": "F", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com"}]}
    plan = plan_of(*pair("Fabrikam", "fabrikam.com"), declared=declared)
    assert set(fates(plan).values()) == {Becomes.CONNECTOR}
    assert {verdict.reason for verdict in plan.verdicts} == {"fabrikam.com belongs to the partner F already"}


def test_what_is_declared_with_a_secret_is_left_to_up() -> None:
    """Failure means: the import would write into the state in clear what the stack file keeps secret, or show it."""
    secure = {"secure": "v1:abc:ciphertext"}
    by_hand = inbound("F - inbound", "fabrikam.com", Comment="canary")
    declared = {"name": "F", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com", "comment": secure}
    plan = plan_of(by_hand, declared={"partners": [declared]})
    assert fates(plan) == {"F - inbound": Becomes.LEFT_ALONE}
    assert "with secrets (comment)" in only_reason(plan)
    assert "adoptExisting: true" in only_reason(plan)
    assert "canary" not in only_reason(plan)
    assert not plan.adopted


def test_a_connector_with_another_stacks_mark_is_left_to_it() -> None:
    """Failure means: two stacks manage one connector, or nobody learns how the other one lets go of it."""
    plan = plan_of(
        inbound("foreign", "a.com", Comment="x\n[Pulumi: other/prod]"),
        inbound("lost", "b.com", Comment="[Pulumi: p/staging]"),
        inbound("unread", "c.com", Comment="[Pulumi: p/production]"),
        inbound("own", "d.com", Comment="SEC-1\r\n[Pulumi: p/dev]"),
        inbound("free", "e.com", Comment="SEC-2"),
        include=("foreign",),
    )
    assert fates(plan) == {
        "foreign": Becomes.LEFT_ALONE,
        "lost": Becomes.LEFT_ALONE,
        "unread": Becomes.LEFT_ALONE,
        "own": Becomes.CONNECTOR,
        "free": Becomes.CONNECTOR,
    }
    reasons = {verdict.connector.name: verdict.reason for verdict in plan.verdicts}
    released = "`pulumi state move`", "`pulumi state delete`", "off its comment"
    for name, stack in (("foreign", "other/prod"), ("unread", "p/production")):
        for words in (f"the stack {stack} manages it", f"[Pulumi: {stack}]", *released):
            assert words in reasons[name]
    assert "no resource of that stack's state has it" in reasons["lost"]
    assert "take the line [Pulumi: p/staging] off its comment" in reasons["lost"]
    assert [complaint for complaint in plan.complaints if "'foreign'" in complaint and "other/prod" in complaint]
    assert [item.get("comment") for item in additions(plan)["inboundConnectors"]] == ["SEC-1", "SEC-2"]


def test_no_partner_is_made_with_half_of_another_stacks() -> None:
    """Failure means: the next `pulumi up` of one of the two stacks changes a connector of the other."""
    first, second = pair("Fabrikam", "fabrikam.com")
    foreign = outbound("Fabrikam - outbound", "fabrikam.com", **{**second.row, "Comment": "[Pulumi: other/prod]"})
    plan = plan_of(first, foreign)
    assert fates(plan) == {"Fabrikam - inbound": Becomes.CONNECTOR, "Fabrikam - outbound": Becomes.LEFT_ALONE}
    assert "partners" not in additions(plan)


def test_the_state_says_more_than_the_mark() -> None:
    """Failure means: after `pulumi stack rename` or `state move` a stack's own connectors are taken for another's."""
    renamed = inbound("renamed", "a.com", Comment="[Pulumi: p/before]")
    seized = inbound("seized", "b.com", Comment="[Pulumi: other/prod]")
    managed = [
        ManagedConnector("dev", renamed.direction, renamed.guid, "renamed", False, Mark("p", "before")),
        ManagedConnector("dev", seized.direction, seized.guid, "seized", False, Mark("p", "dev")),
    ]
    declared = {
        "inboundConnectors": [
            {"name": "renamed", "senderDomains": ["a.com"]},
            {"name": "seized", "senderDomains": ["b.com"]},
        ]
    }
    plan = plan_of(renamed, seized, declared=declared, managed=managed)
    assert set(fates(plan).values()) == {Becomes.MANAGED}
    reasons = [verdict.reason for verdict in plan.verdicts]
    assert reasons[0] == "the stack dev manages it"
    assert "the mark names the stack other/prod now" in reasons[1]


def test_what_up_takes_over_is_declared_with_its_consent() -> None:
    """Failure means: `pulumi up` refuses what --declarations-only has just written, or takes over more than it must."""
    first, second = pair("Contoso", "contoso.com")
    marked = [
        inbound("Fabrikam - inbound", "fabrikam.com", Comment="[Pulumi: p/dev]"),
        outbound("Fabrikam - outbound", "fabrikam.com", Comment="[Pulumi: p/dev]"),
        inbound("Own", "own.com", Comment="[Pulumi: p/dev]"),
        inbound("Free", "free.com"),
    ]
    plan = plan_of(first, second, *marked)
    added = additions(plan, taken_over_by_up=True)
    assert {item["name"]: item.get("adoptExisting", False) for items in added.values() for item in items} == {
        "Contoso": True,
        "Fabrikam": False,
        "Own": False,
        "Free": True,
    }
    text = with_declarations("", {f"regulated-partners:{key}": items for key, items in added.items()})
    prove(load(text)["config"], plan, Path(__file__).parent)


def test_what_up_would_refuse_is_said() -> None:
    """Failure means: a declaration waits for an `up` that refuses it, and the command has said that all is well."""
    declared = {
        "inboundConnectors": [
            {"name": "free", "senderDomains": ["a.com"]},
            {"name": "own", "senderDomains": ["b.com"]},
            {"name": "consented", "senderDomains": ["c.com"], "adoptExisting": True},
        ]
    }
    own = inbound("own", "b.com", Comment="[Pulumi: p/dev]")
    plan = plan_of(inbound("free", "a.com"), own, inbound("consented", "c.com"), declared=declared)
    assert [verdict.connector.name for verdict in plan.without_consent] == ["free"]
    said = as_text(plan, "dev", Path("Pulumi.dev.yaml"), {}, Done(written=True))
    assert "refused by it without adoptExisting: 'free'." in said
    assert "refused" not in as_text(plan, "dev", Path("Pulumi.dev.yaml"), {}, Done(written=True, entered=True))


def test_the_import_file_of_the_plugin() -> None:
    """Failing: the engine refuses the file, reads another connector than was meant, or enters the halves of a partner
    beside it."""
    plan = plan_of(*pair("Fabrikam", "fabrikam.com"), inbound("Gateway", "*", RequireTls=True))
    file = json.loads(native_import_file(plan.adopted))
    guids = {one.connector.name: one.connector.guid for one in plan.adopted}
    (partner, *connectors) = file["resources"]
    assert partner == {
        "type": "exchange-online:index:RegulatedPartner",
        "name": "partner-0",
        "logicalName": "Fabrikam",
        "component": True,
        "remote": True,
    }
    assert [(each["type"], each["logicalName"], each["id"], each.get("parent")) for each in connectors] == [
        ("exchange-online:index:InboundConnector", "Fabrikam-inbound", guids["Fabrikam - inbound"], "partner-0"),
        ("exchange-online:index:OutboundConnector", "Fabrikam-outbound", guids["Fabrikam - outbound"], "partner-0"),
        ("exchange-online:index:InboundConnector", "Gateway", guids["Gateway"], None),
    ]
    assert len({each["name"] for each in file["resources"]}) == 4
    for each in connectors:
        assert each.keys() <= {"type", "name", "logicalName", "id", "parent"}
    assert json.loads(native_import_file(())) == {"resources": []}


def test_what_no_file_should_hold_is_left_alone() -> None:
    """Failing: one connector with a hidden character in its name or comment stops the adoption of all others."""
    plan = plan_of(
        inbound("By\u200bhand", "hand.example"),
        inbound("Guid", "guid.example", Comment="a\x7fb"),
        outbound("275ce7a6-dd00-4450-ad05-3ddf4c779ae8", "c.example"),
        *pair("Fabrikam Bank", "fabrikam.com"),
    )
    left = {
        verdict.connector.name: verdict.reason for verdict in plan.verdicts if verdict.becomes is Becomes.LEFT_ALONE
    }
    assert left.keys() == {"By\u200bhand", "Guid", "275ce7a6-dd00-4450-ad05-3ddf4c779ae8"}
    assert "holds U+200B ZERO WIDTH SPACE at place 3" in left["By\u200bhand"]
    assert "holds U+007F DELETE at place 2" in left["Guid"]
    assert [partner.name for partner in plan.partners] == ["Fabrikam Bank"]
