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
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
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
from exchange_online.names import NAMESPACE
from regulated_partners.names import COMPONENT_TOKEN, PREFIX, partner_of, stack_of
from regulated_partners.partners.settings import read_settings
from regulated_partners.policies import RULES
from regulated_partners.policies.rule import ConnectorRule, Policy, Rule, StackRule
from regulated_partners.policies.subjects import PROPERTIES, Configuration, Connector, Stack
from regulated_partners.policies.waiver import read_waivers

_DOCUMENTATION = "docs/policies.md"

#: Characters of a violation that are printed.
_LONGEST = 1000


def serve() -> None:
    """Serves the pack to the engine until the engine ends it, or is gone."""
    end_with_engine()
    PolicyPack(
        NAMESPACE,
        policies=list(map(policy, RULES)),
        enforcement_level=EnforcementLevel.MANDATORY,
        description="Forced TLS with regulated partners in Exchange Online.",
        display_name="Regulated Partners",
        tags=["exchange-online", "forced-tls"],
    )


def policy(rule: Rule) -> ResourceValidationPolicy | StackValidationPolicy:
    """A rule as CrossGuard takes it."""
    return _connector_policy(rule) if isinstance(rule, ConnectorRule) else _stack_policy(rule)


def _connector_policy(rule: ConnectorRule) -> ResourceValidationPolicy:
    running = Running("violation")

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        direction = TOKENS.get(args.resource_type)
        if direction is None:
            return
        connector = _connector(direction, args.urn, args.props, args.opts.protect, partner_of(args.opts.parent or ""))
        _stop_on_unknown(rule, connector, args.props)
        stack = _stack(args.urn, args.provider)
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
        _stack(connectors[0].urn, connectors[0].provider),
        connectors=tuple(map(_declared, connectors)),
        partners=tuple(
            (resource.urn, resource.name) for resource in ordered if resource.resource_type == COMPONENT_TOKEN
        ),
    )


def _stack(urn: str, provider: PolicyProviderResource | None) -> Stack:
    """The stack as a connector's URN and provider know it.

    The engine sends a pack the stack's name and settings by ConfigureStack, and the Python SDK drops both; the
    settings are the inputs of the connectors' default provider too. Source: pulumi-policy 1.21.0, measured.
    """
    props = provider.props if provider else {}
    names = [PREFIX + name for name in ("cloud", "waivers")]
    settings, _ = read_settings({name: _plain(props[name]) for name in names if name in props})
    return Stack(
        name=stack_of(urn),
        local=settings.local,
        today=datetime.datetime.now(datetime.UTC).date(),
        waivers=read_waivers(settings.waivers),
    )


def _declared(resource: PolicyResource) -> Connector:
    partner = resource.parent.name if resource.parent and resource.parent.resource_type == COMPONENT_TOKEN else None
    direction = TOKENS[resource.resource_type]
    return _connector(direction, resource.urn, resource.props, resource.opts.protect, partner)


def _connector(
    direction: Direction, urn: str, props: Mapping[str, Any], protected: bool, partner: str | None
) -> Connector:
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
        urn=urn,
        settings=checked.settings,
        options=checked.options,
        partner=partner,
        protected=protected,
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
