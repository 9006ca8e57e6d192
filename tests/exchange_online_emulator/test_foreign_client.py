"""A client that nobody here wrote: azure-identity and azure-core (both MIT), from the package index, unchanged.

No package that speaks InvokeCommand was found on PyPI, npm, crates.io or the Go module proxy. Beneath, these sign in by
MSAL and send by requests; the environment, the pages, the retries, the answer to a challenge and the reading of OData
errors, on which every client of Azure's rests, are their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core import PipelineClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ODataV4Format
from azure.core.paging import ItemPaged
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import ClientSecretCredential, EnvironmentCredential

from exchange_online_emulator import Control
from exchange_online_emulator.faults import ExpiredToken, Throttled

HOST = "https://outlook.office365.com"
Row = dict[str, Any]


class Cmdlets:
    """Cmdlets through azure-core's pipeline, with fixed hosts."""

    def __init__(self, credential: Any, tenant: str) -> None:
        policies = [RetryPolicy(), BearerTokenCredentialPolicy(credential, f"{HOST}/.default", enable_cae=True)]
        self.client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(HOST, policies=policies)
        self.url = f"{HOST}/adminapi/beta/{tenant}/InvokeCommand"

    def answer(self, url: str, cmdlet: str, parameters: Row) -> Row:
        """One answer, or azure-core's error of it."""
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        headers = {"Prefer": "odata.maxpagesize=2"}
        response = self.client.send_request(HttpRequest("POST", url, json=body, headers=headers))
        if response.status_code >= 400:
            raise HttpResponseError(response=response, error_format=ODataV4Format)
        answer: Row = response.json()
        return answer

    def rows(self, cmdlet: str, **parameters: Any) -> list[Row]:
        """The rows of every page, by azure-core's own pager."""

        def extract(page: Row) -> tuple[str | None, Iterator[Row]]:
            return page.get("@odata.nextLink"), iter(page["value"])

        return list(ItemPaged(lambda link: self.answer(link or self.url, cmdlet, parameters), extract))


@pytest.fixture
def cmdlets(exchange_online_environment: dict[str, str]) -> Iterator[Cmdlets]:
    """The client, as its environment makes it."""
    with EnvironmentCredential() as credential:
        made = Cmdlets(credential, exchange_online_environment["AZURE_TENANT_ID"])
        with made.client:
            yield made


def test_it_creates_pages_and_removes_with_fixed_hosts(cmdlets: Cmdlets, control: Control) -> None:
    """Failing means that only clients which we know, or wrote, work against the emulator."""
    names = ("Fabrikam", "Contoso", "Woodgrove")
    for name in names:
        created = cmdlets.rows("New-InboundConnector", Name=name, SenderDomains=[f"{name}.example"], RequireTls=True)
        assert [row["Name"] for row in created] == [name]
    assert [row["Name"] for row in cmdlets.rows("Get-InboundConnector", ResultSize="Unlimited")] == list(names)
    assert [call.page for call in control.calls("Get-InboundConnector")] == [1, 2]
    cmdlets.rows("Set-InboundConnector", Identity="Contoso", Comment="theirs")
    assert cmdlets.rows("Get-InboundConnector", Identity="Contoso")[0]["Comment"] == "theirs"
    for name in names:
        assert cmdlets.rows("Remove-InboundConnector", Identity=name, Confirm=False) == []
    assert control.connectors("inbound") == []


def test_it_reads_refusals_waits_and_meets_a_challenge(cmdlets: Cmdlets, control: Control) -> None:
    """Failing means that an error, a throttling or a challenge of the emulator is none to another implementation."""
    with pytest.raises(HttpResponseError) as refused:
        cmdlets.rows("Set-InboundConnector", Identity="nobody", Comment="x")
    assert refused.value.status_code == 404
    assert refused.value.error is not None
    assert "'nobody' couldn't be found" in str(refused.value.error.details[0].message)
    control.fault(Throttled(retry_after="1"), "Get-InboundConnector")
    control.clear_calls()
    assert cmdlets.rows("Get-InboundConnector") == []
    assert [call.status for call in control.calls()] == [429, 200]
    control.fault(ExpiredToken(claims=True), "Get-InboundConnector")
    control.clear_calls()
    assert cmdlets.rows("Get-InboundConnector") == []
    assert [call.status for call in control.calls()] == [401, 200]


def test_it_says_why_there_is_no_token(exchange_online_environment: dict[str, str]) -> None:
    """Failing means that azure-identity cannot read why the emulator gives no token."""
    tenant, client = (exchange_online_environment[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID"))
    with ClientSecretCredential(tenant, client, "wrong") as credential:
        cmdlets = Cmdlets(credential, tenant)
        with cmdlets.client, pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            cmdlets.rows("Get-InboundConnector")
