"""What a stack declares in all: its partners, and the connectors beside them, each judged once."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from exchange_online.connectors import Direction, OtherConnector, OtherWays, Severity, Way, listed, parameters
from regulated_partners.partners.connectors import DeclaredConnector, about_domains, read_connectors
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.findings import DeclarationFinding, about_earlier_names
from regulated_partners.partners.pair import Pair
from regulated_partners.partners.partner import read_partner
from regulated_partners.partners.placement import nothing_below
from regulated_partners.partners.secure import ALL_OF_IT, ReadableDeclaration, is_secure
from regulated_partners.partners.settings import StackSettings, read_settings, texts
from regulated_partners.partners.shared_partners import collect_partners

#: Connectors in a tenant. Source: OfficeDocs-O365ServiceDescriptions issue 494 (observed once, unconfirmed).
LIMITS = {Direction.INBOUND: 4450, Direction.OUTBOUND: 1800}


@dataclass(frozen=True)
class DeclaredStack:
    """A stack's declarations after all rules have seen them.

    Attributes:
        pairs: the partners whose shape is right, each with its two connectors.
        connectors: those beside the partners whose shape is right.
        findings: everything there is to say, errors first.
        settings: the stack's.
    """

    pairs: tuple[Pair, ...]
    connectors: tuple[DeclaredConnector, ...]
    findings: tuple[DeclarationFinding, ...]
    settings: StackSettings = field(default_factory=StackSettings)

    @property
    def partners(self) -> tuple[Partner, ...]:
        """The declarations of the partners."""
        return tuple(pair.partner for pair in self.pairs)

    @property
    def errors(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)

    @property
    def warnings(self) -> tuple[DeclarationFinding, ...]:
        return tuple(finding for finding in self.findings if not finding.is_error)


def read_stack(config: Mapping[str, object], root: Path | None = None, project: str = "") -> DeclaredStack:
    """Reads everything that a stack declares.

    Args:
        config: the stack's settings by their names with namespace, as in `regulated_partners.partners.read_settings`.
        root: the project's directory, for the file of shared partners; unless given that of the nearest Pulumi.yaml.
        project: the project's name.
    """
    settings, about_settings = read_settings(config, project)
    collected = collect_partners(settings, root)
    of_partners = read_partners(collected.declared)
    pairs = of_partners.pairs
    findings = [*about_settings, *nothing_below(config), *collected.findings]
    findings += map(collected.placed, of_partners.findings)
    connectors: list[DeclaredConnector] = []
    for direction, declared in (
        (Direction.INBOUND, settings.inbound_connectors),
        (Direction.OUTBOUND, settings.outbound_connectors),
    ):
        found, about = read_connectors(direction, declared)
        connectors += found
        # The provider's check shows the warnings of single connectors; what stops the program is shown here.
        findings += [finding for finding in about if finding.is_error]
        findings += [said.below(one.place) for one in found for said in about_earlier_names(one.aliases)]
        findings += [said.below(one.place) for one in found for said in about_domains(one.settings)]
    findings += _same_connector_name(pairs, connectors)
    findings += _beside_partners(pairs, connectors, texts(settings.known_ways))
    return DeclaredStack(pairs, tuple(connectors), _errors_first(findings), settings)


def read_partners(declared: object) -> DeclaredStack:
    """Reads the value of `regulated-partners:partners`; null is the empty list."""
    if declared is None:
        declared = []
    if is_secure(declared) and not isinstance(declared, list):
        return DeclaredStack((), (), (DeclarationFinding("partners", ALL_OF_IT),))
    if not isinstance(declared, list):
        wrong = DeclarationFinding("partners", "this is not a list; write each partner after '- name: ...'.")
        return DeclaredStack((), (), (wrong,))
    pairs: dict[int, Pair] = {}
    findings: list[DeclarationFinding] = []
    for index, item in enumerate(declared):
        readable = ReadableDeclaration(item, index)
        pair, found = read_partner(readable.plain, readable.secret, of_file=True)
        refused = {finding.path for finding in readable.refused}
        found = (*readable.refused, *(finding for finding in found if finding.path not in refused))
        findings += [finding.below(f"partners[{index}]") for finding in found]
        if pair is not None:
            pairs[index] = replace(pair, secret=readable.secret)
    partners = {index: pair.partner for index, pair in pairs.items()}
    findings += [*_same_name(partners), *_same_domain(partners), *_near_limits(len(partners))]
    return DeclaredStack(tuple(pairs.values()), (), _errors_first(findings))


def _errors_first(findings: Iterable[DeclarationFinding]) -> tuple[DeclarationFinding, ...]:
    return tuple(sorted(findings, key=lambda finding: not finding.is_error))


def _same_name(partners: dict[int, Partner]) -> Iterable[DeclarationFinding]:
    first: dict[str, int] = {}
    for index, partner in partners.items():
        earlier = first.setdefault(_folded(partner.name), index)
        if earlier != index:
            yield DeclarationFinding(
                f"partners[{index}].name",
                f"partners[{earlier}] has the name {partners[earlier].name!r} already; give each partner its own.",
            )


def _folded(name: str) -> str:
    """The same for names that look the same: whatever their case, composed or not, of usual width."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


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


