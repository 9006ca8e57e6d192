"""Internationalised labels of domains: what an A-label says, and letters that are taken for those of another script."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import idna

#: Scripts with letters that look like Latin ones. Source: Unicode UTS 39, 5.2: not to be mixed with Latin.
_ALIKE = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "DESERET"})

#: Scripts that are written together. Source: Unicode UTS 39, 5.2, highly restrictive.
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)

#: The first word of a letter's name, where that is no script.
_COMMON = frozenset({"KATAKANA-HIRAGANA", "MODIFIER", "COMBINING", "IDEOGRAPHIC", "MASCULINE", "FEMININE"})

#: Letters of whole labels that read as Latin. Source: Unicode UTS 39, confusables, those of IDNA2008 in lower case.
_READS_AS = str.maketrans(
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u0475"
    "\u03b1\u03bf\u03bd\u03c1\u03c5\u03b9\u03ba",
    "acdehijlopqswxyvaovpuik",
)

#: How an A-label begins. Source: RFC 5890, 2.3.2.1.
PREFIX = "xn--"


def u_label(label: str) -> str | None:
    """What a label says in its own letters; None for one that begins as an A-label and is none.

    A label of emoji is none to IDNA2008, and some registries have such: it counts where Punycode reads it back.
    """
    if not label.startswith(PREFIX):
        return label
    try:
        text = label.removeprefix(PREFIX).encode("ascii").decode("punycode")
        same = text.encode("punycode").decode("ascii") == label.removeprefix(PREFIX)
    except UnicodeError:
        return None
    if text.isascii() or not same or text != unicodedata.normalize("NFC", text).lower():
        return None
    try:
        return text if idna.alabel(text).decode("ascii") == label else None
    except idna.IDNAError:
        others = [character for character in text if not character.isascii()]
        return text if all(unicodedata.category(character) == "So" for character in others) else None


def scripts(label: str) -> frozenset[str]:
    """The scripts of a label's letters, by the first word of their names in Unicode."""
    names = (unicodedata.name(c, "").partition(" ")[0] for c in label if unicodedata.category(c).startswith("L"))
    return frozenset(names) - _COMMON - {""}


def looks_alike(label: str) -> str:
    """The letters of a label that are taken for Latin ones beside them, in words; empty where there are none."""
    found = scripts(label)
    alike = found & _ALIKE
    if "LATIN" not in found or not alike:
        return ""
    letters = [c for c in label if unicodedata.name(c, "").partition(" ")[0] in alike]
    named = ", ".join(f"U+{ord(c):04X} {unicodedata.name(c)}" for c in dict.fromkeys(letters))
    return f"Latin letters and {named}"


@lru_cache(maxsize=10_000)
def doubtful(domain: str) -> str:
    """Why a domain may be taken for another one, in words; empty where it is not. It is canonical, of A-labels."""
    for label in domain.removeprefix("*.").split("."):
        text = u_label(label) or label
        found = scripts(text)
        if len(found) > 1 and not any(found <= together for together in _TOGETHER):
            return f"mixes {' and '.join(sorted(script.capitalize() for script in found))} letters in '{text}'"
        reading = text.translate(_READS_AS)
        if reading != text and reading.isascii() and reading.isalpha():
            return f"has the label '{text}', which reads as '{reading}' and is not"
    return ""


def in_its_letters(domain: str) -> str:
    """A canonical domain as a person reads it."""
    wildcard = "*." if domain.startswith("*.") else ""
    return wildcard + ".".join(u_label(label) or label for label in domain.removeprefix("*.").split("."))
