"""The four example partners of `stacks/Pulumi.dev.yaml` as a report knows them: all proven, or one of each verdict."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from exchange_online.connectors import Way, WayKind, Weight
from regulated_partners.evidence import Report
from regulated_partners.other_ways import Look, PartnersWay
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import Check, Finding, Judgement, Level, Party, Verdict
from tests.regulated_partners.evidence.records import (
    IN,
    NOW,
    OUT,
    STACK,
    WHO,
    YESTERDAY,
    Project,
    connectors,
    drift,
    inventory,
    judgement,
    server,
    traffic,
    verified,
)

_STACK_FILE = Path(__file__).parents[3] / "stacks" / "Pulumi.dev.yaml"
_BROKEN = "Humongous Insurance"
_WAIVER = {
    "policy": "inbound-restricted-by-certificate",
    "partner": _BROKEN,
    "reason": "SEC-1318: their gateway has no certificate of its own before the move in January",
    "expires": "2027-01-31",
}
#: Of the certificates of servers.
_ENDS = datetime.datetime(2027, 6, 1, tzinfo=datetime.UTC)
#: A name as mail archives give it, without a place to break it.
_MESSAGE = "20261124T081500Z_3f9c0a7e5d1b4c2e8a6f_statement_november_humongousinsurance_com.eml"
#: The SHA-256 of the plan that was reviewed and applied.
_PLAN = "9f2c7a51d0e84b6fb3a1c6d7e8f90123456789abcdef0123456789abcdef0123"


def proven(root: Path) -> Report:
    """Everything is proven, of all four."""
    project = Project.of(root, *example_partners())
    project.give(inventory(connectors(project.pairs), started=YESTERDAY))
    project.give(verified("partner", *(_server_passes(pair) for pair in project.pairs)))
    project.give(_month(*project.pairs))
    project.give(_history())
    return project.report()


def broken(root: Path) -> Report:
    """One is proven, one with a warning, one not, and of one nearly everything is contradicted."""
    project = Project.of(root, *example_partners(), waivers=[_WAIVER])
    fabrikam, soon, unseen, bad = project.pairs
    assert bad.name == _BROKEN
    ends = NOW + datetime.timedelta(days=20)
    servers = [_server_passes(fabrikam), _server_passes(soon, not_after=ends), _server_passes(unseen)]
    project.give(verified("partner", *servers, _server_fails(bad)))
    project.give(_month(fabrikam, soon, bad))
    project.give(_message_in_clear(bad))
    way = _other_way()
    project.give(inventory(connectors(project.pairs), look=Look((PartnersWay(way, (_BROKEN,)),)), started=YESTERDAY))
    project.give(_drifted(bad, way))
    project.give(_review(bad))
    project.give(_history())
    project.give("{", "damaged.json")
    return project.report()


def many(root: Path, count: int) -> Report:
    """So many partners, with three servers each; a third of them are contradicted."""
    partners = [
        {
            "name": f"Northwind Clearing House {number}",
            "domains": [f"partner{number}.example", f"*.partner{number}.example"],
            "certificateName": f"mail.partner{number}.example",
            "comment": f"SEC-{number}, owner messaging team",
        }
        for number in range(count)
    ]
    project = Project.of(root, *partners)
    project.give(inventory(connectors(project.pairs)))
    wrong = [Finding(Check.NAME, Level.ERROR, "The certificate is for other names than the declared one. " * 3)]
    seen = [
        server(
            pair,
            Verdict.PASSED if number % 3 else Verdict.FAILED,
            host=f"{host}.partner{number}.example",
            findings=() if number % 3 else wrong,
        )
        for number, pair in enumerate(project.pairs)
        for host in ("mx1", "mx2", "mx3")
    ]
    project.give(verified("partner", *seen))
    return project.report()


def example_partners() -> list[dict[str, Any]]:
    """As they are declared."""
    document = yaml.safe_load(_STACK_FILE.read_text(encoding="utf-8"))
    partners: list[dict[str, Any]] = document["config"]["regulated-partners:partners"]
    return partners


def _month(*pairs: Pair) -> str:
    return verified("traffic", *(traffic(pair, direction) for pair in pairs for direction in (IN, OUT)))


def _server_passes(pair: Pair, not_after: datetime.datetime = _ENDS) -> Judgement:
    name = pair.outbound.settings.tls_domain or f"mail.{pair.outbound.settings.recipient_domains[0]}"
    return server(pair, host=name, not_after=not_after, **_shown(name))


def _shown(name: str) -> dict[str, Any]:
    return {"common name": name, "issuer": "CN=Public Issuing CA 3"}


def _server_fails(pair: Pair) -> Judgement:
    text = (
        "mx.humongousinsurance.com matches no name in the certificate: CN mx.hosting.test (the names differ), SAN "
        "*.hosting.test (the names differ). The partner needs a certificate for it, or the declared certificateName or "
        "tlsDomain must be one of the certificate's names."
    )
    found = [Finding(Check.NAME, Level.ERROR, text, Party.EITHER)]
    host = "mx.humongousinsurance.com"
    return server(pair, Verdict.FAILED, host=host, findings=found, **_shown("mx.hosting.test"))


def _message_in_clear(pair: Pair) -> str:
    text = "The hop from 198.51.100.10 to the border of this organization bears no mark of TLS."
    found = [Finding(Check.TRANSPORT, Level.ERROR, text, Party.PARTNER)]
    date = {"date": "2026-11-24, a day ago"}
    seen = judgement(pair, IN, "message", Verdict.FAILED, _MESSAGE, facts=date, findings=found)
    return verified("message", seen)


def _other_way() -> Way:
    text = "the inbound connector 'Old gateway' takes mail from humongousinsurance.com without TLS, from any server"
    return Way(WayKind.WIDER, Weight.TAKES, IN, "Old gateway", "8c8e2d0e-0000-4000-8000-000000000001", text, False)


def _drifted(pair: Pair, way: Way) -> dict[str, Any]:
    different = {
        "partner": pair.name,
        "connector": pair.inbound.settings.name,
        "direction": "inbound",
        "properties": [{"parameter": "RequireTls", "declared": "true", "found": "false"}],
        "effects": [{"class": "weakens", "reason": "mail from the partner is taken without TLS"}],
    }
    ways = [{"partners": [pair.name], "direction": "inbound", "weight": way.weight, "text": way.text}]
    return drift(different, started=YESTERDAY + datetime.timedelta(hours=1), otherWays=ways)


def _review(pair: Pair) -> dict[str, Any]:
    before = "mail to humongousinsurance.com is delivered by the MX record only over TLS, with any certificate"
    after = (
        "mail to humongousinsurance.com is delivered by the MX record only over TLS, with a trusted certificate for "
        "mx.humongousinsurance.com"
    )
    change = {
        "name": pair.outbound.settings.name,
        "direction": "outbound",
        "operation": "update",
        "before": before,
        "after": after,
        "effects": [{"class": "strengthens", "reason": "the certificate has to be a trusted one for this name"}],
        "settings": [{"parameter": "TlsSettings", "before": "EncryptionOnly", "after": "DomainValidation"}],
    }
    partners = [{"name": pair.name, "connectors": [change]}]
    plan: dict[str, Any] = {"plan": {"sha256": _PLAN}, "otherWays": [], "otherWaysProblem": None}
    return {**_head("review"), "partners": partners, **plan}


def _history() -> dict[str, Any]:
    commit = "1f0c3d5a7b9e2468ace013579bdf02468ace1357"
    update = {"kind": "update", "result": "succeeded", "author": "Ada Example", "commit": commit}
    return {
        **_head("history"),
        "updates": [
            {
                **update,
                "version": 2,
                "startTime": "2026-11-20T09:00:00.000Z",
                "planned": True,
                "message": f"Plan sha256:{_PLAN}",
            },
            {
                **update,
                "version": 1,
                "startTime": "2026-11-18T09:00:00.000Z",
                "message": "Add four partners",
                "dirty": True,
            },
        ],
    }


def _head(command: str) -> Mapping[str, Any]:
    started = "2026-11-25T08:00:00+00:00"
    return {
        "format": 1,
        "tool": "regulated-partners",
        "stack": STACK,
        "who": WHO,
        "started": started,
        "command": command,
    }
