"""docs/facts.md: what the product relies on about Exchange Online, how sure each fact is, and where it is from.

What connectors do to mail is listed here; how the service answers comes from the emulator's rules, which
carry a tag and a source each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exchange_online_emulator import rules_table
from exchange_online_emulator.rules import Rule, Tag
from regulated_partners.markdown import Markdown, table

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "facts.md"

#: What the tags mean, in a reader's words. Source: exchange-wire section 2.
CERTAINTIES: dict[Tag, tuple[str, str]] = {
    "documented": ("documented", "a public page of Microsoft says so"),
    "observed:live": ("observed, live", "one public project has recorded it from the real service"),
    "observed:client": ("observed, client", "Microsoft's own client module does it or expects it"),
    "observed:multi": ("observed, several", "several independent public projects or reports agree"),
    "observed:single": ("observed, once", "one public project, report or vendor's page says so"),
    "assumed": ("assumed", "inferred from the others; no source states it"),
}

#: The short names in the column of sources.
SOURCES = {
    "AZAPP": "azapptoolkit, a public client in Rust",
    "BLOG25": "the Exchange team's blog of 2025 on hybrid mail flow and certificates (techcommunity 4420592)",
    "CIPP": "KelvinTegelaar's CIPP-API, which writes connectors; with a number an issue or pull request of it",
    "EXO22": "Microsoft's mail flow pages for Exchange Online as of April 2022 (OfficeDocs-Exchange)",
    "EXOHELPER": "ExoHelper, a public PowerShell client",
    "G2O": "graph2otel, a public client in Go that ran against the real service in July 2026",
    "HELLOID": "Tools4ever's public connectors for HelloID",
    "LEARN": "Microsoft Learn, Exchange Online Admin API (version 2.0)",
    "MICHEV": "michev.info, posts 5822 and 7180",
    "RAWHTTP": "a public capture of one request and its answer, May 2024",
    "SCUBA": "cisagov's ScubaGear",
    "SEPP": "the public modules and pages of SEPPmail",
    "SIGCHAMP": "a public client of a signature service",
    "TMPEXO": "the module that Microsoft's ExchangeOnlineManagement makes when it connects",
    "VOSS": "the connector models of VOSS",
}


@dataclass(frozen=True)
class Fact:
    """One thing that connectors or the service do to mail.

    Attributes:
        text: what is so.
        tag: how it is known.
        source: where from, with what of it is less sure than the tag.
        used: where the product relies on it, as a link of docs/.
    """

    text: str
    tag: Tag
    source: str
    used: str


_DECLARATION = "[declaration](declaration.md)"
_SENDERS = "[senders](declaration.md#which-sender-a-connector-goes-by)"
_VERIFY = "[verifying](verify.md)"
_WAYS = "[other ways](behaviour.md#other-ways-of-the-partners-mail)"

#: Source of all: connector-semantics sections 5 to 9, tls-verification 2.2 to 2.4; docs/declaration.md on senders.
MAIL = (
    Fact(
        "An inbound partner connector with one of the two restrictions refuses mail of its domains that does not meet "
        "it, with 550 5.7.51",
        "documented",
        "New-InboundConnector; BLOG25 (the text)",
        _DECLARATION,
    ),
    Fact(
        "Without a restriction, a name or addresses on an inbound connector refuse nothing",
        "documented",
        "New-InboundConnector, TlsSenderCertificateName",
        _DECLARATION,
    ),
    Fact(
        "`SenderDomains` are compared with the envelope sender (MAIL FROM) alone, and not with the header `From:`",
        "observed:single",
        "msxfaq.de, partner_inbound_connector; Microsoft's pages on SRS and on relaying use both words in this sense",
        _SENDERS,
    ),
    Fact(
        "A bounce (MAIL FROM `<>`) is neither refused nor protected by a connector for domains",
        "assumed",
        "it has no domain to compare",
        _SENDERS,
    ),
    Fact(
        "`SenderIPAddresses` take IPv4 alone, so that a partner who sends over IPv6 is refused",
        "assumed",
        "documented is that IPv6 is not taken, and that accepted domains have IPv6 since October 2024 (MC835648)",
        _SENDERS,
    ),
    Fact(
        "`RequireTls` refuses mail in clear, with 451 5.7.3",
        "documented",
        "New-InboundConnector; the text is from one report of March 2026",
        _VERIFY,
    ),
    Fact(
        "The four values of `TlsSettings`: unset may send in clear, EncryptionOnly takes any certificate, "
        "CertificateValidation a trusted one, DomainValidation one with the name of `TlsDomain`",
        "documented",
        "Set-OutboundConnector",
        _DECLARATION,
    ),
    Fact(
        "A certificate's common name and its alternative names both count, in both directions",
        "assumed",
        "sources disagree: the portal's text (EXO22) and BLOG25 name both; New-InboundConnector names the subject",
        _VERIFY,
    ),
    Fact(
        "A wildcard in a certificate or a declared name stands for one label",
        "assumed",
        "as in all of TLS; only of outbound connectors a source of 2014 says it",
        _VERIFY,
    ),
    Fact(
        "Whether `*.fabrikam.com` covers fabrikam.com itself is not known, so both are declared",
        "assumed",
        "New-InboundConnector and New-OutboundConnector say different things",
        _DECLARATION,
    ),
    Fact(
        "`SenderDomains *` with a restriction refuses all other mail to the tenant",
        "documented",
        "EXO22",
        _WAYS,
    ),
    Fact(
        "Of several outbound connectors the one with the exact domain is taken, then the one for accepted domains, "
        "then a wildcard",
        "documented",
        "EXO22",
        _WAYS,
    ),
    Fact(
        "Which of several inbound connectors that fit is taken has no complete documented order; one that is found by "
        "address or certificate comes before one by domain",
        "documented",
        "EXO22; OfficeDocs-Exchange issue 900",
        _WAYS,
    ),
    Fact(
        "A partner connector never allows relay",
        "observed:single",
        "inspnet/signer README",
        _DECLARATION,
    ),
    Fact(
        "A self-signed certificate cannot meet an inbound restriction by certificate",
        "observed:single",
        "msxfaq.de; documented for connectors of one's own servers only",
        _DECLARATION,
    ),
    Fact(
        "All of Microsoft 365 shows the name mail.protection.outlook.com, so that it proves no tenant",
        "documented",
        "Microsoft 365 TLS pages (the issuer changes)",
        _DECLARATION,
    ),
    Fact(
        "Exchange Online sends with TLS 1.2 or 1.3, never with 1.0 or 1.1",
        "documented",
        "techcommunity 2065089; 1.3 is from headers of messages since November 2024",
        _VERIFY,
    ),
    Fact(
        "A certificate with another name lets mail to the partner wait with 450 4.4.317 and SubjectMismatch, earlier "
        "450 4.7.320",
        "documented",
        "BLOG25; the earlier form from one report of 2017",
        _VERIFY,
    ),
    Fact(
        "An untrusted or expired certificate is told in the same form, with UntrustedRoot or CertificateExpired",
        "assumed",
        "the form of SubjectMismatch",
        _VERIFY,
    ),
    Fact(
        "Revocation is checked by CertificateValidation and DomainValidation; what becomes of mail when it cannot be "
        "checked is not known",
        "documented",
        "Set-OutboundConnector",
        _VERIFY,
    ),
    Fact(
        "DANE and MTA-STS come on top of `TlsSettings`, and look at the servers of the MX record",
        "documented",
        "Microsoft's pages on DANE and MTA-STS; what they do with smart hosts is not known",
        _VERIFY,
    ),
    Fact(
        "Mail that DANE refuses is tried again every 15 minutes twice, then hourly, and comes back after 24 hours",
        "documented",
        "Microsoft, how SMTP DANE works; that a connector's refusal takes as long is assumed",
        _VERIFY,
    ),
    Fact(
        "A change of a connector takes effect after a while, for which there is no figure",
        "documented",
        "EXO22",
        "[a first partner](first-partner.md)",
    ),
    Fact(
        "The portal's validation is no condition of the service: a connector works that was never validated",
        "observed:live",
        "G2O",
        "[verifying](verify.md#the-tenant)",
    ),
    Fact(
        "The permission Exchange.ManageAsApp and a role are both needed; a role counts only in a token issued after it",
        "observed:live",
        "G2O, AZAPP; Microsoft's page on app-only authentication (the token holds the roles)",
        "[a real tenant](real-tenant.md)",
    ),
    Fact(
        "Connectors can be read and written by `InvokeCommand` of the admin API, which Microsoft does not document",
        "observed:multi",
        "TMPEXO, CIPP, G2O, AZAPP, SCUBA, EXOHELPER",
        "[behaviour](behaviour.md#order-of-calls)",
    ),
    Fact(
        "A tenant holds at most 1,800 outbound and 4,450 inbound connectors",
        "observed:single",
        "OfficeDocs-O365ServiceDescriptions #494, of 2021; Microsoft documents no limit",
        "[behaviour](behaviour.md)",
    ),
)

#: The rules that are the service's; the others are switches and faults of the emulator.
_SERVICE = ("always", "strict")
_ABOUT_VALUES = re.compile(r"[VN]\d|EF-|accepted-domain|defaults|smtp-|text-param|transport-rule")


def service_rules() -> tuple[Rule, ...]:
    """The emulator's rules that state a fact about Exchange Online."""
    return tuple(rule for rule in rules_table.registered_rules() if rule.applies in _SERVICE)


