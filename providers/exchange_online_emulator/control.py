"""A typed client of the control API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from pydantic import BaseModel, SecretStr, TypeAdapter

from exchange_online_emulator.cmdlets.message_trace import TracedMessage
from exchange_online_emulator.connection import ConnectionFile
from exchange_online_emulator.control_api.models import (
    ApplicationAnswer,
    ConnectionAnswer,
    GitHubJob,
    InvokeAnswer,
    Seed,
    Seeded,
    StatusAnswer,
    TokenAnswer,
)
from exchange_online_emulator.control_token import control_token
from exchange_online_emulator.faults import Action, ActiveFault, Fault
from exchange_online_emulator.models import Switches
from exchange_online_emulator.storage import Call
from exchange_online_emulator.tokens.applications import ApplicationRegistration

_TIMEOUT = 30

#: Says which tenant a call of the control API is about, where there are several.
TENANT_HEADER = "X-Tenant"


class ControlError(Exception):
    """The control API refused.

    Attributes:
        text: its sentence.
        status: the HTTP status.
        exception_type: the service's type when a cmdlet refused.
    """

    def __init__(self, text: str, status: int, exception_type: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.status = status
        self.exception_type = exception_type


class Control:
    """What a test does to the emulator: reset, seed, act as somebody in the portal, read the calls, ask for faults.

    The control token, where the emulator demands one, is read from the environment (see `control_token`).

    Args:
        url: where it answers.
        ca_bundle: the file with its CA.
        tenant: the GUID of one of its tenants; the first one unless given.
    """

    def __init__(self, url: str, ca_bundle: Path, tenant: str | None = None) -> None:
        self._url = f"{url}/control"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca_bundle)
        token = control_token()
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"
        if tenant:
            self._session.headers[TENANT_HEADER] = tenant

    @classmethod
    def from_connection(cls, path: Path) -> Control:
        """The control of the tenant whose connection.json is at `path`.

        Raises:
            ConnectionFileError: the file is missing or unreadable.
        """
        connection = ConnectionFile.read(path)
        return cls(connection.url, connection.ca_bundle, connection.tenant)

    def status(self) -> StatusAnswer:
        """What the emulator holds."""
        return StatusAnswer.model_validate_json(self._request("GET", "status"))

    def connection(self) -> ConnectionAnswer:
        """What a client on another machine needs, which cannot read connection.json."""
        return ConnectionAnswer.model_validate_json(self._request("GET", "connection"))

    def reset(self) -> None:
        """Forget connectors, rules, domains, applications, calls, faults and switches; keep identity, CA and keys."""
        self._request("POST", "reset")

    def seed(
        self,
        *,
        inbound: list[dict[str, Any]] | None = None,
        outbound: list[dict[str, Any]] | None = None,
        transport_rules: list[dict[str, Any]] | None = None,
        accepted_domains: list[str] | None = None,
        messages: list[TracedMessage] | None = None,
    ) -> int:
        """Put objects into the tenant without judging them (see `Seed`); returns how many were made."""
        content = Seed(
            inbound=inbound or [],
            outbound=outbound or [],
            transport_rules=transport_rules or [],
            accepted_domains=accepted_domains or [],
            messages=messages or [],
        )
        return Seeded.model_validate_json(self._request("POST", "seed", content)).created

    def seed_file(self, path: Path) -> int:
        """Put the objects of a JSON file (the fields of `Seed`) into the tenant."""
        content = Seed.model_validate_json(path.read_text(encoding="utf-8"))
        return Seeded.model_validate_json(self._request("POST", "seed", content)).created

    def invoke(
        self, cmdlet: str, parameters: Mapping[str, Any] | None = None, *, connector_source: str | None = None
    ) -> InvokeAnswer:
        """Run a cmdlet as somebody else, such as an administrator in the portal; not logged, no faults.

        Args:
            cmdlet: its name in any case.
            parameters: as in an InvokeCommand.
            connector_source: of a connector that New makes; the portal writes AdminUI.

        Raises:
            ControlError: the cmdlet refuses.
        """
        body = {"cmdlet": cmdlet, "parameters": dict(parameters or {}), "connector_source": connector_source}
        return InvokeAnswer.model_validate_json(self._request("POST", "invoke", body))

    def connectors(self, direction: str) -> list[dict[str, Any]]:
        """Every connector of a direction (`inbound` or `outbound`), test-mode ones too, straight from the tenant."""
        cmdlet = f"Get-{direction.capitalize()}Connector"
        rows = self.invoke(cmdlet, {"ResultSize": "Unlimited"}).rows
        if direction == "outbound":
            extra = self.invoke(cmdlet, {"ResultSize": "Unlimited", "IncludeTestModeConnectors": True}).rows
            rows += [row for row in extra if row["Guid"] not in {known["Guid"] for known in rows}]
        return rows

    def calls(self, cmdlet: str | None = None) -> list[Call]:
        """The InvokeCommands seen, oldest first; with `cmdlet` only those of that cmdlet in any case."""
        calls = TypeAdapter(list[Call]).validate_json(self._request("GET", "calls"))
        return [call for call in calls if cmdlet is None or call.cmdlet.lower() == cmdlet.lower()]

    def writes(self) -> list[Call]:
        """The calls seen that change the tenant: New-, Set-, Remove-, Enable-, Disable-."""
        return [call for call in self.calls() if call.writes]

    def clear_calls(self) -> None:
        """Empty the call log."""
        self._request("DELETE", "calls")

    def switches(self) -> Switches:
        """The switches."""
        return Switches.model_validate_json(self._request("GET", "switches"))

    def switch(self, **changes: Any) -> Switches:
        """Change switches by name: `control.switch(strict=True, offering="disabled")`."""
        return Switches.model_validate_json(self._request("PATCH", "switches", changes))

    def fault(
        self, action: Action, cmdlet: str = "*", *, identity: str | None = None, nth: int = 1, count: int | None = 1
    ) -> ActiveFault:
        """Ask for a fault (see `Fault`): `control.fault(Status(status=503), "New-*")`."""
        fault = Fault(action=action, cmdlet=cmdlet, identity=identity, nth=nth, count=count)
        return ActiveFault.model_validate_json(self._request("POST", "faults", fault))

    def faults(self) -> list[ActiveFault]:
        """The faults in force, with how often each acted."""
        return TypeAdapter(list[ActiveFault]).validate_json(self._request("GET", "faults"))

    def clear_faults(self) -> None:
        """Take all faults out of force, read lag too."""
        self._request("DELETE", "faults")

    def remove_fault(self, fault_id: int) -> None:
        """Take one fault out of force."""
        self._request("DELETE", f"faults/{fault_id}")

    def applications(self) -> list[ApplicationAnswer]:
        """The registered applications."""
        return TypeAdapter(list[ApplicationAnswer]).validate_json(self._request("GET", "applications"))

    def register_application(self, registration: ApplicationRegistration) -> ApplicationAnswer:
        """Register or replace an application with its credentials and roles."""
        body = registration.model_dump(mode="json")
        body["secrets"] = [
            {"value": item.value.get_secret_value(), "expires": item.expires and item.expires.isoformat()}
            for item in registration.secrets
        ]
        return ApplicationAnswer.model_validate_json(self._request("POST", "applications", body))

    def github_job(self, subject: str) -> GitHubJob:
        """A GitHub workflow job with that subject: its request URL and token, its issuer and key set."""
        return GitHubJob.model_validate_json(self._request("POST", "github", {"subject": subject}))

    def mint_token(self, client_id: str, *, audience: str | None = None, lifetime: int = 3599) -> SecretStr:
        """A token for an application, however odd: another audience, already expired (negative seconds)."""
        body = {"client_id": client_id, "lifetime": lifetime} | ({"audience": audience} if audience else {})
        return SecretStr(TokenAnswer.model_validate_json(self._request("POST", "tokens", body)).access_token)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _request(self, method: str, path: str, body: BaseModel | Mapping[str, Any] | None = None) -> bytes:
        content = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        response = self._session.request(method, f"{self._url}/{path}", json=content, timeout=_TIMEOUT)
        if response.ok:
            return response.content
        try:
            problem = response.json()
            raise ControlError(problem["error"], response.status_code, problem.get("exception_type"))
        except (ValueError, KeyError):
            raise ControlError(f"The control API answered {response.status_code}.", response.status_code) from None
