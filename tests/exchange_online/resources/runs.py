"""Runs of the provider process, and what must be true after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange_online.admin_api import TIME_SCALE
from exchange_online.connectors import ConnectorSettings, Direction, check, record_from_row
from exchange_online_emulator import Control
from tests.support.mini_stack import Declaration, MiniStack, Program, Run
from tests.support.provider_process import DYNAMIC, Face, ProviderProcess

#: The last line of the comment of what the stack makes.
MARK = "[Pulumi: regulated-partners/test]"
CONFIG = {"regulated-partners:cloud": "local"}

INBOUND = Declaration(
    Direction.INBOUND,
    {
        "name": "Fabrikam Bank - inbound",
        "senderDomains": ["fabrikam.com", "*.fabrikam.com"],
        "requireTls": True,
        "restrictDomainsToCertificate": True,
        "tlsSenderCertificateName": "mail.fabrikam.com",
        "comment": "SEC-1234",
    },
)
OUTBOUND = Declaration(
    Direction.OUTBOUND,
    {
        "name": "Fabrikam Bank - outbound",
        "recipientDomains": ["fabrikam.com", "*.fabrikam.com"],
        "tlsSettings": "DomainValidation",
        "tlsDomain": "mail.fabrikam.com",
        "comment": "SEC-1234",
    },
)
#: A create in two steps: only `Set-` takes the recipients.
TWO_STEPS = OUTBOUND.with_(validationRecipients=["postmaster@fabrikam.com"])
#: What a restricted offering creates disabled.
ON_PREMISES = Declaration(
    Direction.INBOUND,
    {"name": "Own servers", "connectorType": "OnPremises", "senderDomains": ["*"], "requireTls": True},
)


@dataclass(frozen=True)
class Start:
    """Starts provider processes of a face against the emulator at `connection`."""

    connection: Path
    face: Face = DYNAMIC

    def __call__(self, scale: float = 0.0, **environ: str) -> ProviderProcess:
        """A process that waits `scale` times as long as it should."""
        variables = {"EXCHANGE_ONLINE_EMULATOR": str(self.connection), TIME_SCALE: str(scale)}
        return ProviderProcess(CONFIG, variables | environ, face=self.face)


def without_mark(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a write without the stack's mark, which all that name a comment have."""
    if "Comment" not in parameters:
        return dict(parameters)
    above, mark, below = str(parameters["Comment"]).rpartition(MARK)
    assert (mark, below) == (MARK, ""), parameters
    return {**parameters, "Comment": above.removesuffix("\n")}


def declared(declaration: Declaration) -> ConnectorSettings:
    """The canonical settings of a declaration."""
    checked = check(declaration.direction, declaration.properties)
    assert not checked.errors, checked.errors
    return checked.settings


def held(tenant: Control, direction: Direction) -> list[ConnectorSettings]:
    """The canonical settings of every connector of the tenant in a direction, by name."""
    rows = tenant.connectors(direction.word)
    return sorted((record_from_row(direction, row).settings for row in rows), key=lambda settings: settings.name)


def assert_tenant_is(tenant: Control, program: Program) -> None:
    """The tenant holds the declared connectors as declared, each once, and no other."""
    for direction in Direction:
        wanted = [declared(declaration) for declaration in program.values() if declaration.direction is direction]
        assert held(tenant, direction) == sorted(wanted, key=lambda settings: settings.name)


def assert_converges(stack: MiniStack, tenant: Control, program: Program) -> Run:
    """The next run, without faults, ends as declared; then a run sends no write. Returns the former."""
    tenant.clear_faults()
    tenant.clear_calls()
    second = stack.up(program)
    assert not second.errors
    assert_tenant_is(tenant, program)
    guids = Counter(resource.id for resource in stack.resources.values())
    assert not [guid for guid, count in guids.items() if count > 1]
    if second.changed_nothing and not tenant.writes():
        return second
    tenant.clear_calls()
    third = stack.up(program)
    assert third.changed_nothing, third
    assert tenant.writes() == []
    return second


def assert_sentence(text: str, *words: str) -> None:
    """An error as a person reads it: it holds the words, one line, no traceback, no Python names."""
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert 'File "' not in text
    assert "\n" not in text.strip()
    assert "unexpected" not in text, text
