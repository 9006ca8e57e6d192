"""A partner as a stack file holds it: read into a judged pair, or into everything that is wrong with it."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from regulated_partners.partners.declaration import Acknowledgement, Inbound, Outbound, Partner
from regulated_partners.partners.findings import DeclarationFinding, in_order, in_words, spelled
from regulated_partners.partners.pair import Pair, judge


def read_partner(
    declared: object, later: frozenset[str] = frozenset()
) -> tuple[Pair | None, tuple[DeclarationFinding, ...]]:
    """Reads a mapping as in a stack file. Returns the pair, unless its shape is wrong, and everything there is to say.

    `later` is as in `regulated_partners.partners.pair.judge`.
    """
    try:
        pair = judge(Partner.model_validate(declared), later)
    except ValidationError as error:
        return None, _shape_findings(declared, error, later)
    return pair, pair.findings


_MODELS: dict[str, type[BaseModel]] = {
    "": Partner,
    "inbound": Inbound,
    "outbound": Outbound,
    "acknowledge": Acknowledgement,
}
_NAMES = {
    where: tuple(field.alias or name for name, field in model.model_fields.items()) for where, model in _MODELS.items()
}


def _shape_findings(declared: object, error: ValidationError, later: frozenset[str]) -> tuple[DeclarationFinding, ...]:
    """What is wrong with the shape, and what the rules say about the rest, so that nobody has to come back twice."""
    details = list(_details(error))
    meant = {_meant(spelled(_place(detail))) for detail in details if detail["type"] == "extra_forbidden"}
    details = [detail for detail in details if detail["type"] != "missing" or spelled(_place(detail)) not in meant]
    findings = {_shape_finding(detail) for detail in details}
    silent = {finding.path for finding in findings} | meant
    if isinstance(declared, dict):
        rest = _copied(declared)
        for detail in details:
            _take_out(rest, _place(detail))
        complete = {**_STAND_IN, **rest}
        silent |= _STAND_IN.keys() - rest.keys()
        # Where even the rest has a wrong shape, the findings so far say so already.
        with contextlib.suppress(ValidationError):
            judged = judge(Partner.model_validate(complete), later)
            findings |= {found for found in judged.findings if found.path not in silent}
    return in_order(findings)


#: Values for what a declaration cannot do without, so that the rest of a broken one can be judged.
_STAND_IN: dict[str, object] = {"name": "partner", "domains": ["partner.example"]}


def _copied(declared: dict[Any, Any]) -> dict[Any, Any]:
    """A copy from which names can be taken; what is no mapping stays the same object."""
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in declared.items()}


def _details(error: ValidationError) -> Iterable[ErrorDetails]:
    """One detail for each mistake. For a setting pydantic has one for each type it may have: the list's is kept."""
    for detail in error.errors(include_url=False):
        other_type = _in_settings(detail) and detail["loc"][3:4] in (("bool",), ("str",))
        items_are_wrong = detail["type"] == "too_short" and detail["input"]
        if not other_type and not items_are_wrong:
            yield detail


def _in_settings(detail: ErrorDetails) -> bool:
    return detail["loc"][1:2] == ("settings",) and len(detail["loc"]) > 2


def _place(detail: ErrorDetails) -> list[int | str]:
    """Where the mistake is. After the name of a setting pydantic says which type it tried; that is left out."""
    place = list(detail["loc"])
    if _in_settings(detail):
        return [*place[:2], str(place[2]), *place[4:]]
    return [str(part) for part in place] if detail["type"] == "invalid_key" else place


def _take_out(declared: object, place: list[int | str]) -> None:
    """Removes the smallest named value around a mistake."""
    names = [part for part in place if isinstance(part, str)]
    for part in names[:-1]:
        declared = declared.get(part) if isinstance(declared, dict) else None
    if names and isinstance(declared, dict):
        declared.pop(names[-1], None)


def _meant(path: str) -> str:
    """The name that a misspelled one probably stands for: it is not missing, it is misspelled."""
    parent, _, key = path.rpartition(".")
    near = difflib.get_close_matches(key, _NAMES.get(parent, ()), n=1)
    return ".".join(filter(None, (parent, near[0]))) if near else path


def _shape_finding(detail: ErrorDetails) -> DeclarationFinding:
    path = spelled(_place(detail))
    kind = "setting" if _in_settings(detail) and detail["type"] == "tuple_type" else ""
    return in_words(detail, path, _NAMES.get(path.rpartition(".")[0], ()), kind)
