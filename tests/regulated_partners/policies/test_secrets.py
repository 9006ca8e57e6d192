"""A policy that is violated by a secret value says so without the value."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from exchange_online.connectors import Direction, redacted
from regulated_partners.policies.pack import _connector


def test_a_violation_shows_no_secret() -> None:
    """Failing, the name of a policy would stand beside the secret in the log of every preview."""
    declared = {
        "name": "Open",
        "senderDomains": ["canary-policy.example"],
        "requireTls": False,
        "secretProperties": ["senderDomains"],
    }
    resource: Any = SimpleNamespace(urn="urn", props=declared, opts=SimpleNamespace(protect=False))
    connector = _connector(Direction.INBOUND, resource, None)
    assert connector.settings.domains == ("canary-policy.example",)
    assert redacted("mail from Canary-Policy.example is accepted") == "mail from [secret] is accepted"
