"""The schema of the package `exchange-online`, whole: connectors, functions, settings, and the partner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from exchange_online.connectors import Direction
from exchange_online.names import PACKAGE, Face
from exchange_online.resources.native import schema as native
from exchange_online.resources.native.schema import Json, choice, enum, reference, token
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.partners.declaration import (
    Inbound,
    InboundSecurity,
    Outbound,
    OutboundSecurity,
    Partner,
    RestrictDomainsBy,
)
from regulated_partners.plugin.version import version

#: The SDKs are `@regulated-partners/exchange-online` and `regulated_partners_exchange_online`, however they are made.
NAMESPACE = "regulated-partners"

#: Of a stack file only.
_LEFT_OUT = ("acknowledge",)

_ENUMS: dict[type[StrEnum], str] = {
    InboundSecurity: "Connection security of mail from the partner.",
    RestrictDomainsBy: "What mail from the partner's domains must come with.",
    OutboundSecurity: "Connection security of mail to the partner, the strictest first.",
}
_MODELS: dict[str, type[BaseModel]] = {"PartnerInbound": Inbound, "PartnerOutbound": Outbound}


def schema() -> Json:
    """The schema. Source: Pulumi's docs, package schema reference."""
    settings = native.settings()
    return {
        "name": PACKAGE,
        "displayName": "Exchange Online connectors",
        "namespace": NAMESPACE,
        "version": version(),
        "description": "Forced TLS with regulated partners in Exchange Online, one connector for each direction.",
        "keywords": ["pulumi", "exchange-online", "kind/hybrid", "category/network"],
        "license": "Apache-2.0",
        # SDKs that are complete modules, with a go.mod and the package's version.
        "meta": {"supportPack": True},
        "publisher": "Regulated Partners",
        "config": {"variables": settings, "defaults": ["cloud"]},
        "provider": {
            "description": "A tenant, and how to sign in there. A program can have one provider for each tenant. What "
            "is not given here is taken from the environment: AZURE_TENANT_ID, AZURE_CLIENT_ID and the credential.",
            "inputProperties": settings,
            "requiredInputs": ["cloud"],
        },
        "types": {**native.types(), **_types()},
        "resources": {**native.resources(), token("RegulatedPartner"): _partner()},
        "functions": native.functions(),
        "language": {
            "csharp": {"respectSchemaVersion": True},
            "go": {
                "respectSchemaVersion": True,
                "generateResourceContainerTypes": True,
                # The generator's own guess has a hyphen where the folder has none, and does not compile.
                "importBasePath": f"github.com/{NAMESPACE}/pulumi-{PACKAGE}/sdk/go/{PACKAGE.replace('-', '')}",
            },
            "nodejs": {"respectSchemaVersion": True},
            "python": {"respectSchemaVersion": True, "pyproject": {"enabled": True}},
        },
    }


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2) + "\n"


def _types() -> Json:
    models = {
        token(name): {"type": "object", "description": _first_line(model), "properties": dict(_properties(model))}
        for name, model in _MODELS.items()
    }
    return {**{token(members.__name__): enum(members, doc) for members, doc in _ENUMS.items()}, **models}


def _partner() -> Json:
    inputs = dict(_properties(Partner))
    inputs["name"]["description"] = (
        f"The partner's name, where it is not the resource's. {inputs['name']['description']}"
    )
    needed = [field.alias or name for name, field in Partner.model_fields.items() if field.is_required()]
    connectors = {
        direction.word: {
            "$ref": f"#/resources/{token(direction)}",
            "description": f"The {direction.word} connector.",
        }
        for direction in Direction
    }
    return {
        "isComponent": True,
        "description": "An inbound and an outbound connector made from one declaration, so that they cannot disagree. "
        "The declaration is judged before anything is created, so its values are plain: for values that come from "
        "other resources, or are secret, declare the two connectors.",
        "properties": connectors,
        "required": list(connectors),
        "inputProperties": inputs,
        "requiredInputs": [name for name in needed if name != "name"],
        # With it a partner of the dynamic face moves to this one, its connectors untouched.
        "aliases": [{"type": COMPONENT_TOKENS[Face.DYNAMIC]}],
    }


def _properties(model: type[BaseModel]) -> Iterator[tuple[str, Json]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key not in _LEFT_OUT:
            yield key, {**_shape(key, field.annotation), "plain": True, "description": field.description or ""}


def _shape(key: str, annotation: Any) -> Json:
    """The type of an option, by that of its field."""
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return choice(annotation)
    named = {model: name for name, model in _MODELS.items()}
    if annotation in named:
        return {"type": "object", "$ref": reference(named[annotation])}
    if key == "settings":
        return {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}}
    if "tuple" in str(annotation):
        return {"type": "array", "items": {"type": "string", "plain": True}}
    return {"type": "boolean"} if "bool" in str(annotation) else {"type": "string"}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").splitlines()[0]
