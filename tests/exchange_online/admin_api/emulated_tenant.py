"""The emulator's tenant, for tests: its control, and clients of it that never really wait."""

from __future__ import annotations

from collections.abc import Mapping

from exchange_online.admin_api import AdminApi, Connection, Effect, Settings, Shared, connection
from exchange_online_emulator import Control, EmulatorProcess

GET, NEW, SET, REMOVE = (f"{verb}-InboundConnector" for verb in ("Get", "New", "Set", "Remove"))
PARTNER: Mapping[str, object] = {
    "ConnectorType": "Partner",
    "SenderDomains": ["fabrikam.example"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": True,
    "TlsSenderCertificateName": "mail.fabrikam.example",
}


class Tenant:
    """A tenant. made: the clients, to be closed. sleeps: the seconds that they would have waited."""

    def __init__(self, process: EmulatorProcess) -> None:
        self.process = process
        self.control: Control = process.control
        self.sleeps: list[float] = []
        self.made: list[AdminApi] = []
        self.shared = Shared()

    def connection(self, environ: Mapping[str, str] | None = None, **settings: object) -> Connection:
        """How a client gets there. environ: counts, because AZURE_TENANT_ID names the emulator's tenant."""
        given = {
            "EXCHANGE_ONLINE_EMULATOR": str(self.process.connection_path),
            "AZURE_TENANT_ID": self.process.connection.tenant if environ else "",
            **(environ or {}),
        }
        return connection(Settings(cloud="local", **settings), given)  # type: ignore[arg-type]

    def api(self, environ: Mapping[str, str] | None = None, **settings: object) -> AdminApi:
        """A client."""
        made = self.connection(environ, **settings)
        api = AdminApi(made, sleep=self.sleeps.append, shared=self.shared)
        self.made.append(api)
        return api

    def forget_tokens(self) -> None:
        """Later clients share nothing with earlier ones, as in another process."""
        self.shared.close()
        self.shared = Shared()


def new_connector(api: AdminApi, name: str = "Fabrikam Bank - inbound") -> Mapping[str, object]:
    """A new inbound connector."""
    parameters = {"Name": name, **PARTNER}
    return api.invoke(NEW, parameters, effect=Effect.CREATE).rows[0]  # type: ignore[arg-type]
