"""Whatever makes a connector is judged: a resource of a type that no policy knows fails the pack."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pulumi_policy import ResourceValidationArgs

from exchange_online.connectors import Direction
from exchange_online.names import Face
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.policies import kinds
from regulated_partners.policies.pack import policy
from regulated_partners.policies.rule import Level

(RULE,) = kinds.RULES


def said(token: str) -> list[str]:
    """What the pack reports of a resource."""
    texts: list[str] = []
    judged: Any = policy(RULE)
    args: Any = SimpleNamespace(resource_type=token, name="Some resource")
    validated: ResourceValidationArgs = args
    judged.validate(validated, lambda text, _=None: texts.append(text))
    return texts


@pytest.mark.parametrize("token", [face.token(name) for face in Face for name in ("MailFlowRule", "inboundconnector")])
def test_a_type_that_the_pack_does_not_know_fails_it(token: str) -> None:
    """Failing, a plugin that is newer than the pack deploys what no policy has looked at, and the pack shows a tick."""
    (text,) = said(token)
    assert text.startswith(f"resource 'Some resource': it is of the type {token}, and exchange-online has no such type")
    assert text.endswith(RULE.remediation)
    assert RULE.level is Level.MANDATORY


def test_what_makes_no_connector_passes() -> None:
    """Failing, nobody could have other resources beside connectors in a stack under the pack."""
    others = [
        "pulumi:pulumi:Stack",
        "pulumi-python:dynamic:Resource",
        "pulumi:providers:exchange-online",
        "aws:s3/bucket:Bucket",
    ]
    others += [*COMPONENT_TOKENS.values(), *(direction.token(face) for direction in Direction for face in Face)]
    assert [text for token in others for text in said(token)] == []
