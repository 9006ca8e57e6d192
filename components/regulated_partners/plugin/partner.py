"""`RegulatedPartner` of the plugin: the same declaration, judged by the same rules, with the plugin's connectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi import contains_unknowns
from pulumi.errors import InputPropertiesError
from pulumi.runtime.resource import collapse_alias_to_urn
from pulumi.runtime.rpc import is_rpc_secret

from exchange_online.names import Face, type_of
from exchange_online.resources.core import ConnectorError
from exchange_online.resources.native.wire import is_unknown
from regulated_partners.component_options import earlier_halves, say_what_does_not_count
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.partners import DeclarationFinding, Half, Pair, read_partner

TOKEN = COMPONENT_TOKENS[Face.NATIVE]
#: Of the resource that is the parent of all that have no other. Source: pulumi.runtime.stack.
STACK_TOKEN = "pulumi:pulumi:Stack"  # noqa: S105 - a type token

_NOT_PLAIN = (
    "this value comes from another resource, or is secret, and a partner is declared with plain values, which are "
    "judged before anything is created; write the value itself, or declare an InboundConnector and an "
    "OutboundConnector, which take any."
)
_OF_STACK_FILES = "this is read by `regulated-partners review` from a stack file, and nowhere else; leave it out."


class RegulatedPartner(pulumi.ComponentResource):
    """An inbound and an outbound connector made from one declaration.

    Args:
        name: the resource's name in the program.
        pair: the partner, judged without errors.
        opts: Pulumi's resource options.
        version: of the plugin that makes the connectors; None for whichever one the program has.
    """

    def __init__(self, name: str, pair: Pair, opts: pulumi.ResourceOptions, version: str | None) -> None:
        partner = pair.partner
        names = [name, *partner.aliases]
        own = pulumi.ResourceOptions(
            aliases=[
                *(pulumi.Alias(name=earlier) for earlier in partner.aliases),
                # Of the dynamic face: then the connectors move to this one untouched.
                *(pulumi.Alias(name=earlier, type_=COMPONENT_TOKENS[Face.DYNAMIC]) for earlier in names),
            ],
            protect=partner.protect,
        )
        merged = pulumi.ResourceOptions.merge(opts, own)
        super().__init__(TOKEN, name, None, merged)
        say_what_does_not_count(self, opts)
        earlier = [_urn(alias, name, merged.parent) for alias in merged.aliases or ()]

        def connector(half: Half[Any], after: list[pulumi.Resource]) -> pulumi.CustomResource:
            suffix = half.resource.removeprefix(partner.name)
            tokens = tuple(map(half.direction.token, (Face.NATIVE, Face.DYNAMIC)))
            aliases = [pulumi.Alias(type_=tokens[1]), *earlier_halves(earlier, suffix, tokens)]
            options = pulumi.ResourceOptions(parent=self, aliases=aliases, depends_on=after, version=version)
            return pulumi.CustomResource(tokens[0], f"{name}{suffix}", dict(half.inputs), options)

        self.inbound = connector(pair.inbound, [])
        # So it is removed first, and a transport rule that routes to it keeps both; and where the first half is
        # refused, the second is not made.
        self.outbound = connector(pair.outbound, [self.inbound])
        self.register_outputs({"inboundConnector": self.inbound.id, "outboundConnector": self.outbound.id})
        for finding in (found for found in pair.findings if not found.of_connector):
            pulumi.log.warn(str(finding.below(name)), self)


def _urn(alias: pulumi.Input[str | pulumi.Alias], name: str, parent: pulumi.Resource | None) -> pulumi.Output[str]:
    """The URN that a component has by an alias. Of its parent a plugin knows the URN, and no more."""
    if parent is None:
        return collapse_alias_to_urn(alias, name, TOKEN, None)
    # The stack itself stands in no URN.
    return parent.urn.apply(
        lambda urn: collapse_alias_to_urn(alias, name, TOKEN, None if type_of(urn) == STACK_TOKEN else parent)
    )


def declared(
    name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions, version: str | None
) -> RegulatedPartner:
    """The component of what a program declares.

    Args:
        name: the resource's name in the program; the partner's too, unless the inputs give it another.
        inputs: by the names of a stack file.
        opts: Pulumi's resource options.
        version: as in `RegulatedPartner`.

    Raises:
        InputPropertiesError: with every finding.
        ConnectorError: where a value is not plain.
    """
    refused = f"the partner '{name}' is not declared rightly"
    if places := list(_later(inputs)):
        # Beside the name of a property the engine prints its value, also where it is secret.
        findings = [str(DeclarationFinding(place, _NOT_PLAIN)) for place in places]
        raise ConnectorError("\n".join((f"{refused}:", *findings)))
    pair, found = read_partner({"name": name, **{key: item for key, item in inputs.items() if item is not None}})
    errors = [finding for finding in found if finding.is_error]
    if "acknowledge" in inputs:
        errors.append(DeclarationFinding("acknowledge", _OF_STACK_FILES))
    if pair is None or errors:
        details: Any = [{"property_path": finding.path, "reason": finding.text} for finding in errors]
        raise InputPropertiesError(refused, details)
    return RegulatedPartner(name, pair, opts, version)


def _later(value: object, path: str = "") -> Iterable[str]:
    """The places of what is no plain value."""
    if isinstance(value, Mapping) and not is_rpc_secret(value):
        for key, item in value.items():
            yield from _later(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _later(item, f"{path}[{index}]")
    elif is_rpc_secret(value) or isinstance(value, pulumi.Output) or contains_unknowns(value) or is_unknown(value):
        yield path
