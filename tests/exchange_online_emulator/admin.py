"""A bare client of the emulator for these tests: one POST per cmdlet, nothing retried, nothing hidden."""

from __future__ import annotations

import json
from typing import Any

import msal
import requests

from exchange_online_emulator import EmulatorProcess


class Admin:
    """Calls cmdlets as an application; `headers` replace the usual ones, None removes one."""

    def __init__(self, process: EmulatorProcess) -> None:
        self.connection = process.connection
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(process.connection.ca_bundle)
        # requests fails where the service declares a body as gzip that is not.
        self.session.headers["Accept-Encoding"] = "identity"
        self.token = self.sign_in()["access_token"]

    def msal_client(self, credential: Any, client_id: str | None = None) -> msal.ConfidentialClientApplication:
        """MSAL as a deployment uses it, pointed at the emulator."""
        return msal.ConfidentialClientApplication(
            client_id or self.connection.client_id,
            client_credential=credential,
            authority=f"{self.connection.authority}/{self.connection.tenant}",
            http_client=self.session,
            instance_discovery=False,
        )

    def sign_in(self, credential: Any = None, client_id: str | None = None) -> dict[str, Any]:
        """What MSAL gets for a credential, by default the emulator's own client secret."""
        client = self.msal_client(credential or self.connection.client_secret, client_id)
        answer: dict[str, Any] = client.acquire_token_for_client([self.connection.scope])
        return answer

    def headers(self, **changes: str | None) -> dict[str, str]:
        """The recommended headers (exchange-wire 5.1)."""
        mailbox = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}"
        usual: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "X-AnchorMailbox": f"APP:{mailbox}@{self.connection.tenant}",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        return {name: value for name, value in usual.items() if value is not None}

    def post(
        self, cmdlet: str, parameters: Any = None, *, tenant: str | None = None, **headers: str | None
    ) -> requests.Response:
        """One InvokeCommand."""
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": {} if parameters is None else parameters}}
        return self.send(json.dumps(body), tenant=tenant, **headers)

    def send(self, body: str | bytes, *, tenant: str | None = None, **headers: str | None) -> requests.Response:
        """A body as it stands."""
        url = f"{self.connection.url}/adminapi/beta/{tenant or self.connection.tenant}/InvokeCommand"
        return self.session.post(url, data=body, headers=self.headers(**headers), timeout=30)

    def rows(self, cmdlet: str, parameters: Any = None) -> list[dict[str, Any]]:
        """The rows of a cmdlet that must succeed."""
        response = self.post(cmdlet, parameters)
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()["value"]
        return rows

    def new_inbound(self, name: str = "Fabrikam", **parameters: Any) -> dict[str, Any]:
        """A new inbound connector's row."""
        return self.rows("New-InboundConnector", {"Name": name, "SenderDomains": ["fabrikam.com"], **parameters})[0]

    def new_outbound(self, name: str = "Fabrikam", **parameters: Any) -> dict[str, Any]:
        """A new outbound connector's row."""
        return self.rows("New-OutboundConnector", {"Name": name, "RecipientDomains": ["fabrikam.com"], **parameters})[0]

    def one(self, direction: str, name: str) -> dict[str, Any]:
        """A connector's row, found in the whole listing."""
        rows = self.rows(f"Get-{direction}Connector", {"ResultSize": "Unlimited"})
        return next(row for row in rows if row["Name"] == name)


def refusal_text(response: requests.Response) -> str:
    """The text of a refusal, after `Id|Type|`."""
    error = response.json()["error"]
    details = error.get("details")
    text: str = details[0]["message"] if details else error["innererror"]["internalexception"]["message"]
    return text.split("|", 2)[-1]
