"""`RegulatedPartner`: mail with a partner travels only over TLS, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi.runtime.resource import all_aliases
from pydantic.alias_generators import to_camel

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import Direction
from exchange_online.names import Face
from exchange_online.resources.connector import attributes, awaited, comes_later
from regulated_partners.component_options import earlier_halves, say_what_does_not_count
from regulated_partners.names import COMPONENT_TOKENS, PREFIX
from regulated_partners.partners import (
    STAND_INS,
    DeclarationFinding,
    DeclaredConnector,
    Half,
    Pair,
    read_partner,
    read_settings,
    setting_names,
)

_TOKEN, _NATIVE_TOKEN = (COMPONENT_TOKENS[face] for face in (Face.DYNAMIC, Face.NATIVE))


class DeclarationRefusedError(pulumi.RunError):
    """A declaration that the rules refuse; the text holds every finding. The engine shows it without a traceback."""

    def __init__(self, findings: Sequence[DeclarationFinding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


class InboundArgs(TypedDict, total=False):
    """Mail from the partner: what the inbound connector demands. The options are those of the stack file."""

    name: str
    enabled: bool
    comment: pulumi.Input[str]
    connection_security: str
    restrict_domains_by: str
    sender_ip_addresses: pulumi.Input[Sequence[pulumi.Input[str]]]
    certificate_name: pulumi.Input[str]
    settings: Mapping[str, Any]


class OutboundArgs(TypedDict, total=False):
    """Mail to the partner: what the outbound connector demands. The options are those of the stack file."""

    name: str
    enabled: bool
    comment: pulumi.Input[str]
    connection_security: str
    tls_domain: pulumi.Input[str]
    smart_hosts: pulumi.Input[Sequence[pulumi.Input[str]]]
    validation_recipients: pulumi.Input[Sequence[pulumi.Input[str]]]
    settings: Mapping[str, Any]


class RegulatedPartner(pulumi.ComponentResource):
    """An inbound and an outbound connector made from one declaration, so that they cannot disagree.

    The declaration is judged before anything is created. What an output of another resource decides is judged when it
    is known, and is unknown in a preview until then. Outputs may stand for domains, names in certificates, comments,
    addresses and hosts, and in `settings`; the names, the choices and the switches of a partner are plain values.

    Args:
        name: the partner's name. The connectors are named `<name> - inbound` and `<name> - outbound`.
        domains: the partner's mail domains; `*.fabrikam.com` is every subdomain.
        certificate_name: the name in the partner's certificate, for both directions unless one overrides it.
        comment: free text on both connectors.
        enabled: whether both are in use; default True. For one of them `enabled` in `inbound` or `outbound`.
        inbound: mail from the partner; an `InboundArgs`, or a mapping with the names of the stack file.
        outbound: mail to the partner; an `OutboundArgs`, or a mapping with the names of the stack file.
        adopt_existing: takes over connectors that have these names already.
        protect: whether Pulumi refuses to delete both; None leaves it to `opts`.
        aliases: earlier names of the partner; with them a rename changes the connectors in place.
        opts: Pulumi's resource options. Those that Pulumi hands on to children count for both connectors (protect,
            provider, depends_on, retain_on_delete, transforms, aliases); for the others, such as ignore_changes, a
            warning says what to write instead.

    Raises:
        DeclarationRefusedError: with every finding.
    """

    inbound: InboundConnector
    outbound: OutboundConnector

    def __init__(
        self,
        name: str,
        *,
        domains: pulumi.Input[Sequence[pulumi.Input[str]]],
        certificate_name: pulumi.Input[str] | None = None,
        comment: pulumi.Input[str] | None = None,
        enabled: bool = True,
        inbound: InboundArgs | Mapping[str, Any] | None = None,
        outbound: OutboundArgs | Mapping[str, Any] | None = None,
        adopt_existing: bool = False,
        protect: bool | None = None,
        aliases: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        declared: dict[str, Any] = {
            "name": name,
            "domains": domains,
            "certificateName": certificate_name,
            "comment": comment,
            "enabled": enabled,
            "inbound": inbound,
            "outbound": outbound,
            "adoptExisting": adopt_existing,
            "protect": protect,
            "aliases": aliases,
        }
        _stop_on_wrong_settings()
        later = _Later()
        pair, findings = read_partner(later.stood_in(declared), later.whole)
        findings = (*later.findings, *(found for found in findings if not later.speaks_of(found)))
        errors = [finding.below(name) if isinstance(name, str) else finding for finding in findings if finding.is_error]
        if pair is None or errors:
            raise DeclarationRefusedError(errors)
        self._declare(pair, later, opts)
        for finding in (found for found in findings if not found.of_connector):
            pulumi.log.warn(str(finding.below(name)), self)

    @classmethod
    def declared(
        cls, pair: Pair, opts: pulumi.ResourceOptions | None = None, secret: frozenset[str] = frozenset()
    ) -> RegulatedPartner:
        """The component of a partner that has been judged already, without errors.

        Args:
            pair: the partner.
            opts: Pulumi's resource options.
            secret: the places in the declaration, such as `inbound.comment`, whose values are secret.
        """
        component = cls.__new__(cls)
        component._declare(pair, _Later(secret), opts)
        return component

    def _declare(self, pair: Pair, later: _Later, opts: pulumi.ResourceOptions | None) -> None:
        partner = pair.partner
        own = pulumi.ResourceOptions(
            aliases=[
                *(pulumi.Alias(name=alias) for alias in partner.aliases),
                # Of the plugin's face: then the connectors move back to this one untouched.
                *(pulumi.Alias(name=name, type_=_NATIVE_TOKEN) for name in (partner.name, *partner.aliases)),
            ],
            protect=partner.protect,
        )
        merged = pulumi.ResourceOptions.merge(opts, own)
        super().__init__(_TOKEN, partner.name, None, merged)
        say_what_does_not_count(self, opts)
        earlier = all_aliases(merged.aliases, partner.name, _TOKEN, merged.parent)
        self.inbound = InboundConnector(
            pair.inbound.resource,
            **later.arguments(pair.inbound),
            opts=pulumi.ResourceOptions(parent=self, aliases=_earlier(pair.inbound, partner.name, earlier)),
        )
        self.outbound = OutboundConnector(
            pair.outbound.resource,
            **later.arguments(pair.outbound),
            # So it is removed first, and a transport rule that routes to it keeps both; and where the first half is
            # refused, the second is not made.
            opts=pulumi.ResourceOptions(
                parent=self, aliases=_earlier(pair.outbound, partner.name, earlier), depends_on=[self.inbound]
            ),
        )
        self.register_outputs({"inboundConnector": self.inbound.id, "outboundConnector": self.outbound.id})


def _earlier(half: Half[Any], name: str, urns: Sequence[pulumi.Input[str]]) -> list[pulumi.Input[str | pulumi.Alias]]:
    return earlier_halves(urns, half.resource.removeprefix(name), [half.direction.token(face) for face in Face])


def declare_connector(
    connector: DeclaredConnector, opts: pulumi.ResourceOptions, secret: frozenset[str] = frozenset()
) -> InboundConnector | OutboundConnector:
    """The resource of a connector beside the partners; `secret` names the properties whose values are secret."""
    own = pulumi.ResourceOptions(
        protect=connector.protect, aliases=[pulumi.Alias(name=name) for name in connector.aliases]
    )
    merged = pulumi.ResourceOptions.merge(opts, own)
    of_type = InboundConnector if connector.direction is Direction.INBOUND else OutboundConnector
    inputs = {key: pulumi.Output.secret(value) if key in secret else value for key, value in connector.inputs.items()}
    return of_type(connector.name, **arguments(connector.direction, inputs), opts=merged)


def arguments(direction: Direction, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Pulumi properties as keyword arguments of the resource classes."""
    named = attributes(direction)
    return {named[key]: value for key, value in inputs.items()}


