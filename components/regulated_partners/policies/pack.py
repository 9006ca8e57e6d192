"""The adapter to CrossGuard: resources of the engine to subjects, violations to reports."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import policy as sdk
from pulumi_policy.proxy import UnknownValueError

from exchange_online.connectors import (
    OPTION_KEYS,
    SECRET_PROPERTIES,
    TOKENS,
    Direction,
    check,
    hide_secrets,
    parameters,
    redacted,
)
from exchange_online.engine_watch import end_with_engine
from exchange_online.messages import ALL_MESSAGES, MOST_OF_A_KIND, Running, all_wanted, named
from exchange_online.names import LOCAL, NAMESPACE, Face, stack_of
from regulated_partners.names import PREFIX, is_partner, partner_of
from regulated_partners.partners.settings import read_settings
from regulated_partners.policies import RULES
from regulated_partners.policies.rule import ConnectorRule, Policy, ResourceRule, Rule, StackRule
from regulated_partners.policies.subjects import PROPERTIES, Configuration, Connector, Stack
from regulated_partners.policies.waiver import read_waivers

_DOCUMENTATION = "docs/policies.md"

#: The settings of the stack, as the engine sends them to a pack.
_SETTINGS: dict[str, str] = {}
_WAIVERS = f"{PREFIX}waivers"

#: Characters of a violation that are printed.
_LONGEST = 1000


def serve() -> None:
    """Serves the pack to the engine until the engine ends it, or is gone."""
    end_with_engine()
    _keep_settings()
    PolicyPack(
        NAMESPACE,
        policies=list(map(policy, RULES)),
        enforcement_level=EnforcementLevel.MANDATORY,
        description="Forced TLS with regulated partners in Exchange Online.",
        display_name="Regulated Partners",
        tags=["exchange-online", "forced-tls"],
    )


def _keep_settings() -> None:
    """The engine sends the stack's settings by ConfigureStack, and the SDK drops them. Source: pulumi-policy 1.21.0."""
    servicer: Any = sdk._PolicyAnalyzerServicer
    configure = servicer.ConfigureStack

    def configured(self: Any, request: Any, context: Any) -> Any:
        _SETTINGS.update(request.config)
        return configure(self, request, context)

    servicer.ConfigureStack = configured


def policy(rule: Rule) -> ResourceValidationPolicy | StackValidationPolicy:
    """A rule as CrossGuard takes it."""
    if isinstance(rule, ResourceRule):
        return _resource_policy(rule)
    return _connector_policy(rule) if isinstance(rule, ConnectorRule) else _stack_policy(rule)


def _resource_policy(rule: ResourceRule) -> ResourceValidationPolicy:
    running = Running("violation")

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        text = rule.violation(args.resource_type, args.name)
        if text and (fitting := running.passed(text, rule.id, args.name)):
            report(_fitting(redacted(fitting)), None)

    return ResourceValidationPolicy(validate=validate, **_words(rule))


def _connector_policy(rule: ConnectorRule) -> ResourceValidationPolicy:
    running = Running("violation")

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        direction = TOKENS.get(args.resource_type)
        if direction is None:
            return
        connector = _connector(direction, args, partner_of(args.opts.parent or ""))
        _stop_on_unknown(rule, connector, args.props)
        stack = _stack(args)
        violation = rule.violation(connector, replace(stack, configuration=_configuration(args)))
        # Who is left out is refused all the same: in an update the first violation of a mandatory policy ends the run,
        # so that there are twenty only in a preview, which they fail, or of an advisory one. Source: measured.
        if violation and (text := running.passed(violation.text, rule.id, connector.called)):
            report(_fitting(redacted(text)), None)

    return ResourceValidationPolicy(validate=validate, **_words(rule))


