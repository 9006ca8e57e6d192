"""The partners of a stack: each by itself, and all of them together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange_online.connectors import Direction, Severity, parameters
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.findings import DeclarationFinding, read_partner

#: Connectors in a tenant. Source: OfficeDocs-O365ServiceDescriptions issue 494 (observed once, unconfirmed).
LIMITS = {Direction.INBOUND: 4450, Direction.OUTBOUND: 1800}


@dataclass(frozen=True)
class Declared:
    """A stack's partners after all rules have seen them.

    Attributes:
        partners: those whose shape is right.
        findings: everything there is to say, errors first.
    """

    partners: tuple[Partner, ...]
    findings: tuple[DeclarationFinding, ...]

    @property
    def errors(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.WARNING)


def read_partners(declared: object) -> Declared:
    """Reads the value of `regulated-partners:partners`; null is the empty list."""
    if declared is None:
        declared = []
    if not isinstance(declared, list):
        wrong = DeclarationFinding("partners", "this is not a list; write each partner after '- name: ...'.")
        return Declared((), (wrong,))
    partners: dict[int, Partner] = {}
    findings: list[DeclarationFinding] = []
    for index, each in enumerate(declared):
        partner, found = read_partner(each)
        findings += [finding.below(f"partners[{index}]") for finding in found]
        if partner is not None:
            partners[index] = partner
    findings += [*_same_name(partners), *_same_domain(partners), *_near_limits(len(partners))]
    findings.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    return Declared(tuple(partners.values()), tuple(findings))


def _same_name(partners: dict[int, Partner]) -> Iterable[DeclarationFinding]:
    first: dict[str, int] = {}
    for index, partner in partners.items():
        earlier = first.setdefault(partner.name.strip().lower(), index)
        if earlier != index:
            yield DeclarationFinding(
                f"partners[{index}].name",
                f"partners[{earlier}] has the name {partner.name!r} already; give each partner its own.",
            )


def _same_domain(partners: dict[int, Partner]) -> Iterable[DeclarationFinding]:
    """Source: Exchange Online mail flow pages: one inbound and one outbound connector per partner."""
    owners: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for index, partner in partners.items():
        for place, domain in enumerate(_canonical(partner.domains)):
            owners[domain].append((index, place))
    for domain, places in owners.items():
        for index, place in places[1:]:
            other = places[0][0]
            if other != index:
                yield DeclarationFinding(
                    f"partners[{index}].domains[{place}]",
                    f"{domain} belongs to partners[{other}] ({partners[other].name}) already; two connectors for one "
                    "domain can lose mail. Keep it with one partner.",
                )
    yield from _covered(partners, owners)


def _covered(partners: dict[int, Partner], owners: dict[str, list[tuple[int, int]]]) -> Iterable[DeclarationFinding]:
    for domain, places in owners.items():
        index, place = places[0]
        for wildcard in _wildcards_above(domain):
            other = owners.get(wildcard, [(index, 0)])[0][0]
            if other != index:
                yield DeclarationFinding(
                    f"partners[{index}].domains[{place}]",
                    f"{domain} is covered by {wildcard} of partners[{other}] ({partners[other].name}) too; for mail to "
                    "it the more exact domain wins, for mail from it the order is not documented.",
                    Severity.WARNING,
                )


def _wildcards_above(domain: str) -> Iterable[str]:
    """`*.a.b.c`, `*.b.c`, `*.c` for `a.b.c`; `*.c` for `*.b.c`.

    Source: New-InboundConnector, SenderDomains: `*.contoso.com` is the domain and all subdomains.
    """
    labels = domain.removeprefix("*.").split(".")
    for start in range(int(domain.startswith("*.")), len(labels)):
        yield "*." + ".".join(labels[start:])


def _canonical(domains: Sequence[str]) -> Iterable[str]:
    kind = next(p.kind for p in parameters(Direction.OUTBOUND) if p.name == "RecipientDomains")
    for domain in domains:
        value, _ = kind.read([domain])
        yield value[0] if isinstance(value, tuple) and value else domain


def _near_limits(count: int) -> Iterable[DeclarationFinding]:
    for direction, limit in LIMITS.items():
        if count >= limit * 0.8:
            yield DeclarationFinding(
                "partners",
                f"{count} partners make {count} {direction.word} connectors, and a tenant is said to hold {limit}; put "
                "partners with the same demands into one connector.",
                Severity.WARNING,
            )
