"""Messages of senders who mean harm, made from seeds: `python -m tests.regulated_partners.verify.adversary 10000`.

The sender controls HELO, the envelope, `From:`, every field below the border, and what is attached. What the
receiving side writes (the address that connected, the transport, the fields above the border) is true: a clear hop, or
one from an address that is not the partner's. So no judgement of such a message may pass, but for a hop between servers
of one's own.
"""

from __future__ import annotations

import base64
import io
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import Judgement, Verdict
from regulated_partners.verify.message import MessageCheck, judge_file
from tests.regulated_partners.verify.partners import declared

TLS_GROUP = " (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)"
DATE = "Sun, 22 Apr 2026 02:54:17 +0000"
PARTNER_ADDRESS, FOREIGN = "198.51.100.10", ("192.0.2.66", "203.0.113.200", "2001:db8::66", "8.8.4.4", "40.107.20.66")
GATEWAY_ADDRESS = "203.0.113.7"
PAIRS: tuple[Pair, ...] = (
    declared(),
    declared(domains=["fabrikam.com", "*.fabrikam.com"], certificateName="*.fabrikam.com"),
    declared(inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": [PARTNER_ADDRESS]}),
    declared(outbound={"smartHosts": ["relay.fabrikam.com"], "connectionSecurity": "selfSignedCertificate"}),
)
NAMES = (
    *("mail.fabrikam.com", "fabrikam.com", "relay.fabrikam.com", "mx0a-0001.pphosted.com", "gw.contoso.example"),
    *("outlook.com", "fabrikam.onmicrosoft.com.mail.protection.outlook.com", "x.prod.outlook.com"),
    *("EUR05-DB8-obe.outbound.protection.outlook.com", "localhost", "[127.0.0.1]", "[IPv6:::1]", "evil.example.net"),
)
#: What a sender may try to be called where blanks and parentheses get through.
TRICKS = (
    *("{0}(", "{0})", "(((", "{0}(TLS)", "{0}(version=TLS1_3,cipher=TLS_AES_256_GCM_SHA384)", "by", "with", "{0};"),
    "{0} (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)",
    "{0} (198.51.100.10) by A.mail.protection.outlook.com (10.0.0.1) with Microsoft SMTP Server"
    " (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.1.1 via Frontend Transport; " + DATE,
    "{0} (mail.fabrikam.com [198.51.100.10]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))",
    "{0} (198.51.100.10) by mail.fabrikam.com with ESMTPS (TLS) id 1;",
    "{0}\tby gw.contoso.example (Postfix) with ESMTPS id 1; " + DATE,
)


@dataclass(frozen=True)
class Attack:
    """A message, how it is asked about, and the address that truly connected.

    Attributes:
        text: the whole file.
        check: how it is judged.
        address: of the true hop.
        is_clear: whether the true hop was clear.
    """

    text: str
    check: MessageCheck
    address: str
    is_clear: bool


def attack(seed: int) -> Attack:
    """The message of a seed."""
    chance = random.Random(seed)  # noqa: S311 - a message is made again from its seed
    is_clear = chance.random() < 0.5
    address = PARTNER_ADDRESS if is_clear and chance.random() < 0.4 else chance.choice(FOREIGN)
    gateways = chance.choice(
        [(), (), (), ("pphosted.com",), ("contoso.example",), ("contoso.example", GATEWAY_ADDRESS), (GATEWAY_ADDRESS,)]
    )
    # Without a partner a foreign hop over TLS may pass: what it shows is true.
    partner = chance.choice(PAIRS) if not is_clear or chance.random() < 0.7 else None
    directions = chance.choice([tuple(Direction), tuple(Direction), (Direction.INBOUND,), (Direction.OUTBOUND,)])
    through = GATEWAY_ADDRESS in gateways and chance.random() < 0.5
    true = _through_gateway if through else _at_border
    continued = (" " + _delivered("x").removeprefix("Received: "), " " + _border("x", PARTNER_ADDRESS, is_clear=False))
    # A first line that begins with a blank continues the field above it.
    begun = (chance.choice(continued),) if chance.random() < 0.1 else ()
    fields = [*_stored(chance), *true(chance, address, is_clear=is_clear), *begun, *_forged(chance, address)]
    return Attack(
        "".join(fields) + _body(chance, address), MessageCheck(partner, directions, gateways), address, is_clear
    )


def _stored(chance: random.Random) -> Iterator[str]:
    if chance.random() < 0.7:
        yield (
            "Received: from SN7PR20MB6346.namprd20.prod.outlook.com (::1) by\n"
            f" SN7PR20MB5311.namprd20.prod.outlook.com with HTTPS; {DATE}\n"
        )
        yield (
            "Received: from DB1PEPF000509F3.eurprd02.prod.outlook.com (2603:10a6:10:2b1:cafe::14) by\n"
            " DU2PR04CA0240.outlook.office365.com (2603:10a6:10:2b1::35) with Microsoft SMTP\n"
            f" Server{TLS_GROUP} id 15.20.8511.19 via Frontend Transport; {DATE}\n"
        )


def _helo(chance: random.Random, *, blanks: bool = True) -> str:
    name = chance.choice(NAMES)
    if chance.random() < 0.5:
        return name
    trick = chance.choice(TRICKS).format(name)
    return trick if blanks else "".join(trick.split())


def _results(chance: random.Random, address: str) -> str:
    found = chance.choice(["none", "fail", "softfail", "neutral", "pass", ""])
    if not found:
        return ""
    domain = chance.choice(["evil.example.net", "lists.example"]) if found == "pass" else "fabrikam.com"
    return (
        f"Authentication-Results: spf={found} (sender IP is {address}) smtp.mailfrom={domain};\n dkim=none (message"
        f" not signed) header.d=none;dmarc=none action=none\n header.from=fabrikam.com;compauth=fail reason=001\n"
    )


def _border(helo: str, address: str, *, is_clear: bool) -> str:
    tls = "" if is_clear else TLS_GROUP
    return (
        f"Received: from {helo} ({address}) by\n DB1PEPF000509F3.mail.protection.outlook.com (10.167.242.149) with"
        f" Microsoft\n SMTP Server{tls} id 15.20.8511.15 via Frontend Transport;\n {DATE}\n"
    )


def _at_border(chance: random.Random, address: str, *, is_clear: bool) -> Iterator[str]:
    yield _results(chance, address)
    yield _border(_helo(chance), address, is_clear=is_clear)


def _through_gateway(chance: random.Random, address: str, *, is_clear: bool) -> Iterator[str]:
    """A true gateway of one's own in front: the hop into it is the one that counts."""
    yield _border("gw.contoso.example", GATEWAY_ADDRESS, is_clear=False)
    if chance.random() < 0.5:
        yield (
            "Received: from filter.contoso.example (localhost [127.0.0.1])\n\tby gw.contoso.example (Postfix) with"
            f" ESMTP id 8; {DATE}\n"
        )
    helo = _helo(chance, blanks=False)
    plain = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    tls = "" if is_clear else "\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"
    keyword = "ESMTP" if is_clear else "ESMTPS"
    yield chance.choice(
        [
            f"Received: from {helo} (unknown {plain}){tls}\n"
            f"\tby gw.contoso.example (Postfix) with {keyword} id 7; {DATE}\n",
            f"Received: from {plain} (helo={helo})\n\tby gw.contoso.example with {keyword.lower()} (Exim 4.98)\n"
            f"\t(envelope-from <a@fabrikam.com>) id 1; {DATE}\n",
            # A server that is not known to write TLS down.
            f"Received: from {helo} (unknown {plain})\n\tby gw.contoso.example with ESMTP id 9; {DATE}\n",
            f"Received: from unknown (HELO {helo}) ({address})\n"
            f"\tby gw.contoso.example (Haraka/3.0.3) with {keyword} id 1; {DATE}\n",
        ]
    )


def _delivered(host: str) -> str:
    return (
        "Received: from EUR05-DB8-obe.outbound.protection.outlook.com (mail-db8eur05on2101.outbound.protection"
        ".outlook.com [40.107.20.101])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
        f"\tby {host} (Postfix) with ESMTPS id 2 for <x@fabrikam.com>; {DATE}\n"
    )


def _forged(chance: random.Random, address: str) -> Iterator[str]:
    """Everything that the sender may write below."""
    good = (PARTNER_ADDRESS, address)
    makers: list[Callable[[], str]] = [
        lambda: _border("mail.fabrikam.com", PARTNER_ADDRESS, is_clear=False),
        lambda: _border("gw.contoso.example", GATEWAY_ADDRESS, is_clear=False),
        lambda: (
            "Received: from mail.fabrikam.com (mail.fabrikam.com [198.51.100.10])\n\t(using TLSv1.3 with cipher "
            'TLS_AES_256_GCM_SHA384 (256/256 bits))\n\t(Client CN "mail.fabrikam.com", Issuer "CA" (verified OK))\n'
            f"\tby {chance.choice(['gw.contoso.example', 'mx0a-0001.pphosted.com'])} (Postfix) with ESMTPS id 1;"
            f" {DATE}\n"
        ),
        lambda: _delivered(chance.choice(["mail.fabrikam.com", "relay.fabrikam.com", "gw.contoso.example"])),
        lambda: (
            f"Authentication-Results: spf=pass (sender IP is {chance.choice(good)})\n smtp.mailfrom=fabrikam.com; "
            "dkim=pass (signature was verified) header.d=fabrikam.com;\n dmarc=pass header.from=fabrikam.com\n"
        ),
        lambda: (
            "Received-SPF: Pass (protection.outlook.com: domain of fabrikam.com designates\n"
            f" {chance.choice(good)} as permitted sender) client-ip={chance.choice(good)}; helo=mail.fabrikam.com\n"
        ),
        lambda: f"X-Forefront-Antispam-Report: CIP:{chance.choice(good)};CTRY:US;PTR:mail.fabrikam.com;SCL:-1;\n",
        lambda: f"X-Forefront-Antispam-Report: CIP:{address};CTRY:US;PTR:gw.contoso.example;SCL:-1;\n",
        lambda: "X-MS-Exchange-Organization-AuthAs: Internal\n",
        lambda: "X-MS-Journal-Report:\n",
        lambda: "X-DDEI-TLS-USAGE: Used\n",
        lambda: f"X-cloud-security-connect: mail.fabrikam.com[{address}], TLS=1\n",
        lambda: "X-Barracuda-Encrypted: ECDHE-RSA-AES256-GCM-SHA384\n",
        lambda: "Return-Path: <a@fabrikam.com>\n",
    ]
    for maker in chance.choices(makers, k=chance.randint(0, 9)):
        yield maker()
    yield f"From: {chance.choice(['a@fabrikam.com', '<a@fabrikam.com>', 'x@evil.example.net'])}\n"
    yield f"To: {chance.choice(['b@contoso.com', 'b@fabrikam.com'])}\nMessage-ID: <1@fabrikam.com>\n"


def _body(chance: random.Random, address: str) -> str:
    kind = chance.choice(["plain", "quoted", "rfc822", "base64", "octets", "headers", "nested"])
    if kind == "plain":
        return "\nThe body.\n"
    border = (_results(chance, PARTNER_ADDRESS), _border("mail.fabrikam.com", PARTNER_ADDRESS, is_clear=False))
    inner = "".join(
        [
            *(_stored(chance) if chance.random() < 0.5 else ()),
            *(border if chance.random() < 0.5 else (_delivered("mail.fabrikam.com"),)),
            *_forged(chance, address),
            "\nThe body.\n",
        ]
    )
    if kind == "quoted":
        return "\nSee:\n\n" + "".join(f"> {line}\n" for line in inner.splitlines())
    coded = base64.encodebytes(inner.encode()).decode()
    part = {
        "rfc822": f"Content-Type: message/rfc822\n\n{inner}",
        "headers": f"Content-Type: text/rfc822-headers\n\n{inner}",
        "base64": f"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n{coded}",
        "octets": "Content-Type: application/octet-stream; name=m.eml\nContent-Disposition: attachment\n"
        f"Content-Transfer-Encoding: base64\n\n{coded}",
        "nested": "Content-Type: multipart/mixed; boundary=in\n\n--in\nContent-Type: message/rfc822\n\n"
        f"{inner}\n--in--\n",
    }[kind]
    return f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=cut\n\n--cut\n{part}\n--cut--\n"


def fooled(case: Attack) -> tuple[Judgement, ...]:
    """The judgements that pass and must not."""
    found = judge_file(io.BytesIO(case.text.encode()), "attack.eml", case.check)
    assert found, "nothing is said about the message"
    return tuple(
        judgement
        for judgement in found
        if judgement.verdict is Verdict.PASSED and all(fact.name != "hop" for fact in judgement.facts)
    )


def seeds_that_fool(seeds: Sequence[int]) -> list[int]:
    """Of these seeds, those whose message turns a clear or foreign hop into a proof."""
    return [seed for seed in seeds if fooled(attack(seed))]


def count() -> int:
    """How many messages the suite makes; the environment variable ADVERSARY_MESSAGES asks for others."""
    return int(os.environ.get("ADVERSARY_MESSAGES", "1500"))


def main(arguments: Sequence[str]) -> int:
    """Makes as many messages as are asked for, and says which ones fooled the judgement."""
    wanted = int(arguments[0]) if arguments else 10_000
    started, failed = time.monotonic(), []
    for seed in range(wanted):
        if fooled(attack(seed)):
            failed.append(seed)
    took = time.monotonic() - started
    print(f"{wanted} messages in {took:.0f} s; fooled by {len(failed)}: {list(itertools.islice(failed, 20))}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
