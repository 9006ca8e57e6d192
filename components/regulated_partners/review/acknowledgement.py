"""Acknowledgements: what a stack file says about changes that weaken protection and are meant.

regulated-partners:partners:
  - name: Woodgrove Hospital
    acknowledge: {reason: "SEC-2001, until their new CA", expires: 2027-03-31}
regulated-partners:acknowledge:           # for a partner that goes away, or a connector of its own
  - {partner: Fabrikam Bank, reason: "SEC-2020, merged with Contoso", expires: 2027-03-31}
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from regulated_partners.partners.declaration import StackAcknowledgement
from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.shared_partners import PARTNERS_FILE, collect_partners

PROJECT = "regulated-partners"
_CONNECTORS = ("inboundConnectors", "outboundConnectors")


@dataclass(frozen=True)
class Acknowledgements:
    """Those of a stack.

    Attributes:
        given: as declared, in force or not.
        problems: sentences about those that cannot be read; they do not count.
    """

    given: tuple[StackAcknowledgement, ...] = ()
    problems: tuple[str, ...] = ()

    def of(self, owner: str) -> StackAcknowledgement | None:
        """The one for a partner or connector that expires last."""
        found = [each for each in self.given if each.partner.casefold() == owner.casefold()]
        return max(found, key=lambda each: each.expires, default=None)


def in_force(acknowledgement: StackAcknowledgement | None, today: datetime.date) -> bool:
    """Whether there is one, and its day is not over."""
    return acknowledgement is not None and acknowledgement.expires >= today


def read_acknowledgements(config: Mapping[str, Any]) -> Acknowledgements:
    """Reads them from a stack's configuration, whose lists are JSON texts in a preview and lists in a saved plan.

    A file of partners that stacks share is read from the project of the current directory.
    """
    given: list[StackAcknowledgement] = []
    problems = [
        f"{finding.path}: {finding.text} Acknowledgements that stand there do not count."
        for finding in _partners(config)[1]
    ]
    for path, value in _declared(config):
        try:
            given.append(StackAcknowledgement.model_validate(value))
        except ValidationError as error:
            wrong = sorted({".".join(map(str, detail["loc"])) or "it" for detail in error.errors(include_url=False)})
            problems.append(
                f"{path} does not count, because {' and '.join(wrong)} cannot be read: write partner, reason and "
                "expires (a day such as 2027-03-31)."
            )
    return Acknowledgements(tuple(given), tuple(problems))


def declared_names(config: Mapping[str, Any]) -> frozenset[str]:
    """The names of the partners and connectors that the configuration lists."""
    items = [*_partners(config)[0], *(item for key in _CONNECTORS for item in _list(_value(config, key)))]
    return frozenset(str(item["name"]) for item in items if isinstance(item, dict) and item.get("name"))


def _declared(config: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for partner in _partners(config)[0]:
        own = partner.get("acknowledge") if isinstance(partner, dict) else None
        if own is not None:
            named = {"partner": partner.get("name"), **own} if isinstance(own, dict) else own
            yield f"acknowledge of partner {partner.get('name')}", named
    for index, item in enumerate(_list(_value(config, "acknowledge"))):
        yield f"acknowledge[{index}]", item


def _partners(config: Mapping[str, Any]) -> tuple[list[Any], tuple[DeclarationFinding, ...]]:
    """The partners of the stack and of the file it shares, and what is wrong with that file."""
    if _value(config, PARTNERS_FILE) is None:
        return _list(_value(config, "partners")), ()
    collected = collect_partners(lambda key: _value(config, key))
    return _list(collected.declared), collected.findings


def _value(config: Mapping[str, Any], key: str) -> object:
    value: object = config.get(f"{PROJECT}:{key}")
    if not isinstance(value, str):
        return value
    try:
        decoded: object = json.loads(value)
    except ValueError:
        return value
    return decoded if isinstance(decoded, (list, dict)) else value


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