def document() -> str:
    """docs/facts.md."""
    rules = service_rules()
    counts = Counter(CERTAINTIES[tag][0] for tag in (*(fact.tag for fact in MAIL), *(rule.tag for rule in rules)))
    about_values = [rule for rule in rules if _ABOUT_VALUES.match(rule.id)]
    answers = [rule for rule in rules if not _ABOUT_VALUES.match(rule.id)]
    lines = [
        "# Facts about Exchange Online that we rely on",
        "",
        "Nothing of this has been tried on a real tenant by this project; [on yours](conformance.md) some can be.",
        "Made by `make generate`, from `tools/facts.py` and from the rules of the [emulator](emulator.md).",
        "",
        *_table(
            ("certainty", "means", "facts"),
            ((f"**{name}**", meaning, str(counts[name])) for name, meaning in CERTAINTIES.values()),
        ),
        "## What connectors do to mail",
        "",
        *_table(
            ("fact", "certainty", "source", "relied on in"),
            ((fact.text, CERTAINTIES[fact.tag][0], fact.source, fact.used) for fact in MAIL),
        ),
        "## Which settings the service takes, and how it keeps them",
        "",
        "The numbers are those of our errors (*rule V4*) and of the emulator's table.",
        "",
        *_table(("rule", "fact", "certainty", "source"), map(_row, about_values)),
        "## How the service answers",
        "",
        *_table(("rule", "fact", "certainty", "source"), map(_row, answers)),
        "## The sources by their short names",
        "",
        "A cmdlet's name means its page in Microsoft's reference. *exchange-wire*, *connector-semantics* and *found*",
        "are this project's collected notes, which name their own sources.",
        "",
        *_table(("short name", "source"), sorted(SOURCES.items())),
    ]
    return "\n".join(lines)


def _row(rule: Rule) -> tuple[str, ...]:
    return (f"`{rule.id}`", rule.summary, CERTAINTIES[rule.tag][0], rule.source)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and the line below it; its cells are Markdown of our own."""
    yield from table(heads, ([Markdown(cell.replace("|", "\\|")) for cell in row] for row in rows))
    yield ""
