"""Findings about declarations: what is wrong, where in the stack file, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pydantic_core import ErrorDetails, PydanticCustomError

from exchange_online.connectors import Severity, in_comment, in_name, printable, shown
from regulated_partners.partners.yaml_scalars import Moment, go_text


@dataclass(frozen=True, order=True)
class DeclarationFinding:
    """One finding.

    Attributes:
        path: where the value stands, `partners[3].outbound.smartHosts[0]`.
        text: a sentence without the path: what is wrong, and what to do.
        severity: an error stops the program before any resource is declared.
    """

    path: str
    text: str
    severity: Severity = Severity.ERROR

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
        return DeclarationFinding(path, f"there is no such name here; {remedy}")
    if isinstance(detail["input"], Moment):
        return DeclarationFinding(path, about_moment(detail["input"]))
    text = _SHAPES.get(kind or detail["type"], "{input} does not belong here; stacks/stack.schema.json says what does.")
    context = {key: str(value) for key, value in detail.get("ctx", {}).items()}
    return DeclarationFinding(path, text.format_map({"input": shown(detail["input"]), **context}))


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
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


def spelled(parts: Iterable[int | str]) -> str:
    """A path as a person writes it, `outbound.smartHosts[0]`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
