"""How long many writes take, by how they are sent: `python -m tests.bench.writes --latency 800`.

First the client alone: new connectors one after the other, in windows of 4 and 10, and in batches of 10. A batch's
members run one after the other in the emulator, which is assumed of the service. Then, with `--partners`, `pulumi up`
on the real engine: with the window, with one call at a time, and with a tenant that throttles at 3. Each ratio is
against the least time that is possible: calls x latency / calls at a time, and for the engine what it takes without
latency. `--native` does the same for the plugin, which sends up to ten at a time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests

from exchange_online.admin_api import AdminApi, Effect, Settings, Shared, connection
from exchange_online_emulator import Control, EmulatorProcess
from tests.bench.measuring import PASSPHRASE
from tests.engine import native
from tests.support.engine import Project

_MEMBERS = 10
_THREADS = 16
_NEW = "New-InboundConnector"


@dataclass(frozen=True)
class Measured:
    """One way.

    Attributes:
        floor: the least time that is possible, in seconds.
    """

    way: str
    calls: int
    throttled: int
    seconds: float
    floor: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.writes", description=__doc__)
    parser.add_argument("--latency", type=int, default=200, help="milliseconds that each call to the service takes")
    parser.add_argument("--count", type=int, default=60, help="new connectors for the client alone")
    parser.add_argument("--partners", type=int, default=0, help="new partners for the engine; 0: not at all")
    parser.add_argument("--native", type=int, default=0, help="new connectors for the plugin; 0: not at all")
    parsed = parser.parse_args(arguments)
    rows: list[Measured] = []
    with EmulatorProcess(None, "--latency", str(parsed.latency)) as emulator:
        if parsed.count:
            rows += _client(emulator, parsed.count, parsed.latency / 1000)
        if parsed.partners:
            rows += _engine(emulator, parsed.partners, parsed.latency / 1000)
        if parsed.native:
            rows += _plugin(emulator, parsed.native, parsed.latency / 1000)
    print(_table(rows))
    return 0


def _client(emulator: EmulatorProcess, count: int, latency: float) -> list[Measured]:
    ways = [
        *((f"window of {calls}", calls, partial(_window, emulator, count, calls)) for calls in (1, 4, 10)),
        *((f"batches of {_MEMBERS}, {n} at a time", n, partial(_batches, emulator, count, n)) for n in (1, 4)),
    ]
    measured = []
    for way, at_once, write in ways:
        _say(way)
        emulator.control.reset()
        measured.append(_timed(way, emulator.control, write, latency / at_once))
    return measured


def _window(emulator: EmulatorProcess, count: int, calls: int) -> None:
    to = connection(Settings("local"), {"EXCHANGE_ONLINE_EMULATOR": str(emulator.connection_path)})
    with AdminApi(to, shared=Shared(), calls=calls) as api, ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda n: api.invoke(_NEW, _parameters(n), effect=Effect.CREATE), range(count)))


def _parameters(number: int) -> dict[str, str | list[str]]:
    return {"Name": f"Partner {number}", "SenderDomains": [f"p{number}.example"]}


def _batches(emulator: EmulatorProcess, count: int, at_once: int) -> None:
    to = emulator.connection
    token = emulator.control.mint_token(to.client_id).get_secret_value()
    base = f"{to.url}/adminapi/beta/{to.tenant}"
    anchor = f"APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{to.tenant}"

    def member(number: int) -> Mapping[str, object]:
        body = {"CmdletInput": {"CmdletName": _NEW, "Parameters": _parameters(number)}}
        headers = {"X-AnchorMailbox": anchor}
        return {"id": str(number), "method": "POST", "url": f"{base}/InvokeCommand", "headers": headers, "body": body}

    def send(members: Sequence[int]) -> None:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f"{base}/$batch",
                data=json.dumps({"requests": [member(number) for number in members]}),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "Prefer": "odata.continue-on-error",
                },
                verify=str(to.ca_bundle),
                timeout=300,
            )
        assert {each["status"] for each in answer.json()["responses"]} == {200}, answer.text

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(send, [range(n, min(n + _MEMBERS, count)) for n in range(0, count, _MEMBERS)]))


def _engine(emulator: EmulatorProcess, partners: int, latency: float) -> list[Measured]:
    with EmulatorProcess() as prompt:
        _say("the engine without latency")
        alone = _up(prompt, partners, "engine, no latency")
    measured = [alone]
    for way, at_once, limit in (
        ("engine, window", 4, 0),
        ("engine, one call at a time", 1, 0),
        ("engine, tenant throttles at 3", 3, 3),
    ):
        _say(way)
        emulator.control.reset()
        emulator.control.switch(max_concurrent=limit)
        bound = {"EXCHANGE_ONLINE_CONCURRENT_CALLS": "1"} if at_once == 1 else {}
        measured.append(_up(emulator, partners, way, latency / at_once, alone.seconds, **bound))
    return measured


def _up(
    emulator: EmulatorProcess, partners: int, way: str, each: float = 0.0, beside: float = 0.0, **variables: str
) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), emulator, passphrase=PASSPHRASE)
        # A user's waits, and not the shorter ones of tests.
        project.set_variables(PULUMI_SKIP_CHECKPOINTS="true", EXCHANGE_ONLINE_TIME_SCALE="1", **variables)
        names = ({"name": f"Partner {n}", "domains": [f"p{n}.example"]} for n in range(partners))
        project.declare(*(name | {"certificateName": f"mail.p{n}.example"} for n, name in enumerate(names)))
        return _timed(way, emulator.control, lambda: project.up().succeeded(), each, beside)


def _plugin(emulator: EmulatorProcess, count: int, latency: float) -> list[Measured]:
    """New connectors through the plugin, whose server is not bound to four threads: as partners, and without them.

    A program of nothing but inbound connectors has one question before its first write, and one of partners has four.
    """
    partners = [
        native.partner(f"Partner {n}", domains=[f"p{n}.example"], certificateName=f"mail.p{n}.example")
        for n in range(count // 2)
    ]
    single = [native.inbound(f"In {n}", f"p{n}.example") for n in range(count)]
    pairs = [
        one
        for n, each in enumerate(single[: count // 2])
        for one in (each, native.outbound(f"Out {n}", f"p{n}.example"))
    ]
    measured = []
    for what, declared in (("partners", partners), ("connectors both ways", pairs), ("inbound connectors", single)):
        with EmulatorProcess() as prompt:
            _say(f"the plugin without latency, {what}")
            alone = _up_native(prompt, declared, f"plugin, {what}, no latency")
        _say(f"the plugin, {what}, window")
        emulator.control.reset()
        measured += [alone, _up_native(emulator, declared, f"plugin, {what}", latency / _MEMBERS, alone.seconds)]
    return measured


def _up_native(
    emulator: EmulatorProcess, declared: Sequence[native.Declared], way: str, each: float = 0.0, beside: float = 0.0
) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), emulator, passphrase=PASSPHRASE)
        project.set_variables(PULUMI_SKIP_CHECKPOINTS="true", EXCHANGE_ONLINE_TIME_SCALE="1")
        native.use_native(project)
        native.declare(project, *declared)
        return _timed(way, emulator.control, lambda: project.up("--parallel", "32").succeeded(), each, beside)


def _timed(way: str, control: Control, write: Callable[[], object], each: float, beside: float = 0.0) -> Measured:
    """Measures it.

    Args:
        each: seconds that each call takes at the least, side by side with others.
        beside: seconds that it takes without its calls.
    """
    begun = time.perf_counter()
    write()
    seconds = time.perf_counter() - begun
    calls = control.calls()
    throttled = sum(call.status == 429 for call in calls)
    served = len(calls) - throttled
    return Measured(way, served, throttled, seconds, served * each + beside)


def _say(way: str) -> None:
    print(f"measuring {way} …", file=sys.stderr, flush=True)


def _table(rows: Sequence[Measured]) -> str:
    lines = ["| way | calls served | throttled | seconds | floor | ratio |", "|" + "---|" * 6]
    for row in rows:
        ratio = f"{row.seconds / row.floor:.2f}" if row.floor else ""
        lines.append(f"| {row.way} | {row.calls} | {row.throttled} | {row.seconds:.1f} | {row.floor:.1f} | {ratio} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
