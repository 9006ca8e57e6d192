"""The plugin's settings: what is refused, and what a change of them means."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.names import CLOUD_NAMES
from exchange_online.resources.native.configuration import SETTINGS, Kind, TenantChangedError, differs, refusals
from exchange_online.resources.native.wire import UNKNOWN

_ONE, _OTHER = "7ef37410-42f1-4b45-9921-1a2b3c4d5e6f", "0a0a0a0a-42f1-4b45-9921-1a2b3c4d5e6f"


def _reasons(**settings: object) -> list[str]:
    return [refusal.reason for refusal in refusals({"cloud": "commercial", **settings})]


@pytest.mark.parametrize("cloud", CLOUD_NAMES)
def test_each_cloud_is_one(cloud: str) -> None:
    """Failing, somebody in that cloud could not use the plugin at all."""
    assert _reasons(cloud=cloud) == []


def test_the_texts_of_a_stack_s_config_count() -> None:
    """Failing, `pulumi config set exchange-online:managedIdentity true` would be refused: the engine hands on texts."""
    flags = [setting.name for setting in SETTINGS if setting.kind is Kind.FLAG]
    for value in (True, False, "true", "false", UNKNOWN):
        assert _reasons(**dict.fromkeys(flags, value)) == []
    assert _reasons(knownWays='["Theirs"]', version="0.1.0", pluginDownloadURL="x", __internal={}) == []
    assert _reasons(cloud=UNKNOWN, tenant=UNKNOWN) == []
    for calls in (1, 10.0, "4", UNKNOWN):
        assert _reasons(concurrentCalls=calls) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tennant": "x"}, "did you mean tenant?"),
        ({"qqq": "x"}, "the settings are authority, caBundle, "),
        ({"cloud": ""}, "no cloud is given"),
        ({"tenant": 12}, "12 is not a text; put it into quotation marks"),
        ({"clientSecret": ["canary"]}, "this is not a text"),
        ({"concurrentCalls": 11.0}, "11.0 is not a whole number from 1 to 10"),
        ({"concurrentCalls": True}, "true is not a whole number from 1 to 10"),
        ({"concurrentCalls": "1.5"}, "'1.5' is not a whole number from 1 to 10"),
        ({"knownWays": "Theirs"}, "'Theirs' is not a list of texts"),
    ],
)
def test_what_is_wrong_is_said_and_no_secret_shown(settings: dict[str, Any], words: str) -> None:
    """Failing, a misspelled setting would count for nothing."""
    (reason,) = _reasons(**settings)
    assert words in reason
    assert "canary" not in reason


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"cloud": "local"}, {"cloud": "local"}, False),
        ({"cloud": "local"}, {"cloud": "local", "tenant": _ONE}, True),
        ({"cloud": "local", "tenant": _ONE}, {"cloud": "local"}, True),
        ({"tenant": _ONE.upper()}, {"tenant": _ONE}, True),
        ({"tenant": _ONE}, {"tenant": UNKNOWN}, True),
        ({"tenant": "contoso.onmicrosoft.com"}, {"tenant": _ONE}, True),
        # The dynamic face: the config of the whole project, and the SDK's own.
        ({"regulated-partners:cloud": "local", "regulated-partners:partners": "[]"}, {"cloud": "local"}, False),
        ({"version": "0.1.0", "cloud": "dod"}, {"version": "0.2.0", "cloud": "dod"}, False),
        ({}, {"cloud": "gcc-high", "tenant": _ONE}, True),
    ],
)
def test_a_change_that_may_be_the_same_tenant_is_none_of_it(
    before: dict[str, Any], after: dict[str, Any], changed: bool
) -> None:
    """Failing, to write the tenant's GUID in place of its domain would be an error, or replace every connector."""
    assert differs(before, after) is changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"tenant": _ONE}, {"tenant": _OTHER}),
        ({"cloud": "commercial"}, {"cloud": "gcc-high"}),
        ({"regulated-partners:tenant": _ONE}, {"tenant": _OTHER}),
    ],
)
def test_two_tenants_are_an_error_in_words(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Failing, the connectors would stay behind in the old tenant, with nobody who manages them."""
    with pytest.raises(TenantChangedError, match="Connectors cannot move from one tenant to another"):
        differs(before, after)
