"""The sentences about mail, read as a person reads them, against what the documentation says of single messages."""

from __future__ import annotations

import re
from typing import Any

from exchange_online.connectors import Direction, check, mail_flow
from tests.exchange_online.connectors import mail_oracle as oracle
from tests.exchange_online.connectors.mail_oracle import Fate, Incoming, Outgoing

_INBOUND = re.compile(
    r"(?P<off>\(switched off\) )?mail (?P<whose>.+?) "
    r"(?:is refused unless it comes (?P<demands>[^;]+)|is accepted with or without TLS|"
    r"counts as coming from servers of your own, with or without TLS)(?P<beside>(?:; [^;]+)*)"
)
_OUTBOUND = re.compile(
    r"(?P<off>\(switched off\) )?(?P<test>\(test mode, no mail of people takes it\) )?mail (?P<whose>.+?) is delivered "
    r"(?P<way>by the MX record|through relay\.fabrikam\.com) (?P<how>[^;]+)(?P<beside>(?:; [^;]+)*)"
)


def _sentence(direction: Direction, row: dict[str, Any]) -> str:
    return mail_flow(check(direction, {"name": "Fabrikam", **row}).settings)


def _said_of_incoming(sentence: str, m: Incoming) -> Fate:
    """What a reader of the sentence expects of a message; silence means that it passes."""
    read = _INBOUND.fullmatch(sentence)
    assert read, sentence
    if read["off"] or read["demands"] is None:
        return Fate.PASSES
    beside = read["beside"]
    if f"mail of the organization {oracle.ORGANIZATION} is accepted" in beside and m.of_organization:
        return Fate.PASSES
    whose = read["whose"]
    named = {
        f"from {oracle.DOMAIN} (envelope sender)": m.of_domain,
        f"that comes from {oracle.ADDRESS}": m.of_address,
        f"to {oracle.ACCEPTED}": m.to_accepted,
        "from every sender": True,
    }
    rest = whose
    for words in named:
        rest = rest.replace(words, "", 1)
    assert not rest.strip(), sentence
    outside = [words for words, met in named.items() if words in whose and not met]
    if outside:
        open_question = "from other addresses too is not documented" in beside and not m.over_tls
        only_the_address = outside == [f"that comes from {oracle.ADDRESS}"]
        return Fate.NOT_DOCUMENTED if open_question and only_the_address else Fate.PASSES
    demands = {
        "over TLS": m.over_tls,
        f"with a certificate for {oracle.NAME}": m.with_name,
        f"from {oracle.ADDRESS}": m.of_address,
    }
    asked = read["demands"].split(", ")
    return Fate.PASSES if all(demands[words] for words in asked) else Fate.REFUSED


_HOW = {
    "only over TLS, with any certificate": 1,
    "only over TLS, with a certificate of a trusted CA": 2,
    f"only over TLS, with a trusted certificate for {oracle.NAME}": 3,
    "only over TLS, to a server that DANE with DNSSEC proves": 1,
}


def _taken(read: re.Match[str], m: Outgoing) -> bool:
    if "all other mail that leaves the tenant goes this way too" in read["beside"]:
        return True
    whose = read["whose"]
    if whose == "that a transport rule routes to it":
        return m.by_rule
    return any(
        (
            oracle.DOMAIN in whose and m.to == "domain",
            "every domain that has no connector of its own" in whose,
            "all accepted domains" in whose and m.to == "own",
        )
    )


def _said_of_outgoing(sentence: str, m: Outgoing) -> Fate:
    read = _OUTBOUND.fullmatch(sentence)
    assert read, sentence
    if read["off"] or read["test"] or not _taken(read, m):
        return Fate.PASSES
    how, proven = read["how"], "that DANE with DNSSEC proves" in read["how"]
    how = how.removesuffix(", and that DANE with DNSSEC proves")
    needed = 0 if how.startswith("with TLS if the server offers it, else without") else _HOW[how]
    if oracle.SERVERS.index(m.server) < needed or (proven and not m.dane):
        return Fate.REFUSED
    open_question = "what DANE does with smart hosts is not documented" in read["beside"]
    return Fate.NOT_DOCUMENTED if open_question and not m.dane else Fate.PASSES


def test_no_sentence_about_mail_from_a_partner_is_false() -> None:
    """Failing, an administrator believes that mail is refused, or accepted, that is not: for the settings shown."""
    rows = list(oracle.inbound_rows())
    assert len(rows) > 1000
    for row in rows:
        sentence = _sentence(Direction.INBOUND, row)
        for m in oracle.INCOMING:
            assert _said_of_incoming(sentence, m) is oracle.fate_of_incoming(row, m), (sentence, row, m)


def test_no_sentence_about_mail_to_a_partner_is_false() -> None:
    """Failing, an administrator believes that mail waits for TLS, or is delivered, that does not: for the settings."""
    rows = list(oracle.outbound_rows())
    assert len(rows) > 5000
    for row in rows:
        sentence = _sentence(Direction.OUTBOUND, row)
        for m in oracle.OUTGOING:
            assert _said_of_outgoing(sentence, m) is oracle.fate_of_outgoing(row, m), (sentence, row, m)


def test_what_is_stored_and_not_enforced_is_said() -> None:
    """Failing, a name or an address in the settings passes for a demand."""
    stored = {"senderDomains": ["fabrikam.com"], "tlsSenderCertificateName": "mail.fabrikam.com"}
    assert "mail.fabrikam.com is stored and not enforced" in _sentence(Direction.INBOUND, stored)
    beside = {**stored, "restrictDomainsToCertificate": True, "senderIpAddresses": ["203.0.113.5"]}
    assert "203.0.113.5 are stored and not enforced" in _sentence(Direction.INBOUND, beside)


def test_opportunistic_tls_names_what_can_demand_it_all_the_same() -> None:
    """Failing, `else without` is told of mail that the partner's DANE or MTA-STS forbids to go without."""
    plain: dict[str, Any] = {"recipientDomains": ["fabrikam.com"]}
    assert _sentence(Direction.OUTBOUND, plain).endswith("else without, unless its DANE or MTA-STS demands TLS")
    no_dane = {**plain, "smtpDaneMode": "None"}
    assert _sentence(Direction.OUTBOUND, no_dane).endswith("else without, unless its MTA-STS demands TLS")
    neither = {**no_dane, "mtaStsMode": "None"}
    assert _sentence(Direction.OUTBOUND, neither).endswith("else without")


def test_internal_mail_and_rewritten_senders_are_said() -> None:
    """Failing, settings of a hybrid deployment change what mail is trusted as, and the sentence is silent."""
    hybrid: dict[str, Any] = {"connectorType": "OnPremises", "cloudServicesMailEnabled": True}
    assert _sentence(Direction.INBOUND, {**hybrid, "senderDomains": ["*"]}).endswith("the mail counts as internal")
    outbound = {**hybrid, "recipientDomains": ["*"], "senderRewritingEnabled": True}
    assert "internal Exchange headers stay in the mail; senders are rewritten" in _sentence(
        Direction.OUTBOUND, outbound
    )
