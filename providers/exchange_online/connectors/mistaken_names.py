"""What stands where a domain or the name of a server belongs and is none: which mistake it is, and what was meant.

A text is only looked at here after its reader (`domains`, `addresses`) has refused it. What is offered instead is a
name that the reader would take.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from exchange_online.connectors.characters import printable
from exchange_online.connectors.values import ItemRefused, shown


@dataclass(frozen=True)
class Wanted:
    """What belongs where the text stands.

    Attributes:
        rule: of the finding, where no other one is broken.
        not_one: what a text is that is none, in words.
        such_as: what to write.
        source: where the fact comes from.
        reads: whether a text is one.
        several: what to do about more than one, which are given.
        address: what to do about an IP address, beside `such_as`.
        wildcards: whether `*.domain` is one.
    """

    rule: str
    not_one: str
    such_as: str
    source: str
    reads: Callable[[str], bool]
    several: Callable[[Sequence[str]], str]
    address: str = ""
    wildcards: bool = True


#: What is wrong, and what was meant in the order of likelihood; or a remedy of its own.
_Mistake = tuple[str, Sequence[str], str]

_WILDCARD_SOURCE = "New-InboundConnector, SenderDomains: an embedded wildcard isn't valid"
_WILDCARD = "write the domain itself, or '*.' and a domain"

#: No name has more characters, so what has is hardly one.
_LONGEST_QUOTED = 300

_BETWEEN = re.compile(r"[\s,;|]+")
_ADDRESS = re.compile(r"[^@]*@(?P<host>[^@\s<>\"']+?)>?")
_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@]*@)?(?P<host>\[[^\]]*\]|[^/:?#]*)(?::\d+)?(?:[/?#].*)?", re.I | re.S
)
_PORT_OR_PATH = re.compile(r"(?P<host>[^/:?#\s]+)(?:(?P<port>:\d+)|(?P<path>[/?#].*))+", re.S)
_STORED = re.compile(r"smtp:(?!//)(?P<host>[^;]+)(?:;\d*)?", re.I)
_OPEN, _CLOSE = "[\"'`<({\\[\u201c\u201e\u2018\u201a\u00ab]+", "[\"'`>)}\\]\u201d\u201c\u2019\u2018\u00bb]+"
_BRACKETS = re.compile(rf"{_OPEN}(?P<host>.*?){_CLOSE}|{_OPEN}(?P<open>.*)|(?P<close>.*?){_CLOSE}", re.S)
#: What a name can stand in, with what it is then; a port and a path are told apart.
_WRAPPED = (
    (_STORED, " but how the service stores one"),
    (_URL, " but a URL"),
    (_ADDRESS, " but a mail address"),
    (_PORT_OR_PATH, ""),
    (_BRACKETS, ": it stands in brackets or quotation marks"),
)
_COMMON_NAME = re.compile(r"(?:^|[,/+;<>]|<S>)\s*CN\s*=\s*\"?(?P<name>[^,/+;<>\"]+)", re.I)
_SUBJECT = re.compile(r"\s*(?:<[IS]>|/?(?:CN|OU|O|C|L|ST|S|E|DC|SERIALNUMBER|EMAILADDRESS)\s*=).*", re.I | re.S)
_THUMBPRINT = re.compile(r"(?:[0-9a-f]{2}[\s:-]?){20}(?:(?:[0-9a-f]{2}[\s:-]?){12})?", re.I)
_LABELLED = re.compile(r"(?:\d+|a|cn|dns|dns name|host|in|mx|name|san|server|smtp|subject)\s|[^:=]*[:=]")
_ISSUED = re.compile(r"\s*<I>.*<S>(?P<subject>.*)", re.I | re.S)


def refused(text: str, wanted: Wanted) -> ItemRefused:
    """Why a text is not what is wanted: what it is instead, and what to write.

    Args:
        text: as it was written.
        wanted: what belongs there; its `reads` has said no.
    """
    stored = _STORED.fullmatch(text.strip())
    within = stored and not wanted.reads(stored["host"])
    stripped = stored["host"].strip() if stored and within else text.strip()
    quoted = repr(text) if len(text) <= _LONGEST_QUOTED else shown(text)
    wildcard = "" if _is_other_thing(stripped) else _wrong_wildcard(stripped, wanted)
    if wildcard:
        meant = [name for name in _without_wrong_wildcard(stripped) if _offered(name, wanted)]
        return ItemRefused("V4", f"{quoted} {wildcard}", f"{_question(meant)}{_WILDCARD}", _WILDCARD_SOURCE)
    why, candidates, remedy = _mistake(stripped, wanted)
    meant = list(dict.fromkeys(name for name in candidates if _offered(name, wanted)))[:2]
    remedies = [remedy] if remedy and len(_names(stripped, wanted)) > 1 else [wanted.such_as, *filter(None, [remedy])]
    return ItemRefused(
        wanted.rule, f"{quoted} is {wanted.not_one}{why}", f"{_question(meant)}{'; '.join(remedies)}", wanted.source
    )


def several_names(names: Iterable[str]) -> str:
    """What to do about several names where a connector compares one: the wildcard over all, or a connector for each."""
    parents = {name.strip().lower().partition(".")[2] for name in names}
    shared = parents.pop() if len(parents) == 1 else ""
    over = f"did you mean '*.{shared}', which stands for all of them? " if shared.count(".") >= 1 else ""
    return (
        f"{over}{'Connectors' if over else 'connectors'} compare one name: write one that all servers show, a wildcard "
        "over them, or declare a connector for each under inboundConnectors or outboundConnectors"
    )


def items(names: Iterable[str]) -> str:
    """How to write several texts in a list."""
    return f"write each as an item of its own: [{', '.join(_quoted(name) for name in names)}]"


def _offered(name: str, wanted: Wanted) -> bool:
    return wanted.reads(name) and (wanted.wildcards or "*" not in name)


def _question(meant: Sequence[str]) -> str:
    return f"did you mean {' or '.join(map(_quoted, meant))}? " if meant else ""


def _quoted(name: str) -> str:
    """What begins with an asterisk is an alias to YAML unless it stands in quotation marks."""
    return f"'{name}'" if "*" in name else name


def _is_other_thing(text: str) -> bool:
    """Whether an asterisk in it is not what is wrong with it first."""
    return bool(
        "@" in text or "//" in text or _SUBJECT.fullmatch(text) or re.search(r"[\s,;|]", text) or not text.strip("*.")
    ) and (text != "*")


def _wrong_wildcard(text: str, wanted: Wanted) -> str:
    """What is wrong with the wildcards of a text, in words; empty where nothing is, or the rest of it is wrong."""
    if not wanted.wildcards or "*" not in text:
        return ""
    if text == "*":
        return "is a wildcard with no domain after it, which stands for any name"
    if re.fullmatch(r"\*\.[^*]*", text):
        return ""
    if text.startswith("*") and text.count("*") == 1:
        return "has a wildcard without a dot after it"
    if re.match(r"\*[*.]*\*", text) and "*" not in text.lstrip("*."):
        return "has more than one wildcard in front"
    return "has a wildcard that is not in front"


def _without_wrong_wildcard(text: str) -> Iterable[str]:
    after = text.rpartition("*")[2].lstrip(".")
    # Of `mail*.fabrikam.com` and `a.*.fabrikam.com` what follows the last wildcard is whole; `fabrikam.*` has nothing.
    yield f"*.{after}"


def _mistake(text: str, wanted: Wanted) -> _Mistake:
    """Which mistake it is: what it is that is wrong, what was meant, and what else there is to say."""
    if not text:
        return ": it is empty", (), ""
    if not text.strip("*."):
        return ": no domain follows", (), ""
    if "*" in text and not wanted.wildcards and not _is_other_thing(text):
        return ": a wildcard stands for many", (text.removeprefix("*."),), ""
    found = _subject(text, wanted) or _ip_address(text, wanted) or _several(text, wanted) or _around(text, wanted)
    return found or _slip(text, wanted)


def _subject(text: str, wanted: Wanted) -> _Mistake | None:
    if _THUMBPRINT.fullmatch(text):
        return " but a certificate's thumbprint", (), ""
    if not _SUBJECT.fullmatch(text):
        return None
    issued = _ISSUED.fullmatch(text)
    names = [found["name"].strip() for found in _COMMON_NAME.finditer(issued["subject"] if issued else text)]
    if issued:
        both = "issuer and subject count for an inbound connector only: in a partner as inbound.certificateName"
        return " but a certificate's issuer and subject", names, both
    if any(_offered(name, wanted) for name in names):
        return " but a certificate's subject", names, "of a subject the name in its CN is written"
    return " but a certificate's subject, with no such name in it", (), "look for one among its alternative names"


def _ip_address(text: str, wanted: Wanted) -> _Mistake | None:
    try:
        ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
    return (" but an IP address", (), wanted.address) if wanted.address else None


def _names(text: str, wanted: Wanted) -> Sequence[str]:
    """What a text lists, where all of it is right."""
    pieces = [piece for piece in _BETWEEN.split(text) if piece]
    return pieces if all(_offered(piece, wanted) for piece in pieces) else ()


def _several(text: str, wanted: Wanted) -> _Mistake | None:
    names = _names(text, wanted)
    return (f" but {len(names)} names in one text", (), wanted.several(names)) if len(names) > 1 else None


def _around(text: str, wanted: Wanted) -> _Mistake | None:
    """A name that stands inside something else: of what a text may be, that in which there is a name."""
    found = list(_wrapped(text))
    return next((one for one in found if any(_offered(name, wanted) for name in one[1])), found[0] if found else None)


def _wrapped(text: str) -> Iterable[_Mistake]:
    for pattern, what in _WRAPPED:
        if not (found := pattern.fullmatch(text)):
            continue
        groups = found.groupdict()
        host = next((groups[name] for name in ("host", "open", "close") if groups.get(name)), "")
        why = what or (": it names a port" if groups["port"] else ": it goes on with a path")
        yield why, (host.strip().strip("[]").removeprefix("*@"),), ""


def _slip(text: str, wanted: Wanted) -> _Mistake:
    """A slip in what was meant as a name."""
    name = text.removeprefix("*.").lower().removesuffix(".")
    star = "*." if text.startswith("*.") else ""
    if wrong := sorted(set(re.findall(r"[^a-z0-9.*_-]", name)) & set(map(chr, range(128)))):
        return f": it holds {_named(wrong)}", [star + candidate for candidate in _put_right(name)], ""
    if not name.isascii():
        return ": its letters make no internationalised domain name", (), ""
    if "_" in name and not wanted.reads(text) and wanted.reads(text.replace("_", "-")):
        return ": it holds '_', which names of servers and certificates may hold, and a mail domain may not", (), ""
    labels = name.split(".")
    if "" in labels:
        whole = ".".join(filter(None, labels))
        where = "it begins with a dot" if not labels[0] else "it holds two dots in a row"
        return f": {where}", (star + whole, *([f"*.{whole}"] if not labels[0] and not star else [])), ""
    if len(labels) == 1:
        alone = "it would stand for everything below a top-level domain" if star else "it is one word without a dot"
        return f": {alone}", (), ""
    return f": {_wrong_labels(name, labels)}", (), ""


def _put_right(name: str) -> Iterable[str]:
    """What may have been meant by a name with characters that none has."""
    if _LABELLED.match(name):
        # `DNS:mail.fabrikam.com` of a certificate, `10 mx.fabrikam.com` of a zone, `mx.fabrikam.com:smtp`.
        yield from (part for part in re.split(r"[\s=:]+", name) if "." in part)
    elif "." in name or "," in name:
        yield re.sub(r"\s*,\s*", ".", name).strip(".")
        yield re.sub(r"[\s,;]+", "", name)


def _wrong_labels(name: str, labels: Sequence[str]) -> str:
    for label in labels:
        if label.startswith("-") or label.endswith("-"):
            return f"'{label}' begins or ends with a hyphen"
        if len(label) > 63:
            return f"one of its labels has {len(label)} characters, and 63 is the most"
    if len(name) > 253:
        return f"it has {len(name)} characters, and 253 is the most"
    return f"'{labels[-1]}' is no top-level domain"


def _named(characters: Iterable[str]) -> str:
    return " and ".join("a space" if character == " " else f"'{printable(character)}'" for character in characters)
