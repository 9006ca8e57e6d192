"""Acknowledgements: what a stack says about changes that weaken protection and are meant.

regulated-partners:partners:
  - name: Woodgrove Hospital
    acknowledge: {reason: "SEC-2001, until their new CA", expires: 2027-03-31}
regulated-partners:acknowledge:           # for a partner that goes away, or a connector of its own
  - {partner: Fabrikam Bank, reason: "SEC-2020, merged with Contoso", expires: 2027-03-31}
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from regulated_partners.partners.declaration import StackAcknowledgement
from regulated_partners.partners.settings import read_settings
from regulated_partners.partners.shared_partners import collect_partners


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
        found = [given for given in self.given if given.partner.casefold() == owner.casefold()]
        return max(found, key=lambda given: given.expires, default=None)


def in_force(acknowledgement: StackAcknowledgement | None, today: datetime.date) -> bool:
    """Whether there is one, and its day is not over."""
    return acknowledgement is not None and acknowledgement.in_force(today)


def read_acknowledgements(config: Mapping[str, Any], root: Path | None = None) -> Acknowledgements:
    """Reads them from a stack's configuration.

    Args:
        config: by names with namespace, as a preview, a saved plan or the stack file holds it.
        root: the project's directory, for the file of shared partners; unless given that of the current directory.
    """
    settings, _ = read_settings(config)
    collected = collect_partners(settings, root)
    given: list[StackAcknowledgement] = []
    problems = [f"{finding} Acknowledgements that stand there do not count." for finding in collected.findings]
    for path, value in _declared(_list(collected.declared), _list(settings.acknowledge)):
        try:
            given.append(StackAcknowledgement.model_validate(value))
        except ValidationError as error:
            wrong = sorted({".".join(map(str, detail["loc"])) or "it" for detail in error.errors(include_url=False)})
            problems.append(
                f"{path} does not count, because {' and '.join(wrong)} cannot be read: write partner, reason and "
                "expires (a day such as 2027-03-31)."
            )
    return Acknowledgements(tuple(given), tuple(problems))


def declared_names(config: Mapping[str, Any], root: Path | None = None) -> frozenset[str]:
    """The names of the partners and connectors that a configuration lists; arguments as above."""
    settings, _ = read_settings(config)
    lists = collect_partners(settings, root).declared, settings.inbound_connectors, settings.outbound_connectors
    items = [item for value in lists for item in _list(value)]
    return frozenset(str(item["name"]) for item in items if isinstance(item, dict) and item.get("name"))


def _declared(partners: list[Any], beside: list[Any]) -> Iterator[tuple[str, object]]:
    for partner in partners:
        own = partner.get("acknowledge") if isinstance(partner, dict) else None
        if own is not None:
            named = {"partner": partner.get("name"), **own} if isinstance(own, dict) else own
            yield f"acknowledge of partner {partner.get('name')}", named
    for index, item in enumerate(beside):
        yield f"acknowledge[{index}]", item


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
