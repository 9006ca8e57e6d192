"""A partner as a stack file holds it: read into a judged pair, or into everything that is wrong with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.findings import DeclarationFinding, in_order, in_words, no_such_name, spelled
from regulated_partners.partners.misspelled_names import in_pythons_spelling, known_at, meant_by, put, remedy
from regulated_partners.partners.pair import Pair, judge
from regulated_partners.partners.secure import STAND_INS


def read_partner(
    declared: object, later: frozenset[str] = frozenset(), *, of_file: bool = False
) -> tuple[Pair | None, tuple[DeclarationFinding, ...]]:
    """Reads a mapping as in a stack file. Returns the pair, unless its shape is wrong, and everything there is to say.

    Args:
        declared: the mapping.
        later: as in `regulated_partners.partners.pair.judge`.
        of_file: whether it stands in a file, where names are not spelled as Python's arguments are.
    """
    pythons = dict(in_pythons_spelling(declared)) if of_file else {}
    about = [
        DeclarationFinding(path, f"this is Python's spelling; in a file write {name}.")
        for path, name in pythons.items()
    ]
    try:
        pair = judge(Partner.model_validate(declared), later)
    except ValidationError as error:
        return None, in_order([*about, *_shape_findings(declared, error, later, frozenset(pythons))])
    return pair, in_order([*about, *pair.findings])


def _shape_findings(
    declared: object, error: ValidationError, later: frozenset[str], said: frozenset[str]
) -> tuple[DeclarationFinding, ...]:
    """What is wrong with the shape, and what the rules say about the rest, so that nobody has to come back twice."""
    details = list(_details(error))
    misspelled = {path: meant_by(path) for path in map(spelled, map(_place, filter(_is_unknown, details)))}
    meant = {path for paths in misspelled.values() for path in paths}
    details = [detail for detail in details if detail["type"] != "missing" or spelled(_place(detail)) not in meant]
    findings = {_shape_finding(one) for one in details if not _is_unknown(one) or spelled(_place(one)) not in said}
    silent = {finding.path for finding in findings} | meant
    if isinstance(declared, dict):
        rest = _copied(declared)
        for detail in details:
            _take_out(rest, _place(detail))
            _put_stand_in(rest, _list(spelled(_place(detail))))
        silent |= _STAND_IN.keys() - rest.keys()
        put_right = _copied(rest)
        for path, names in misspelled.items():
            if len(names) == 1:
                put(put_right, names[0], _at(declared, path))
        # Where even the rest has a wrong shape, the findings so far say so already.
        for known in (put_right, rest):
            with contextlib.suppress(ValidationError):
                judged = judge(Partner.model_validate({**_STAND_IN, **known}), later)
                findings |= {found for found in judged.findings if silent.isdisjoint({found.path, _list(found.path)})}
                break
    return in_order(findings)


def _list(path: str) -> str:
    """The path of the list in which an item stands."""
    return path.rpartition("[")[0] if path.endswith("]") else path


def _put_stand_in(declared: dict[Any, Any], path: str) -> None:
    """What is wrong is not missing as well."""
    if text := STAND_INS.get(path):
        put(declared, path, [text.format(1)] if "{}" in text else text)


def _is_unknown(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"


def _at(declared: object, path: str) -> object:
    for key in path.split("."):
        declared = declared.get(key) if isinstance(declared, dict) else None
    return declared


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


def _shape_finding(detail: ErrorDetails) -> DeclarationFinding:
    path = spelled(_place(detail))
    if _is_unknown(detail):
        return DeclarationFinding(path, no_such_name(remedy(path)))
    kind = "setting" if _in_settings(detail) and detail["type"] == "tuple_type" else ""
    return in_words(detail, path, known_at(path), kind)