def stack_config() -> dict[str, object]:
    """The stack's settings by their names with namespace, as the engine hands them on."""
    names = {*pulumi.runtime.get_config_env(), *(PREFIX + name for name in setting_names())}
    config = {name: pulumi.runtime.get_config(name) for name in names}
    return {name: value for name, value in config.items() if value is not None}


def _stop_on_wrong_settings() -> None:
    """The preview of a new stack calls no tenant, so a cloud that does not exist would go unnoticed until `up`.

    A program of one's own may have further settings in this namespace, if that is its project's name.
    """
    known = {PREFIX + name for name in setting_names()}
    _, findings = read_settings({name: value for name, value in stack_config().items() if name in known})
    if findings:
        raise DeclarationRefusedError(findings)


_LISTS = frozenset(place for place, text in STAND_INS.items() if "{}" in text)

_MUST_BE_PLAIN = (
    "an output of another resource cannot stand here, because it decides what is declared; write a plain value, "
    "declare an InboundConnector and an OutboundConnector, or declare the partner inside of the output's apply."
)


class _Later:
    """The values of a declaration that are known only once other resources are there, and those that are secret.

    Args:
        secret: places of plain values that are secret.

    Attributes:
        whole: the places where all of a value is one of them.
        findings: about those that stand where only a plain value can.
    """

    def __init__(self, secret: frozenset[str] = frozenset()) -> None:
        self._secret = secret
        self.findings: list[DeclarationFinding] = []
        self.whole: frozenset[str] = frozenset()
        self._given: dict[str, Any] = {}
        self._items: set[str] = set()

    def stood_in(self, declared: Mapping[str, Any], above: str = "") -> dict[str, Any]:
        """The declaration with plain values, so that what is plain in it can be judged."""
        plain: dict[str, Any] = {}
        for key, value in declared.items():
            name = to_camel(key) if "_" in str(key) else key
            place = f"{above}{name}"
            if isinstance(value, Mapping) and place in ("inbound", "outbound", "inbound.settings", "outbound.settings"):
                plain[name] = self.stood_in(value, f"{place}.")
            elif not comes_later(value):
                plain[name] = value
            elif place in STAND_INS or ".settings." in place:
                self._given[place] = awaited(value)
                plain[name] = self._standing_in(place, value)
            else:
                self.findings.append(DeclarationFinding(place, _MUST_BE_PLAIN))
                self._items.add(place)
        return plain

    def _standing_in(self, place: str, value: Any) -> Any:
        text = STAND_INS.get(place, "later")
        if place not in _LISTS or not isinstance(value, (list, tuple)):
            self.whole |= {place}
            return [text.format(1)] if place in _LISTS else text
        later = {index for index, item in enumerate(value) if comes_later(item)}
        self._items |= {f"{place}[{index}]" for index in later}
        return [text.format(index % 250 + 1) if index in later else item for index, item in enumerate(value)]

    def speaks_of(self, finding: DeclarationFinding) -> bool:
        """Whether a finding is about what only stands in, or was left out."""
        return finding.path in self._items

    def arguments(self, half: Half[Any]) -> dict[str, Any]:
        """The keyword arguments of a connector, with the values that come later."""
        inputs: dict[str, Any] = dict(half.inputs)
        for key, path in half.paths.items():
            # Whether there are smart hosts is no secret, only which.
            if path in self._secret and key in inputs and key != "useMxRecord":
                inputs[key] = pulumi.Output.secret(inputs[key])
            if path not in self._given or half.declared[key] in (None, []):
                continue
            value = self._given[path]
            if key != "useMxRecord":
                inputs[key] = value
            elif path in self.whole:
                inputs[key] = pulumi.Output.from_input(value).apply(lambda hosts: not hosts)
        return arguments(half.direction, inputs)
