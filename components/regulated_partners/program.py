"""The program of a stack: what `pulumi up` does, in order."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pulumi

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import hide, mail_flow, printable, redacted
from exchange_online.messages import MOST, Message, bounded
from exchange_online.resources.sdk import leave_out_debugging, wait_for_resources_first
from regulated_partners.component import RegulatedPartner, declare_connector, stack_config
from regulated_partners.names import PREFIX
from regulated_partners.partners import (
    DeclarationFinding,
    DeclaredConnector,
    DeclaredStack,
    Half,
    Pair,
    SecretPlaces,
    read_stack,
    secret_places,
    secrets_of,
)
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.placement import absent, misplaced
from regulated_partners.partners.shared_partners import project_root
from regulated_partners.partners.stack_file import written_settings
from regulated_partners.partners.yaml_scalars import as_written

#: The language host takes this for "the program has said what is wrong". Source: pulumi-language-python-exec.
_ERROR_SHOWN = 32

#: Properties whose values a sentence about mail tells. Source: exchange_online.connectors.words.
_TOLD = frozenset(
    {"senderDomains", "senderIpAddresses", "tlsSenderCertificateName", "recipientDomains", "smartHosts", "tlsDomain"}
)

#: Objects made between two looks for garbage; Python's own number is 700.
_GARBAGE = 50_000

_NONE: frozenset[str] = frozenset()
_Item = TypeVar("_Item")


def run() -> None:
    """Declares one RegulatedPartner for each partner of the stack, and the connectors beside them.

    Everything that is wrong is said before any resource is declared; then the program ends.
    """
    leave_out_debugging()
    wait_for_resources_first()
    # The resources of thousands of partners stay to the end: Python would look through all of them again and again.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    config, project = stack_config(), pulumi.get_project()
    # The engine's settings count. The file says how their values were written, which are secret, and where those are
    # that are missing.
    written, text, file = written_settings(pulumi.get_stack(), project)
    places = _secret_places(config, written)
    hide(places.values)
    stack = read_stack(as_written(config, written), project=project)
    # With `--config-file` another file counts: then nothing is known about what stands in this one.
    text = text if written.keys() <= config.keys() else ""
    unread = [*misplaced(text, file, project), *filter(None, [absent(config, stack.findings, text, file)])]
    said = partial(_message, places)
    # Where errors stop the program, no provider's check says what a rule for connectors warns of.
    warnings = [warning for warning in stack.warnings if stack.errors or not warning.of_connector]
    for line in bounded(map(said, warnings)):
        pulumi.log.warn(line)
    refused = {finding.path for finding in places.refused}
    errors = [*places.refused, *unread, *(error for error in stack.errors if error.path not in refused)]
    _stop_on_errors([said(error) for error in errors])
    secret = secrets_of(places, config) if places.places else {}
    _show_preflight(stack, keep=not places.places)
    # A protected connector is deleted only after `pulumi state unprotect`, or with `protect: false` at its partner.
    options = pulumi.ResourceOptions(protect=stack.settings.protects)
    # In the same order, each judged without an error: by a name that is spelled otherwise a secret would be missed.
    for pair, own in _with_secrets(stack.pairs, secret.get("partners")):
        component = RegulatedPartner.declared(pair, options, own)
        pulumi.export(export_name("partners", pair.name), partner_export(pair, component, own))
    for direction, key in KEYS.items():
        listed = [connector for connector in stack.connectors if connector.direction is direction]
        for connector, own in _with_secrets(listed, secret.get(key)):
            resource = declare_connector(connector, options, own)
            pulumi.export(export_name(key, connector.name), connector_export(connector, resource, own))


def export_name(setting: str, name: str) -> str:
    """The stack output of one partner or connector: `partners/Fabrikam Bank`.

    One each, because the engine shows an output that changes whole: of hundreds in one object, all. No name is folded,
    and none begins without its setting: so no two are the same, and none is one that the engine has a meaning for.

    Args:
        setting: in which it is declared: `partners`, `inboundConnectors` or `outboundConnectors`.
        name: its own.
    """
    return f"{setting}/{name}"


def _with_secrets(
    items: Sequence[_Item], secret: Sequence[frozenset[str]] | None
) -> Iterable[tuple[_Item, frozenset[str]]]:
    return zip(items, [_NONE] * len(items) if secret is None else secret, strict=True)


def partner_export(pair: Pair, component: RegulatedPartner, secret: frozenset[str] = _NONE) -> dict[str, Any]:
    """For each direction the connector's name and id, and what it does to mail in one sentence.

    Args:
        pair: the partner.
        component: its resources.
        secret: the places in its declaration whose values are secret; what tells them is secret too.
    """
    return {
        "inbound": _half_export(pair.inbound, component.inbound, secret),
        "outbound": _half_export(pair.outbound, component.outbound, secret),
    }


def _half_export(
    half: Half[Any], connector: InboundConnector | OutboundConnector, secret: frozenset[str]
) -> dict[str, Any]:
    own = frozenset(key for key, path in half.paths.items() if path in secret)
    name = half.settings.name
    return {
        "connector": pulumi.Output.secret(name) if "name" in own else name,
        **connector_export(half, connector, own),
    }


def connector_export(
    declared: DeclaredConnector | Half[Any],
    connector: InboundConnector | OutboundConnector,
    secret: frozenset[str] = _NONE,
) -> dict[str, Any]:
    """A connector's id, and what it does to mail in one sentence; that is secret where it tells a secret."""
    sentence = mail_flow(declared.settings)
    return {"id": connector.id, "mailFlow": pulumi.Output.secret(sentence) if secret & _TOLD else sentence}


def _secret_places(config: Mapping[str, object], filed: Mapping[str, object]) -> SecretPlaces:
    """Where in the declarations secrets stand; the engine says only in which settings, the file which value it is."""
    held = {name: value for name, value in config.items() if pulumi.runtime.is_config_secret(name)}
    if not any(name.startswith(PREFIX) for name in held):
        return SecretPlaces({})
    places = secret_places(held, filed)
    for name in places.doubtful:
        pulumi.log.warn(
            f"{PREFIX}{name} holds a secret, and the stack's settings file does not show which of its values is one: "
            "all of its texts that can be secret are treated as secrets. Names of partners and connectors stay "
            "readable. Set secrets with `pulumi config set --secret --path` to have the others shown."
        )
    return places


def _message(places: SecretPlaces, finding: DeclarationFinding) -> Message:
    return Message(redacted(printable(finding.path)), _said(places, finding), finding.text)


def _said(places: SecretPlaces, finding: DeclarationFinding) -> str:
    """A finding in a log, without secrets: about a secret value not even a part of it."""
    if finding in places.refused:
        return str(finding)
    return redacted(str(finding), parts=places.speaks_of(finding))


def _stop_on_errors(errors: Sequence[Message]) -> None:
    if not errors:
        return
    for error in bounded(errors, fine=MOST):
        pulumi.log.error(error)
    count = len(errors)
    pulumi.log.error(
        f"{count} {'error' if count == 1 else 'errors'} in the declarations of this stack; nothing was changed."
    )
    sys.exit(_ERROR_SHOWN)


def _show_preflight(stack: DeclaredStack, *, keep: bool) -> None:
    if not pulumi.runtime.is_dry_run() or stack.settings.preflight in (None, False, "false"):
        return
    from regulated_partners.preflight import preflight

    report = preflight(stack.settings.preflight, stack.pairs, project_root(Path.cwd()) or Path.cwd(), keep=keep)
    for warning in report.warnings:
        pulumi.log.warn(redacted(warning))
    for note in report.notes:
        pulumi.log.info(redacted(note))