def _stack_policy(rule: StackRule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = _whole_stack(args.resources)
        if stack is None:
            return
        violations = rule.violations(replace(stack, configuration=_configuration(args)))
        most = len(violations) if all_wanted() else MOST_OF_A_KIND
        for violation in violations[:most]:
            report(_fitting(redacted(violation.text)), violation.urn or None)
        if left := [violation.owner or rule.id for violation in violations[most:]]:
            said = f"{len(left)} more violations, of {named(left)}. {ALL_MESSAGES}=true shows all."
            report(redacted(said), None)

    return StackValidationPolicy(validate=validate, **_words(rule))


def _fitting(text: str) -> str:
    """A text that one line of a log takes: what to do about it stands at its end, so its middle is left out."""
    left = len(text) - _LONGEST
    if left <= 0 or all_wanted():
        return text
    return f"{text[: _LONGEST // 2]} … {left} more characters … {text[-(_LONGEST // 2) :]}"


def _configuration(args: ResourceValidationArgs | StackValidationArgs) -> Configuration:
    return Configuration.model_validate(args.get_config())


def _words(rule: Policy) -> dict[str, Any]:
    properties = {name: PROPERTIES[name] for name in rule.configuration}
    return {
        "name": rule.id,
        "description": rule.description,
        "enforcement_level": EnforcementLevel(rule.level.value),
        "config_schema": PolicyConfigSchema(properties) if properties else None,
        "severity": Severity(rule.severity.value),
        "remediation_steps": rule.remediation,
        "url": f"{_DOCUMENTATION}#{rule.id}",
    }


def _whole_stack(resources: list[PolicyResource]) -> Stack | None:
    """The stack with its connectors; None where it has none, and so nothing to judge."""
    ordered = sorted(resources, key=lambda resource: resource.urn)
    connectors = [resource for resource in ordered if resource.resource_type in TOKENS]
    if not connectors:
        return None
    return replace(
        _stack(connectors[0]),
        connectors=tuple(map(_declared, connectors)),
        partners=tuple((resource.urn, resource.name) for resource in ordered if is_partner(resource.resource_type)),
    )


def _stack(resource: ResourceValidationArgs | PolicyResource) -> Stack:
    """The stack as a connector and the engine's settings know it.

    The inputs of a dynamic connector's provider are the settings of the stack, those of the plugin's are what its
    schema has. Where that names no cloud it is not taken for the emulator, which would ask for less.
    """
    given = _connection(resource)
    cloud = given["cloud"] or (None if Face.of(resource.resource_type) is Face.NATIVE else LOCAL)
    waivers = _SETTINGS.get(_WAIVERS)
    if waivers is None and resource.provider and _WAIVERS in resource.provider.props:
        waivers = _plain(resource.provider.props[_WAIVERS])
    settings, _ = read_settings({} if waivers is None else {_WAIVERS: waivers})
    return Stack(
        name=stack_of(resource.urn),
        local=cloud == LOCAL,
        today=datetime.datetime.now(datetime.UTC).date(),
        waivers=read_waivers(settings.waivers),
    )


def _connection(resource: ResourceValidationArgs | PolicyResource) -> dict[str, Any]:
    """What a connector's provider says of the tenant, empty where it says nothing: different values, another tenant."""
    props = resource.provider.props if resource.provider else {}
    prefix = "" if Face.of(resource.resource_type) is Face.NATIVE else PREFIX
    names = ("cloud", "tenant", "host", "authority")
    return {name: _plain(props[prefix + name]) if prefix + name in props else "" for name in names}


def _declared(resource: PolicyResource) -> Connector:
    partner = resource.parent.name if resource.parent and is_partner(resource.parent.resource_type) else None
    direction = TOKENS[resource.resource_type]
    try:
        tenant = "|".join(map(str, _connection(resource).values()))
    except UnknownValueError:
        tenant = resource.provider.urn if resource.provider else ""
    return replace(_connector(direction, resource, partner), tenant=tenant)


def _connector(
    direction: Direction, resource: ResourceValidationArgs | PolicyResource, partner: str | None
) -> Connector:
    props: Mapping[str, Any] = resource.props
    known: dict[str, Any] = {}
    unknown = set()
    for key in (
        "connectorSource",
        *OPTION_KEYS,
        SECRET_PROPERTIES,
        *(parameter.key for parameter in parameters(direction)),
    ):
        try:
            if key in props:
                known[key] = _plain(props[key])
        except UnknownValueError:
            unknown.add(key)
    source = known.pop("connectorSource", "")
    hide_secrets(direction, known)
    checked = check(direction, known)
    return Connector(
        urn=resource.urn,
        settings=checked.settings,
        options=checked.options,
        partner=partner,
        protected=resource.opts.protect,
        connector_source=source,
        unknown=frozenset(unknown),
    )


def _stop_on_unknown(rule: ConnectorRule, connector: Connector, props: Mapping[str, Any]) -> None:
    """Reads the unknown value again: its exception makes CrossGuard say that the policy could not be judged yet."""
    for key in rule.needs:
        if key in connector.unknown:
            _plain(props[key])


def _plain(value: Any) -> Any:
    """CrossGuard hands out lists as sequences that raise at an unknown item."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return value
    return [_plain(value[index]) for index in range(len(value))]
