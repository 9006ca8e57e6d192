"""Findings about declarations: what is wrong, where in the stack file, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from pydantic_core import ErrorDetails, PydanticCustomError

from exchange_online.connectors import (
    Severity,
    folded,
    in_comment,
    in_name,
    nearest,
    printable,
    several_names,
    shown,
)
from regulated_partners.partners.yaml_scalars import Moment, go_text


@dataclass(frozen=True, order=True)
class DeclarationFinding:
    """One finding.

    Attributes:
        path: where the value stands, `partners[3].outbound.smartHosts[0]`.
        text: a sentence without the path: what is wrong, and what to do.
        severity: an error stops the program before any resource is declared.
        of_connector: whether it is a rule for connectors that says so: the provider's check says it too.
    """

    path: str
    text: str
    severity: Severity = Severity.ERROR
    of_connector: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        # A name that is refused for its line break must not break the line that says so.
        return f"{printable(self.path)}: {printable(self.text)}"

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def below(self, prefix: str) -> DeclarationFinding:
        """The same finding about a declaration that stands at `prefix`."""
        return replace(self, path=f"{prefix}.{self.path}" if self.path else prefix)


def in_order(findings: Iterable[DeclarationFinding]) -> tuple[DeclarationFinding, ...]:
    """Errors first, each list by its paths."""
    return tuple(sorted(findings, key=lambda finding: (not finding.is_error, finding.path, finding.text)))


#: What pydantic calls a mistake, in words for somebody who writes YAML.
_SHAPES = {
    "missing": "this is needed; write it.",
    "string_type": "{input} is not a text; put it into quotation marks.",
    "bool_type": "{input} is not true or false; write one of them, without quotation marks.",
    "setting": "{input} is not a text, true or false, or a list of texts; put a number into quotation marks.",
    "tuple_type": "{input} is not a list; write each item on a line of its own, after '- '.",
    "dict_type": "{input} is not a mapping; write 'name: value' lines.",
    "model_type": "{input} is not a mapping; write 'name: value' lines.",
    "model_attributes_type": "{input} is not a mapping; write 'name: value' lines.",
    "too_short": "the list is empty; write at least one item.",
    "string_too_short": "the text is empty; write it.",
    "string_too_long": "the text is longer than {max_length} characters; shorten it: connector names hold at most 64.",
    "invalid_key": "a name is a text; put it into quotation marks.",
    "date_from_datetime_parsing": "{input} is no day; write one such as 2027-03-31.",
    "date_from_datetime_inexact": "{input} is no day; write one such as 2027-03-31.",
    "date_type": "{input} is no day; write one such as 2027-03-31.",
    "string_unicode": "{input} holds half of a character, which cannot be stored; leave it out.",
    "characters": "{input} holds {wrong}; leave it out.",
    "enum": "{input} is none of its values; write one of {expected}.",
}


def in_words(detail: ErrorDetails, path: str, known: Iterable[str], kind: str = "") -> DeclarationFinding:
    """What pydantic found wrong with a value, in words for somebody who writes YAML.

    Args:
        detail: of pydantic.
        path: where the value stands.
        known: the names that there are beside it.
        kind: instead of what pydantic calls it.
    """
    if detail["type"] == "extra_forbidden":
        names = tuple(known)
        remedy = did_you_mean(path.rpartition(".")[2], names, f"the names are {', '.join(names)}.")
        return DeclarationFinding(path, no_such_name(remedy))
    if isinstance(detail["input"], Moment):
        return DeclarationFinding(path, about_moment(detail["input"]))
    if told := _TOLD.get(kind or detail["type"], _nothing)(detail["input"], path):
        return DeclarationFinding(path, told)
    text = _SHAPES.get(kind or detail["type"], "{input} does not belong here; stacks/stack.schema.json says what does.")
    context = {key: str(value) for key, value in detail.get("ctx", {}).items()}
    found = text.format_map({"input": shown(detail["input"]), **context})
    return DeclarationFinding(path, found + _meant_value(detail["input"], context.get("expected", "")))


def no_such_name(remedy: str) -> str:
    """What to say of a name that does not exist."""
    return f"there is no such name here; {remedy}"


#: The options of which one name is compared with those in a certificate.
_NAMES_OF_CERTIFICATES = ("certificateName", "tlsDomain")

#: The choices of a direction, to which somebody may have shortened it.
_OPTIONS = {
    "connectionSecurity": (
        *("forceTls", "opportunisticTls", "recipientCertificateMatchesDomain", "trustedCertificationAuthority"),
        "selfSignedCertificate",
    ),
    "restrictDomainsBy": ("certificate", "ipAddresses"),
}

#: What somebody writes who wants no connector in a direction.
_NONE = (False, "none", "no", "off", "false", "disabled")


def _no_text(value: object, path: str) -> str:
    """What to do about a value that is no text, where quotation marks do not make it one."""
    if isinstance(value, (list, tuple)):
        return f"a list is not a text; {_of_list([str(item) for item in value], path)}."
    if isinstance(value, dict):
        return f"a mapping is not a text; {_of_mapping(value, path)}."
    if value is None:
        return f"null is not a text; write one{'' if path == 'name' else ', or leave the line out'}."
    return ""


def _of_list(names: list[str], path: str) -> str:
    if len(names) == 1 and not path.endswith("]"):
        return f"write {shown(names[0])} alone, without '- ' or brackets"
    if names and path.rpartition(".")[2] in _NAMES_OF_CERTIFICATES:
        return several_names(names)
    return f"write {_one_text(path)}"


def _of_mapping(value: dict[object, object], path: str) -> str:
    if len(value) == 1 and path.endswith("]"):
        ((key, text),) = value.items()
        return f"write {shown(text if isinstance(text, str) else key)} alone, without {shown(f'{key}:')}"
    return f"write {_one_text(path)}, in quotation marks if it holds a colon"


def _one_text(path: str) -> str:
    return "each text as an item of its own, after '- '" if path.endswith("]") else "one text"


def _no_mapping(value: object, path: str) -> str:
    """What to do about a direction that somebody does not want, or wants as it is by itself."""
    ways = {"inbound": "outbound", "outbound": "inbound"}
    if path == "acknowledge" and isinstance(value, str):
        return f"{shown(value)} is not a mapping; write acknowledge: {{reason: {shown(value)}, expires: 2027-03-31}}."
    if path in ways and (options := [option for option, words in _OPTIONS.items() if value in words]):
        return f"{shown(value)} is not a mapping; write 'name: value' lines: {options[0]}: {value}."
    if path not in ways:
        return ""
    if value is True:
        return f"true is not a mapping; leave {path} out: a partner has a connector in each direction."
    if value is not False and not (isinstance(value, str) and value.strip().lower() in _NONE):
        return ""
    other = ways[path]
    return (
        f"{shown(value)} is not a mapping; a partner has a connector in each direction. To switch the {path} one off "
        f"for a time write 'enabled: false' below {path}. Where it is not wanted at all, declare the {other} one under "
        f"{other}Connectors in place of the partner."
    )


def _nothing(_value: object, _path: str) -> str:
    return ""


#: Mistakes of which the kind of value says what to do; an empty answer leaves it to `_SHAPES`.
_TOLD: dict[str, Callable[[object, str], str]] = {
    "string_type": _no_text,
    "model_type": _no_mapping,
    "model_attributes_type": _no_mapping,
}

#: Other words for choices: values of the cmdlets, and what people call them.
_OTHER_VALUES = {
    "certificate": ("cert", "certname", "certificatename", "tls", "tlssendercertificatename"),
    "ipAddresses": ("address", "addresses", "ip", "ips", "senderipaddresses"),
    "none": ("no", "nothing", "off", "false"),
    "forceTls": ("always", "enforced", "forced", "mandatory", "require", "required", "requiretls", "tls", "true"),
    "opportunisticTls": ("false", "none", "opportunistic", "optional"),
    "recipientCertificateMatchesDomain": ("domainvalidation", "matchesdomain", "san", "subject"),
    "trustedCertificationAuthority": ("ca", "certificatevalidation", "trusted", "trustedca"),
    "selfSignedCertificate": ("any", "anycertificate", "encryptiononly", "encryption", "selfsigned"),
}


def _meant_value(value: object, expected: str) -> str:
    """Asks for the choice that a wrong one resembles; empty where none does."""
    known = re.findall(r"'([^']*)'", expected)
    word = str(value).lower() if isinstance(value, (str, bool)) else ""
    if not word or not known:
        return ""
    others = [choice for choice in known if folded(word) in _OTHER_VALUES.get(choice, ())]
    meant = others[0] if others else nearest(word, known)
    return f" Did you mean {meant}?" if meant else ""


def in_quotation_marks(value: object) -> str:
    """What to say of what is no text where one is wanted."""
    return _SHAPES["string_type"].format_map({"input": shown(value)})


def about_moment(moment: Moment) -> str:
    """What to say of a day or time where a text is wanted."""
    made = go_text(moment)
    handed = f", and becomes '{made}' on its way" if made else ""
    written = moment.written
    return f'{written} is a point in time to YAML and no text{handed}; put it into quotation marks: "{written}".'


def visible(text: str | None) -> str | None:
    """A text that can be printed; for pydantic. Raises PydanticCustomError for another."""
    if text and (wrong := in_comment(text)):
        raise PydanticCustomError("characters", "it holds {wrong}", {"wrong": wrong})
    return text


def about_earlier_names(aliases: Iterable[str]) -> Iterator[DeclarationFinding]:
    """An earlier name is what it was, and without it a rename would delete and create: so it is never refused."""
    for index, alias in enumerate(aliases):
        if wrong := in_name(alias):
            yield DeclarationFinding(
                f"aliases[{index}]",
                f"{shown(alias)} holds {wrong}; it finds what had this name only if its earlier name had that too.",
                Severity.WARNING,
            )


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about a name that does not exist: write the one it resembles, or `otherwise`."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else otherwise


def spelled(parts: Iterable[int | str]) -> str:
    """A path as a person writes it, `outbound.smartHosts[0]`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
