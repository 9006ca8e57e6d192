"""New declarations as the items of a stack file's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exchange_online.connectors import Direction
from regulated_partners.adopt.declarations import ConnectorDeclaration
from regulated_partners.adopt.kinds import ConnectorKind
from regulated_partners.adopt.plan import Plan
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.stack import read_stack
from regulated_partners.partners.yaml_text import Declared

#: The name of the list of partners.
_PARTNERS = "partners"


def additions(plan: Plan, *, taken_over_by_up: bool = False) -> dict[str, Sequence[Mapping[str, Declared]]]:
    """The new items of each list, by the setting's name without namespace; lists that stay as they are are left out.

    Args:
        plan: what is to be declared.
        taken_over_by_up: whether `pulumi up` will take the connectors over, which needs a consent for hybrid ones.
    """
    consents = {
        (verdict.connector.direction, verdict.connector.name)
        for verdict in plan.adopted
        if taken_over_by_up and verdict.kind is ConnectorKind.HYBRID
    }
    lists: dict[str, Sequence[Mapping[str, Declared]]] = {_PARTNERS: [partner_item(each) for each in plan.partners]}
    for direction in Direction:
        lists[KEYS[direction]] = [
            connector_item(each, consent=(direction, each.checked.settings.name) in consents)
            for each in plan.connectors
            if each.direction is direction
        ]
    return {key: items for key, items in lists.items() if items}


def partner_item(partner: Partner) -> Mapping[str, Declared]:
    """A partner with what is not at its default."""
    return _without_empty(partner.model_dump(mode="json", by_alias=True, exclude_defaults=True))


def connector_item(declaration: ConnectorDeclaration, *, consent: bool = False) -> Mapping[str, Declared]:
    """A connector with what is not at its default.

    Args:
        declaration: of the connector.
        consent: whether an existing connector may be taken over although the Hybrid Configuration Wizard made it.
    """
    return {**declaration.properties, **({"adoptExisting": True} if consent else {})}


def prove(config: Mapping[str, object], plan: Plan, root: Path) -> None:
    """Reads the settings of the stack as the program will: they must give exactly the connectors of the plan.

    Args:
        config: the stack's settings with the new declarations, by their names with namespace.
        root: the project's folder, where a file of shared partners is looked for.

    Raises:
        CannotRunError: where a rule over the whole stack refuses the declarations.
    """
    declared = read_stack(config, root)
    if declared.errors:
        found = " ".join(str(error) for error in declared.errors)
        raise CannotRunError(
            f"The declarations were not written, because the program would refuse them: {found} Leave the connectors "
            "in question out with --exclude."
        )
    missing = [each.name for each in plan.partners if each not in declared.partners]
    settings = [connector.settings for connector in declared.connectors]
    missing += [each.checked.settings.name for each in plan.connectors if each.checked.settings not in settings]
    if missing:
        raise CannotRunError(
            f"The declarations were not written, because these would not read back as they are: {', '.join(missing)}. "
            "This is a defect of the command: please report it, and leave them out with --exclude."
        )


def _without_empty(mapping: Mapping[str, Any]) -> dict[str, Declared]:
    found = {key: _without_empty(each) if isinstance(each, dict) else each for key, each in mapping.items()}
    return {key: each for key, each in found.items() if each is not None and each not in ({}, [], ())}
