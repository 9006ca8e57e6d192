"""Names and values that a log, a portal or a review cannot hold, and domains that are taken for others."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import Direction, Severity, check, in_name, observed, printable, utf16_units
from tests.exchange_online.connectors.declared import inbound, only, outbound

#: A character that is refused, and how it is called.
HIDDEN = {
    "\n": "U+000A LINE FEED",
    "\r": "U+000D CARRIAGE RETURN",
    "\x85": "U+0085 NEXT LINE",
    "\u2028": "U+2028 LINE SEPARATOR",
    "\t": "U+0009 TAB",
    "\0": "U+0000 NULL",
    "\x1b": "U+001B ESCAPE",
    "\u200b": "U+200B ZERO WIDTH SPACE",
    "\u200c": "U+200C ZERO WIDTH NON-JOINER",
    "\u200d": "U+200D ZERO WIDTH JOINER",
    "\u2060": "U+2060 WORD JOINER",
    "\ufeff": "U+FEFF ZERO WIDTH NO-BREAK SPACE",
    "\u00ad": "U+00AD SOFT HYPHEN",
    "\u202e": "U+202E RIGHT-TO-LEFT OVERRIDE",
    "\u2066": "U+2066 LEFT-TO-RIGHT ISOLATE",
    "\u061c": "U+061C ARABIC LETTER MARK",
    "\ufe0f": "U+FE0F VARIATION SELECTOR-16",
    "\U000e0101": "U+E0101 VARIATION SELECTOR-18",
    "\U000e0041": "U+E0041 TAG LATIN CAPITAL LETTER A",
    "\u180e": "U+180E MONGOLIAN VOWEL SEPARATOR",
    "\u3164": "U+3164 HANGUL FILLER",
    "\u115f": "U+115F HANGUL CHOSEONG FILLER",
    "\u2800": "U+2800 BRAILLE PATTERN BLANK",
    "\u034f": "U+034F COMBINING GRAPHEME JOINER",
    "\ufffe": "U+FFFE",
    "\ufdd0": "U+FDD0",
    "\U0010ffff": "U+10FFFF",
    "\ufffd": "U+FFFD REPLACEMENT CHARACTER",
    "\ue000": "U+E000",
    chr(0xD800): "U+D800",
}

#: What a comment may hold beside visible characters.
IN_COMMENTS = "\n\r\t\u200c\u200d\ufe0f"

#: The word "apple" in Cyrillic letters.
APPLE = "\u0430\u0440\u0440\u04cf\u0435"

#: Names that look odd and are right.
RIGHT = (
    "Müller & Söhne",
    "銀行",
    'O\'Neil "Trust" \u2013 \u201cBank\u201d \\ 100%',
    "🏦 Bank",
    "بنك",
    "Fabrikam [test]",
    "A::B",
    "C$D",
)


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: f"{ord(hidden):04X}")
def test_a_character_that_nobody_sees_is_named(hidden: str) -> None:
    """Failing: a name goes to the tenant that no log shows and nobody can type (A22, A22e), or nobody learns where."""
    name = only(inbound(name=f"Northwind{hidden}Health"))
    assert (name.rule, name.path) == ("characters", "name")
    assert f"holds {HIDDEN[hidden]} at place 10, " in name.reason
    assert hidden not in str(name)

    found = [finding for finding in inbound(comment=f"SEC-1{hidden}2").findings if finding.path == "comment"]
    assert [HIDDEN[hidden] in finding.reason for finding in found] == ([] if hidden in IN_COMMENTS else [True])


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("senderDomains", "northwind{}health.org"),
        ("tlsSenderCertificateName", "mail.northwind{}health.org"),
        ("tlsSenderCertificateName", "<I>CN=A{}<S>CN=b"),
        ("trustedOrganizations", "contoso{}.onmicrosoft.com"),
        ("associatedAcceptedDomains", "contoso{}.com"),
        ("senderIpAddresses", "192.0.2{}.1"),
        ("efUsers", "la{}ura@contoso.com"),
        ("efSkipIps", "192.0.2{}.1"),
    ],
)
@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\u202e", "\n"])
def test_in_no_value_it_is_taken_away_silently(key: str, text: str, hidden: str) -> None:
    """Failing: another domain is sent than stands in the file (A29c, A29e)."""
    value = text.format(hidden)
    listed = key.endswith(("s", "Ips"))
    finding = next(f for f in inbound(**{key: [value] if listed else value}).errors if f.top_property == key)
    assert finding.rule == "characters"
    assert HIDDEN[hidden] in finding.reason


@pytest.mark.parametrize("name", RIGHT)
def test_what_can_be_seen_is_accepted(name: str) -> None:
    """Failing: a bank with a name of its own country cannot be a partner."""
    assert inbound(name=name).findings == ()


def test_lines_of_a_comment_are_of_one_kind() -> None:
    """Failing: a portal that writes carriage returns makes a drift of every comment with two lines."""
    assert inbound(comment="a\r\nb\rc\nd").settings.comment == "a\nb\nc\nd"
    row = {"Name": "A", "Comment": "a\r\nb"}
    assert observed(Direction.INBOUND, row).comment == "a\nb"


@pytest.mark.parametrize(("name", "units"), [("🏦" * 32, 64), ("🏦" * 33, 66), ("n" * 63 + "🏦", 65), ("é" * 64, 64)])
def test_length_is_counted_as_the_service_counts(name: str, units: int) -> None:
    """Failing: a name of 33 emoji is sent, and refused half-way (A20)."""
    assert utf16_units(name) == units
    for checked in (inbound(name=name), outbound(name=name)):
        assert [finding.rule for finding in checked.findings] == (["V3"] if units > 64 else [])


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("275ce7a6-dd00-4450-ad05-3ddf4c779ae8", Severity.ERROR, "reads as a Guid"),
        ("{275CE7A6-DD00-4450-AD05-3DDF4C779AE8}", Severity.ERROR, "reads as a Guid"),
        ("275ce7a6dd004450ad053ddf4c779ae8", Severity.ERROR, "reads as a Guid"),
        ("*exclaimer*", Severity.WARNING, "takes for any text"),
        ("Northwind\u00a0Health", Severity.WARNING, "U+00A0 NO-BREAK SPACE at place 10, which looks like a space"),
        ("銀行\u3000東京", Severity.WARNING, "U+3000 IDEOGRAPHIC SPACE"),
        ("Bank \U0003fff0", Severity.WARNING, "does not know"),
    ],
)
def test_names_that_mean_something_else(name: str, severity: Severity, words: str) -> None:
    """Failing: a connector is named so that a search by its name finds another one (A50d, A50e)."""
    for checked in (inbound(name=name), outbound(name=name)):
        finding = only(checked)
        assert (finding.rule, finding.path, finding.severity) == ("name", "name", severity)
        assert words in finding.reason


def test_a_hybrid_wizards_name_is_right() -> None:
    """Failing: connectors that the wizard has named cannot be declared."""
    assert inbound(name="Inbound from 275ce7a6-dd00-4450-ad05-3ddf4c779ae8").findings == ()


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("f\u0430brikam.com", "mixes Latin letters and U+0430 CYRILLIC SMALL LETTER A"),
        ("fabrik\u03b1m.com", "mixes Latin letters and U+03B1 GREEK SMALL LETTER ALPHA"),
        ("*.mail.f\u0430brikam.com", "mixes Latin letters"),
        ("xn--zzzzzz99.example", "'xn--zzzzzz99', which begins as an internationalised label and is none"),
        ("xn--fabrikam.example", "begins as an internationalised label and is none"),
        ("xn--a.example", "begins as an internationalised label and is none"),
        ("*.xn--zzzzzz99.example", "begins as an internationalised label and is none"),
        ("*.", "'*.' is not a domain name"),
        ("*..", "'*..' is not a domain name"),
        ("*northwindhealth.org", "without a dot after it"),
    ],
)
def test_a_domain_that_is_not_what_it_looks_like_is_refused(domain: str, words: str) -> None:
    """Failing: mail for another domain than the partner's is protected (A24b, A25), or the text is misquoted (A28)."""
    for checked in (inbound(senderDomains=[domain]), outbound(recipientDomains=[domain])):
        finding = only(checked)
        assert finding.severity is Severity.ERROR
        assert words in finding.reason


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("xn--fabrikm-7fg.com", "'fabrik\u0430m.com', mixes Cyrillic and Latin letters in 'fabrik\u0430m'"),
        ("xn--80ak6aa92e.com", f"has the label '{APPLE}', which reads as 'apple' and is not"),
        (f"{APPLE}.com", f"xn--80ak6aa92e.com, in its letters '{APPLE}.com'"),
        ("bankกรุงเทพ.example", "mixes Latin and Thai letters"),
    ],
)
def test_a_domain_that_may_be_taken_for_another_is_a_warning(domain: str, words: str) -> None:
    """Failing: nobody sees which letters a domain has that was pasted from somewhere."""
    for checked in (inbound(senderDomains=[domain]), outbound(recipientDomains=[domain])):
        finding = only(checked)
        assert (finding.rule, finding.severity) == ("scripts", Severity.WARNING)
        assert words in finding.reason
        again = check(checked.settings.direction, checked.inputs())
        assert again.errors == ()


