"""The settings of a stack: one model for its file, the program, a preview and a plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exchange_online.admin_api import CLOUDS
from exchange_online.names import CLOUD_NAMES, LOCAL
from regulated_partners.partners import StackSettings, read_settings, setting_names
from tests.regulated_partners.partners.declared import FABRIKAM, settings


def said(project: str = "", **named: object) -> list[str]:
    """What there is to say about settings."""
    return [str(finding) for finding in read_settings(settings(**named), project)[1]]


def test_a_misspelled_setting_is_named_with_what_was_meant() -> None:
    """A failure means that `partnrs:` reads as "no partners", and the next `up` removes every connector."""
    assert said(partnrs=[], cloud="local") == [
        "regulated-partners:partnrs: there is no such setting; did you mean partners?"
    ]


def test_settings_of_other_namespaces_are_nobodys_business() -> None:
    """A failure means that a stack cannot hold settings for other tools."""
    config = {"azure:location": "x", "pulumi:tags": {}, "acme-mail:owner": "x", "other:partners": []}
    assert read_settings(config, "acme-mail") == (StackSettings(), ())


@pytest.mark.parametrize("name", ["partners", "cloud", "clientId"])
def test_settings_under_the_projects_own_name_are_refused_with_the_line_to_write(name: str) -> None:
    """Failing: a project of another name deploys no partners, or to the emulator, without a word."""
    (finding,) = read_settings({f"acme-mail:{name}": "x"}, "acme-mail")[1]
    assert finding.path == f"acme-mail:{name}"
    assert f"write regulated-partners:{name}: in its place" in finding.text
    assert finding.is_error


def test_every_known_setting_is_accepted() -> None:
    """A failure means that a documented setting stops the program."""
    assert said("regulated-partners", **dict.fromkeys(setting_names())) == []
    assert {"cloud", "tenant", "clientId", "partners", "host", "scope", "authority"} <= set(setting_names())


@pytest.mark.parametrize(
    ("cloud", "text"),
    [
        ("comercial", "there is no cloud 'comercial'; did you mean commercial?"),
        ("Local", "there is no cloud 'Local'; did you mean local?"),
        ("GCC High", "there is no cloud 'GCC High'; did you mean gcc-high?"),
        ("GCC", "there is no cloud 'GCC'; did you mean commercial?"),
        ("O365USGovGCCHigh", "there is no cloud 'O365USGovGCCHigh'; did you mean gcc-high?"),
        ("21Vianet", "there is no cloud '21Vianet'; did you mean china?"),
        ("germany", "there is no cloud 'germany'; write one of local, commercial, gcc-high, dod, china."),
        ([], "a list is not a text; write one text."),
    ],
)
def test_a_cloud_that_does_not_exist_is_an_error(cloud: object, text: str) -> None:
    """Failing: a misspelled cloud is noticed only when the first connector is created."""
    assert said(cloud=cloud) == [f"regulated-partners:cloud: {text}"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tenant", "not a tenant", "'not a tenant' is neither a GUID nor a domain; write the tenant's GUID."),
        ("tenant", "common", "'common' is neither a GUID nor a domain; write the tenant's GUID."),
        ("tenant", "contoso.com/../x", "'contoso.com/../x' is neither a GUID nor a domain; write the tenant's GUID."),
        (
            "tenant",
            "{2f2067d4-b496-4a5b-b015-577cb8f31358}",
            "'{2f2067d4-b496-4a5b-b015-577cb8f31358}' is neither a GUID nor a domain; write the tenant's GUID.",
        ),
        (
            "host",
            "http://a.example",
            "'http://a.example' is not an https address; write only https:// and a host name.",
        ),
        ("host", "https://[::1", "'https://[::1' is not an https address; write only https:// and a host name."),
        ("host", "a.example/beta", "'a.example/beta' has a path; write only https:// and a host name."),
        (
            "authority",
            "https://u@a.example",
            "'https://u@a.example' is not an https address; write only https:// and a host name.",
        ),
    ],
)
def test_what_can_be_no_tenant_and_no_host_is_an_error(name: str, value: str, text: str) -> None:
    """Failing, a preview promises connectors, and only `up` says that nothing can be reached with these settings."""
    assert said(**{name: value}) == [f"regulated-partners:{name}: {text}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tenant", "2F2067D4-b496-4a5b-b015-577cb8f31358"),
        ("tenant", " Contoso.onmicrosoft.com "),
        ("tenant", ""),
        ("host", "https://outlook.office365.com/"),
        ("host", "127.0.0.1:8443"),
        ("authority", "login.partner.microsoftonline.cn"),
    ],
)
def test_what_can_be_one_is_none(name: str, value: str) -> None:
    """Failing, a setting that works is refused."""
    assert said(**{name: value}) == []


@pytest.mark.parametrize("calls", [0, 11, -1, 2.5, True, "four", "0", [4], {"at": 4}, "1" * 40, "0011"])
def test_a_bound_of_calls_that_is_none_is_an_error(calls: object) -> None:
    """Failing, a typing mistake would bound nothing, and the tenant be throttled, or end in a traceback."""
    (text,) = said(concurrentCalls=calls)
    assert text.startswith("regulated-partners:concurrentCalls: ")
    assert text.endswith(" is not a whole number from 1 to 10.")


@pytest.mark.parametrize("calls", [1, "1", 10, "10", None, ""])
def test_a_bound_of_calls_may_be_a_number_or_its_text(calls: object) -> None:
    """Failing, what the engine hands on as text would be refused."""
    settings, findings = read_settings({"regulated-partners:concurrentCalls": calls})
    assert findings == ()
    assert settings.concurrent_calls == (int(str(calls)) if calls else None)


def test_every_cloud_that_there_is_may_be_set() -> None:
    """Failing: a stack in one of the clouds is refused, or one is accepted that the client does not know."""
    assert (LOCAL, *CLOUDS) == CLOUD_NAMES
    assert [said(cloud=name) for name in CLOUD_NAMES] == [[]] * 5


@pytest.mark.parametrize("named", [{}, {"cloud": None}, {"cloud": ""}, {"cloud": "local"}])
def test_a_stack_without_a_cloud_is_local(named: dict[str, object]) -> None:
    """Failing: the command and the provider disagree about a stack file without `cloud`."""
    found, _ = read_settings(settings(**named))
    assert (found.local, found.protects) == (True, False)


@pytest.mark.parametrize(
    ("named", "protects"),
    [
        ({"cloud": "commercial"}, True),
        ({"cloud": "commercial", "protect": False}, False),
        ({"cloud": "commercial", "protect": "false"}, False),
        ({"protect": "true"}, True),
    ],
)
def test_connectors_of_real_tenants_are_protected(named: dict[str, object], protects: bool) -> None:
    """Failing: a slip deletes a connector of a real tenant, or nobody can take the protection away."""
    assert read_settings(settings(**named))[0].protects is protects


def test_the_file_and_the_engine_say_the_same() -> None:
    """Failing: program and command read one stack differently: the engine hands on lists as JSON, flags as texts."""
    typed: dict[str, Any] = {
        "cloud": "dod",
        "tenant": 17,
        "protect": True,
        "partners": [FABRIKAM],
        "preflight": {"port": 26},
    }
    handed_on = {"cloud": "dod", "tenant": "17", "protect": "true"}
    handed_on |= {name: json.dumps(typed[name]) for name in ("partners", "preflight")}
    assert read_settings(settings(**typed)) == read_settings(settings(**handed_on))


def test_a_wrong_value_is_said_and_the_others_count() -> None:
    """Failing: one slip hides the others, or everything else is forgotten with it."""
    found, findings = read_settings(settings(tenant=["x"], protect="maybe", clientId="app"))
    assert [finding.path for finding in findings] == ["regulated-partners:tenant", "regulated-partners:protect"]
    assert found == StackSettings(client_id="app")


def test_what_is_encrypted_in_the_file_is_no_mistake() -> None:
    """Failing: `adopt` refuses a stack file in which a secret stands; or an encrypted cloud passes for local."""
    secret = {"secure": "v1:abc"}
    assert said(clientSecret=secret, tenant=secret) == []
    assert said(cloud=secret) == [
        "regulated-partners:cloud: a mapping is not a text; write one text, in quotation marks if it holds a colon."
    ]
