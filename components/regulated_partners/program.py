"""What a stack declares in all: partners, and connectors beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exchange_online.connectors import Direction, Severity, check
from exchange_online.connectors.neighbours import neighbour_warnings, restricts_tenant
from regulated_partners.partners.connectors import KEYS, DeclaredConnector, read_connectors
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.pair import inbound_half, outbound_half
from regulated_partners.partners.shared_partners import collect_partners
from regulated_partners.partners.stack import read_partners


@dataclass(frozen=True)
class DeclaredStack:
    """A stack's declarations after all rules have seen them.

    Attributes:
        partners, connectors: those whose shape is right.
        findings: everything there is to say, errors first.
    """

    partners: tuple[Partner, ...]
    connectors: tuple[DeclaredConnector, ...]
    findings: tuple[DeclarationFinding, ...]

    @property
    def errors(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)


def read_stack(setting: Callable[[str], object], directory: Path | None = None) -> DeclaredStack:
    """Reads everything that a stack declares.

    Args:
        setting: gives the stack's setting of a name, None where there is none.
        directory: the project's, for the file of shared partners; unless given that of the nearest Pulumi.yaml.
    """
    collected = collect_partners(setting, directory)
    declared = read_partners(collected.declared)
    findings = [*collected.findings, *map(collected.placed, declared.findings)]
    connectors: list[DeclaredConnector] = []
    for direction, key in KEYS.items():
        found, about = read_connectors(direction, setting(key))
        connectors += found
        # The provider's check shows the warnings of single connectors; what stops the program is shown here.
        findings += [finding for finding in about if finding.severity is Severity.ERROR]
    findings += _same_connector_name(declared.partners, connectors)
    findings += _beside_partners(declared.partners, connectors)
    findings.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    return DeclaredStack(declared.partners, tuple(connectors), tuple(findings))


def _same_connector_name(
    partners: Iterable[Partner], connectors: Iterable[DeclaredConnector]
) -> Iterable[DeclarationFinding]:
    """Connectors of a direction cannot share a name, wherever they are declared."""
    owners: dict[tuple[Direction, str], str] = {}
    known = set()
    for partner in partners:
        if partner.name.strip().lower() in known:
            continue  # Two partners of one name: that is said already.
        known.add(partner.name.strip().lower())
        for half in (inbound_half(partner), outbound_half(partner)):
            yield from _claim(owners, half.direction, str(half.inputs["name"]), f"partner {partner.name}")
    for connector in connectors:
        where = f"{KEYS[connector.direction]} '{connector.name}'"
        yield from _claim(owners, connector.direction, connector.name, where)


def _claim(
    owners: dict[tuple[Direction, str], str], direction: Direction, name: str, where: str
) -> Iterable[DeclarationFinding]:
    key = direction, name.strip().lower()
    earlier = owners.get(key)
    if earlier is None:
        owners[key] = where
    else:
        yield DeclarationFinding(
            where,
            f"the {direction.word} connector is named {name!r}, and so is that of {earlier}; give each its own name.",
        )


def _beside_partners(
    partners: Sequence[Partner], connectors: Iterable[DeclaredConnector]
) -> Iterable[DeclarationFinding]:
    """Connectors that apply to partners' mail too. Source: OfficeDocs-Exchange issue 900; connector-semantics 9."""
    halves = [half for partner in partners for half in (inbound_half(partner), outbound_half(partner))]
    pairs = [check(half.direction, half.inputs).settings for half in halves]
    for connector in connectors:
        same_direction = [settings for settings in pairs if settings.direction is connector.direction]
        for warning in neighbour_warnings(connector.settings, same_direction):
            yield DeclarationFinding(f"{KEYS[connector.direction]} '{connector.name}'", warning, Severity.WARNING)
        if same_direction and restricts_tenant(connector.settings):
            yield DeclarationFinding(
                f"{KEYS[connector.direction]} '{connector.name}'",
                "it restricts all senders of the tenant, and wins over the connectors of this stack's partners "
                "for mail from the same source; check that their mail meets its restriction too.",
                Severity.WARNING,
            )