def _same_connector_name(
    pairs: Iterable[Pair], connectors: Iterable[DeclaredConnector]
) -> Iterable[DeclarationFinding]:
    """Connectors of a direction cannot share a name, wherever they are declared; one of each is doubtful."""
    # Two partners of one name: that is said already.
    first: dict[str, Pair] = {}
    for pair in pairs:
        first.setdefault(_folded(pair.name), pair)
    named = [(half.direction, str(half.declared["name"]), pair) for pair in first.values() for half in pair.halves]
    claims = [(direction, name, f"partner {pair.name}") for direction, name, pair in named]
    claims += [(connector.direction, connector.name, connector.place) for connector in connectors]
    owners: dict[tuple[Direction, str], str] = {}
    for direction, name, where in claims:
        key = direction, _folded(name)
        if key in owners:
            said = f"the {direction.word} connector is named {name!r}, and so is that of {owners[key]}"
            yield DeclarationFinding(where, f"{said}; give each its own name.")
        owners.setdefault(key, where)
    yield from _same_in_both_directions(named)


def _same_in_both_directions(named: Iterable[tuple[Direction, str, Pair]]) -> Iterable[DeclarationFinding]:
    """Both kinds stand in one container of the directory (inferred); whether a name may be there twice is not known."""
    inbound = {_folded(name): pair for direction, name, pair in named if direction is Direction.INBOUND}
    for direction, name, pair in named:
        other = inbound.get(_folded(name))
        if direction is Direction.OUTBOUND and other is not None:
            beside = "its own inbound one" if other is pair else f"the inbound one of partner {other.name}"
            yield DeclarationFinding(
                f"partner {pair.name}",
                f"the outbound connector is named {name!r}, and so is {beside}; whether the service takes one name in "
                "both directions is not known. Give each its own name.",
                Severity.WARNING,
            )


def _beside_partners(
    pairs: Sequence[Pair], connectors: Sequence[DeclaredConnector], known: Sequence[str]
) -> Iterable[DeclarationFinding]:
    """Connectors of the stack that can take or refuse the mail of its partners, or of one another."""
    others = OtherWays(OtherConnector(connector.place, connector.settings) for connector in connectors)
    subjects = [("", pair.name, half.settings) for pair in pairs for half in pair.halves]
    subjects += [(connector.place, connector.name, connector.settings) for connector in connectors]
    found: dict[Way, list[str]] = {}
    said: set[frozenset[str]] = set()
    for place, owner, settings in subjects:
        for way in others.of(settings, place):
            # Two that their certificates or addresses tell apart are declared side by side on purpose.
            if not way.consented(known).is_alarm or way.told_apart or frozenset((place, way.guid)) in said:
                continue
            if place:
                said.add(frozenset((place, way.guid)))
            found.setdefault(way, []).append(owner)
    for way, owners in found.items():
        text = f"beside {listed(list(dict.fromkeys(owners)), 'and')}: {way.text} Check that this is meant."
        yield DeclarationFinding(way.guid, text, Severity.WARNING)
