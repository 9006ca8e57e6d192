"""A program without an SDK of the plugin. The stack's `resources` hold type, name, properties and options of each.

A value `{output: [x]}` is the id of another resource, `{secret: x}` a secret, and `{variable: n}` the nth secret of the
environment variable CANARIES.
"""

from __future__ import annotations

import os
from typing import Any

import pulumi

PACKAGE = "exchange-online"
_NAMES = (
    *("ignore_changes", "protect", "import_", "additional_secret_outputs"),
    *("replace_on_changes", "delete_before_replace", "retain_on_delete"),
)


def _value(given: Any) -> Any:
    if isinstance(given, list):
        return [_value(item) for item in given]
    if not isinstance(given, dict):
        return given
    if given.keys() == {"secret"}:
        return pulumi.Output.secret(given["secret"])
    if given.keys() == {"variable"}:
        return pulumi.Output.secret(os.environ["CANARIES"].split()[given["variable"]])
    if given.keys() == {"output"}:
        return made[given["output"][0]].id
    return {key: _value(item) for key, item in given.items()}


class _Component(pulumi.ComponentResource):
    def __init__(self, name: str, properties: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        super().__init__(f"{PACKAGE}:index:RegulatedPartner", name, properties, options, remote=True)


class _Provider(pulumi.ProviderResource):
    def __init__(self, name: str, properties: dict[str, Any]) -> None:
        super().__init__(PACKAGE, name, properties)


def _options(declared: dict[str, Any]) -> pulumi.ResourceOptions:
    given = {name: declared[name] for name in _NAMES if name in declared}
    if provider := declared.get("provider"):
        given |= (
            {"provider": made[provider]} if declared["type"] != "RegulatedPartner" else {"providers": [made[provider]]}
        )
    if alias := declared.get("alias"):
        given["aliases"] = [pulumi.Alias(type_=alias)]
    if timeouts := declared.get("timeouts"):
        given["custom_timeouts"] = pulumi.CustomTimeouts(**timeouts)
    if identity := declared.get("id"):
        given["id"] = identity
    return pulumi.ResourceOptions(**given)


made: dict[str, Any] = {}
for declared in pulumi.Config("test").require_object("resources"):
    kind, name, properties = declared["type"], declared["name"], _value(declared.get("properties", {}))
    if kind == "Provider":
        made[name] = _Provider(name, properties)
    elif kind == "RegulatedPartner":
        made[name] = _Component(name, properties, _options(declared))
    elif kind.startswith("get"):
        found = pulumi.runtime.invoke_async(f"{PACKAGE}:index:{kind}", properties)
        pulumi.export(name, pulumi.Output.from_input(found))
    else:
        made[name] = pulumi.CustomResource(f"{PACKAGE}:index:{kind}", name, properties, _options(declared))
