"""The program of a stack: what `pulumi up` does, in order."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import mail_flow
from regulated_partners.component import RegulatedPartner, declare_connector, stack_config
from regulated_partners.partners import DeclarationFinding, DeclaredConnector, DeclaredStack, Half, Pair, read_stack
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.placement import absent, misplaced
from regulated_partners.partners.shared_partners import project_root
from regulated_partners.partners.stack_file import written_settings
from regulated_partners.partners.yaml_scalars import as_written

#: The language host takes this for "the program has said what is wrong". Source: pulumi-language-python-exec.
_ERROR_SHOWN = 32


def run() -> None:
    """Declares one RegulatedPartner for each partner of the stack, and the connectors beside them.

    Everything that is wrong is said before any resource is declared; then the program ends.
    """
    stack, misplaced = _declared()
    for warning in stack.warnings:
        pulumi.log.warn(str(warning))
    _stop_on_errors((*misplaced, *stack.errors))
    _show_preflight(stack)
    # A protected connector is deleted only after `pulumi state unprotect`, or with `protect: false` at its partner.
    options = pulumi.ResourceOptions(protect=stack.settings.protects)
    pulumi.export(
        "partners", {pair.name: partner_export(pair, RegulatedPartner.declared(pair, options)) for pair in stack.pairs}
    )
    for direction, key in KEYS.items():
        connectors = {
            connector.name: connector_export(connector, declare_connector(connector, options))
            for connector in stack.connectors
            if connector.direction is direction
        }
        if connectors:
            pulumi.export(key, connectors)


def _declared() -> tuple[DeclaredStack, tuple[DeclarationFinding, ...]]:
    """What the stack declares, and what in its file the engine does not read.

    The engine's settings count. The file says how their values were written, and where those are that are missing.
    """
    config, project = stack_config(), pulumi.get_project()
    written, text, file = written_settings(pulumi.get_stack(), project)
    stack = read_stack(as_written(config, written), project=project)
    # With `--config-file` another file counts: then nothing is known about what stands in this one.
    used = written.keys() <= config.keys()
    findings = misplaced(text, file, project) if used else ()
    undeclared = absent(config, stack.findings, text if used else "", file)
    return stack, (*findings, *filter(None, [undeclared]))


def partner_export(pair: Pair, component: RegulatedPartner) -> dict[str, Any]:
    """For each direction the connector's name and id, and what it does to mail in one sentence."""
    return {
        "inbound": {"connector": pair.inbound.settings.name, **connector_export(pair.inbound, component.inbound)},
        "outbound": {"connector": pair.outbound.settings.name, **connector_export(pair.outbound, component.outbound)},
    }


def connector_export(
    declared: DeclaredConnector | Half[Any], connector: InboundConnector | OutboundConnector
) -> dict[str, Any]:
    """A connector's id, and what it does to mail in one sentence."""
    return {"id": connector.id, "mailFlow": mail_flow(declared.settings)}


def _stop_on_errors(errors: Sequence[DeclarationFinding]) -> None:
    if not errors:
        return
    for error in errors:
        pulumi.log.error(str(error))
    count = len(errors)
    pulumi.log.error(
        f"{count} {'error' if count == 1 else 'errors'} in the declarations of this stack; nothing was changed."
    )
    sys.exit(_ERROR_SHOWN)


def _show_preflight(stack: DeclaredStack) -> None:
    if not pulumi.runtime.is_dry_run() or stack.settings.preflight in (None, False, "false"):
        return
    from regulated_partners.preflight import preflight

    report = preflight(stack.settings.preflight, stack.pairs, project_root(Path.cwd()) or Path.cwd())
    for warning in report.warnings:
        pulumi.log.warn(warning)
    for note in report.notes:
        pulumi.log.info(note)
