"""Exchange Online on your machine: the admin API, the token endpoint and a control API over HTTPS on loopback.

Each of its rules carries a tag (documented, observed, assumed) and its source;
`exchange-online-emulator rules` lists them. `exchange-online-emulator start` runs one in the background;
docs/emulator.md shows how other programs use it. In a test, with pytest:

    # conftest.py of your project
    pytest_plugins = ["exchange_online_emulator.pytest_plugin"]

    # test_ours.py
    from exchange_online_emulator import Control, EmulatorProcess
    from exchange_online_emulator.faults import Status

    def test_our_program(exchange_online: EmulatorProcess, exchange_online_tenant: Control) -> None:
        exchange_online_tenant.seed(inbound=[{"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}])
        exchange_online_tenant.fault(Status(status=503), "Set-*")
        run_your_program(EXCHANGE_ONLINE_EMULATOR=exchange_online.connection_path)
        assert [call.cmdlet for call in exchange_online_tenant.writes()] == ["Set-InboundConnector"]

(`exchange_online_environment` is for programs whose hosts are fixed, `exchange_online_faults` takes its faults back),
and without it: `with EmulatorProcess() as exchange_online: exchange_online.control.seed(...)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange_online_emulator.cmdlets.message_trace import TracedMessage, TraceEvent
    from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError
    from exchange_online_emulator.control import Control, ControlError
    from exchange_online_emulator.process import EmulatorProcess, EmulatorStartError
    from exchange_online_emulator.storage import Call, most_at_once
    from exchange_online_emulator.tokens.applications import ApplicationRegistration, ClientSecret, FederatedCredential

__all__ = [
    "ApplicationRegistration",
    "Call",
    "ClientSecret",
    "ConnectionFile",
    "ConnectionFileError",
    "Control",
    "ControlError",
    "EmulatorProcess",
    "EmulatorStartError",
    "FederatedCredential",
    "TraceEvent",
    "TracedMessage",
    "most_at_once",
]

_HOMES = {
    "cmdlets.message_trace": ("TracedMessage", "TraceEvent"),
    "connection": ("ConnectionFile", "ConnectionFileError"),
    "control": ("Control", "ControlError"),
    "storage": ("Call", "most_at_once"),
    "process": ("EmulatorProcess", "EmulatorStartError"),
    "tokens.applications": ("ApplicationRegistration", "ClientSecret", "FederatedCredential"),
}


def __getattr__(name: str) -> object:
    # Late, because the command line must start before pydantic and requests are loaded.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
