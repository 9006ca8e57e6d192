"""`pulumi preview --policy-pack policies`: the pack in the real engine."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control
from regulated_partners.policies import RULES
from tests.engine import tenant
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"
PACK = ("--policy-pack", str(ROOT / "policies"))

GOOD: dict[str, Any] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1234, owner messaging team",
}
_OWNED = {"comment": "owner messaging"}

#: Declarations that the provider accepts and the pack does not: among them they violate every policy.
INBOUND: list[dict[str, Any]] = [
    {"name": "No TLS", "senderDomains": ["notls.example"], "requireTls": False, "enabled": False},
    {"name": "Everybody", "senderDomains": ["*"], "requireTls": True, **_OWNED},
    {
        "name": "Mixed",
        "senderDomains": ["mixed.example"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "*.mixed.example",
        "restrictDomainsToIpAddresses": True,
        "senderIpAddresses": ["192.0.2.10"],
        "associatedAcceptedDomains": ["contoso.com"],
        "trustedOrganizations": ["contoso.onmicrosoft.com"],
        "efSkipLastIp": True,
        "efUsers": ["a@contoso.com"],
        **_OWNED,
    },
    {
        "name": "By address",
        "senderDomains": ["mixed.example"],
        "restrictDomainsToIpAddresses": True,
        "senderIpAddresses": ["192.0.2.10"],
        **_OWNED,
    },
    {
        "name": "Of a service",
        "senderDomains": ["service.example"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.protection.outlook.com",
        **_OWNED,
    },
    {
        "name": "Hybrid",
        "senderDomains": ["own.example"],
        "connectorType": "OnPremises",
        "cloudServicesMailEnabled": True,
    },
]
OUTBOUND: list[dict[str, Any]] = [
    {"name": "Opportunistic", "recipientDomains": ["mixed.example", "more.example"], "testMode": True, **_OWNED},
    {"name": "All", "recipientDomains": ["*"], "tlsSettings": "EncryptionOnly", "smtpDaneMode": "None", **_OWNED},
    {
        "name": "Any name",
        "recipientDomains": ["notls.example"],
        "tlsSettings": "CertificateValidation",
        "mtaStsMode": "None",
        **_OWNED,
    },
    {
        "name": "Wildcard",
        "recipientDomains": ["wild.example"],
        "tlsSettings": "DomainValidation",
        "tlsDomain": "*.wild.example",
        **_OWNED,
    },
    {
        "name": "Many",
        "recipientDomains": [f"d{number}.example" for number in range(300)],
        "tlsSettings": "CertificateValidation",
        **_OWNED,
    },
]
WAIVERS: list[dict[str, Any]] = [
    {"policy": "outbound-tls-required", "partner": "Opportunistic", "reason": "SEC-1", "expires": "2020-01-31"},
    {"policy": "outbound-mta-sts-on", "partner": "Nobody", "reason": "SEC-2", "expires": "2099-12-31"},
    {"policy": "outbound-dane-on", "partner": "Any name", "reason": "SEC-3", "expires": "2020-01-32"},
]


def _violated(output: str) -> set[str]:
    return set(re.findall(r"\[(?:mandatory|advisory)\]\s+\[severity: \w+\]\s+([a-z-]+)", output))


def test_a_good_stack_passes_and_is_deployed(project: Project) -> None:
    """The pack could not be used at all: it does not start, or it stops what keeps every rule."""
    project.declare(GOOD)
    run = project.up(*PACK).succeeded()
    assert _violated(run.output) == set()
    assert "regulated-partners@v0.1.0" in run.output


def test_every_policy_is_enforced_by_the_engine(project: Project) -> None:
    """A rule that works by itself would never reach the person who deploys: the engine does not show it."""
    project.use_program(PROGRAMS / "unknown_type.py")
    project.configure(
        partners=[GOOD], inboundConnectors=INBOUND, outboundConnectors=OUTBOUND, waivers=WAIVERS, protect=False
    )
    configuration = project.directory / "policies.json"
    levels: dict[str, Any] = {"all": "advisory"}
    levels["connector-protected"] = {"enforcementLevel": "advisory", "stacks": ["dev"]}
    levels["waiver-complete"] = {"enforcementLevel": "mandatory", "maxDays": 30}
    configuration.write_text(json.dumps(levels), encoding="utf-8")
    run = project.preview(*PACK, "--policy-pack-config", str(configuration))
    assert run.exit_code != 0
    assert _violated(run.output) == {rule.id for rule in RULES}, {rule.id for rule in RULES} ^ _violated(run.output)
    assert "waivers[1]: expires is 2099-12-31, more than 30 days ahead" in run.output
    assert "the waiver of outbound-tls-required for 'Opportunistic' expired on 2020-01-31 (SEC-1)" in run.output
    assert "Traceback" not in run.output
    assert "resource 'later': it is of the type exchange-online:index:MailFlowRule" in run.output
    assert run.output.count("outbound connector 'Many': no inbound connector is for d0.example, ") == 1
    assert "and 296 more. Declare the partner as a RegulatedPartner" in run.output


def test_a_waiver_lets_a_deployment_pass_and_is_shown(project: Project) -> None:
    """What was agreed with a partner could not be deployed, or nobody would see that a rule does not hold."""
    weak = {**GOOD, "outbound": {"connectionSecurity": "selfSignedCertificate"}}
    project.declare(weak)
    refused = project.preview(*PACK)
    assert refused.exit_code != 0
    assert "outbound-certificate-trusted" in _violated(refused.output)
    waiver = {
        "policy": "outbound-certificate-trusted",
        "partner": "Fabrikam Bank",
        "reason": "SEC-1302, until spring",
        "expires": "2099-12-31",
    }
    project.declare(weak, waivers=[waiver])
    configuration = project.directory / "policies.json"
    configuration.write_text(
        json.dumps({"waiver-complete": {"enforcementLevel": "mandatory", "maxDays": 99999}}), encoding="utf-8"
    )
    passed = project.preview(*PACK, "--policy-pack-config", str(configuration)).succeeded()
    assert _violated(passed.output) == {"waiver-in-force"}
    assert "need not keep outbound-certificate-trusted until 2099-12-31: SEC-1302, until spring" in passed.output


def test_an_outage_is_for_a_time_and_the_second_connector_stands_beside(project: Project, control: Control) -> None:
    """Failing: a direction is off for ever, or its connector is made anew for it; or what the rules advise, a second
    connector by certificate beside the one by addresses, is refused (E09, E10)."""
    by_address = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.10"]}
    beside = {
        "name": "Fabrikam Bank - inbound by certificate",
        "senderDomains": ["fabrikam.com"],
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.fabrikam.com",
        **_OWNED,
    }
    project.declare({**GOOD, "inbound": by_address}, inboundConnectors=[beside])
    both = project.up(*PACK).succeeded()
    assert _violated(both.output) == {"inbound-restricted-by-certificate"}
    guids = tenant.guids(control)

    off = {**GOOD, "inbound": by_address, "outbound": {"enabled": False}}
    project.declare(off, inboundConnectors=[beside])
    refused = project.up(*PACK)
    assert refused.exit_code != 0
    assert "mail to fabrikam.com goes out without TLS where the server offers none" in refused.output
    assert (
        "- {policy: direction-switched-off, partner: Fabrikam Bank, reason: …, expires: YYYY-MM-DD}" in refused.output
    )
    day = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=3)
    waiver = {"policy": "direction-switched-off", "partner": "Fabrikam Bank", "reason": "SEC-9", "expires": str(day)}
    project.declare(off, inboundConnectors=[beside], waivers=[waiver])
    waived = project.up(*PACK).succeeded()
    assert _violated(waived.output) >= {"connector-enabled", "waiver-in-force"}
    assert "with TLS only where the server offers it, unless another connector applies" in waived.output
    assert tenant.guids(control) == guids
    in_use = {name: row.get("Enabled", True) for name, row in tenant.connectors(control, "outbound").items()}
    assert in_use == {"Fabrikam Bank - outbound": False}
    assert all(row.get("Enabled", True) for row in tenant.connectors(control, "inbound").values())


def test_what_is_not_known_yet_is_judged_when_it_is(project: Project) -> None:
    """A preview would call a rule violated, or kept, that it cannot judge; or the deployment would not judge it."""
    project.use_program(PROGRAMS / "computed_comment.py")
    project.configure()
    preview = project.preview(*PACK).succeeded()
    assert "can't run policy 'comment-names-owner'" in preview.output
    assert "names no owner" not in preview.output
    deployed = project.up(*PACK)
    assert deployed.exit_code != 0
    assert "its comment names no owner ('pair of " in deployed.output