@pytest.mark.parametrize(
    "domain",
    [
        "bücher.example",
        "xn--bcher-kva.example",
        "straße.de",
        "例え.jp",
        "ドメイン名例.jp",
        "xn--i-7iq.ws",
        "пример.рф",
        "ab--cd.com",
    ],
)
def test_other_internationalised_domains_are_accepted(domain: str) -> None:
    """Failing: a partner whose domain is written in its own script cannot be declared, or each run warns of it."""
    assert inbound(senderDomains=[domain]).findings == ()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("postmaster@northwindhealth.org", "northwindhealth.org"),
        ("https://northwindhealth.org/", "northwindhealth.org"),
        ("smtp:postmaster@northwindhealth.org", "northwindhealth.org"),
    ],
)
def test_what_holds_a_domain_is_answered_with_it(text: str, meant: str) -> None:
    """Failing: somebody who pasted an address is told what a domain is (A30, A31)."""
    assert only(outbound(recipientDomains=[text])).remedy.startswith(f"did you mean {meant}?")


@given(st.text())
def test_whatever_is_accepted_is_printed_as_it_is(text: str) -> None:
    """Failing: a character that breaks a line of a log, or hides in it, belongs to no kind that is refused."""
    if in_name(text):
        assert printable(text) != text
        assert in_name(printable(text)) == ""
    else:
        assert printable(text) == text
        assert len(text.splitlines()) <= 1
        assert not {unicodedata.category(character) for character in text} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(min_size=1))
def test_what_the_tenant_has_is_read_whatever_it_is(text: str) -> None:
    """Failing: a connector that somebody made in the portal stops every read of the tenant."""
    for direction, domains in ((Direction.INBOUND, "SenderDomains"), (Direction.OUTBOUND, "RecipientDomains")):
        settings = observed(direction, {"Name": text, "Comment": text, domains: [text]})
        assert settings.name == text.strip() or in_name(text)
        assert observed(direction, {"Name": settings.name, "Comment": settings.comment}).name == settings.name
