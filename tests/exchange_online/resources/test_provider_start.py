"""The provider process as Pulumi's language host starts it; the other tests here fork it off, which is faster."""

from __future__ import annotations

import pytest

from exchange_online_emulator import EmulatorProcess
from tests.exchange_online.resources.runs import CONFIG, INBOUND, OUTBOUND
from tests.support.mini_stack import MiniStack
from tests.support.provider_process import ProviderProcess
from tests.support.provider_start import Command, Fork, Started

pytestmark = pytest.mark.provider


@pytest.mark.parametrize("way", [Command, Fork])
@pytest.mark.usefixtures("tenant")
def test_a_stack_lives_and_dies_however_its_provider_starts(emulator: EmulatorProcess, way: type[Started]) -> None:
    """Failing, `python -m pulumi.dynamic` does not load our providers, or a forked one does not behave like it."""

    def start() -> ProviderProcess:
        return ProviderProcess(CONFIG, {"EXCHANGE_ONLINE_EMULATOR": str(emulator.connection_path)}, start=way)

    stack = MiniStack(start)
    assert stack.up({"in": INBOUND, "out": OUTBOUND}).created == ["in", "out"]
    assert stack.up({"in": INBOUND.with_(comment="changed"), "out": OUTBOUND}).updated == ["in"]
    assert stack.up({}).deleted == ["in", "out"]
    assert emulator.control.connectors("inbound") == emulator.control.connectors("outbound") == []
