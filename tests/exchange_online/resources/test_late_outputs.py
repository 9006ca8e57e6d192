"""Outputs that are made when they are read: as the SDK's own, and none where nobody reads one."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.support.provider_process import ROOT

_BEFORE = """
import asyncio, inspect, sys
import pulumi
from pulumi.runtime import rpc
made = 0
original = pulumi.Output.__init__
def counted(self, *arguments, **named):
    global made
    made += 1
    original(self, *arguments, **named)
pulumi.Output.__init__ = counted
if "otherwise" in sys.argv:
    transfer = rpc.transfer_properties
    rpc.transfer_properties = lambda resource, props, custom, more=None: transfer(resource, props, custom)
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        if args.name == "refused":
            raise ValueError("refused by the mock")
        return args.name + "-id", {**args.inputs, "guid": args.name + "-guid", "whenChangedUtc": "2026-11-01T00:00:00Z"}
    def call(self, args):
        return {}
pulumi.runtime.set_mocks(Mocks(), preview="preview" in sys.argv)
from exchange_online import InboundConnector, OutboundConnector
def inbound(name, **more):
    return InboundConnector(name, name=name, sender_domains=["B.example", "a.example"], **more)
"""


def _run(code: str, *arguments: str) -> str:
    """What a program printed, in a clean process: what the tests are about changes the SDK in it."""
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE + textwrap.dedent(code), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


_READ = """
@pulumi.runtime.test
def read():
    one = inbound("one", comment=pulumi.Output.secret("hidden"))
    before = pulumi.Output.all(one.sender_domains, one.guid, one.require_tls, one.sender_ip_addresses)
    # Only once the connector is there.
    after = one.id.apply(lambda _: pulumi.Output.all(one.when_changed_utc, one.enabled, one.name))
    async def told():
        print(await one.comment.is_secret(), await one.guid.is_secret(), await one.guid.is_known())
        print([type(resource).__name__ for resource in await one.guid.resources()])
    return pulumi.Output.all(before, after, told()).apply(lambda read: print(read[:2]))
read()
"""


@pytest.mark.parametrize("sdk", ["as it is", "otherwise"])
def test_an_output_is_the_same_before_and_after_the_connector_is_there(sdk: str) -> None:
    """Failing, a program reads nothing, or something else, from an output; or a secret one in clear."""
    assert _run(_READ, sdk).splitlines() == [
        "True False True",
        "['InboundConnector']",
        "[[['a.example', 'b.example'], 'one-guid', True, None], ['2026-11-01T00:00:00Z', True, 'one']]",
    ]


def test_an_output_that_a_preview_does_not_know_stays_unknown() -> None:
    """Failing, what depends on a connector that is not there yet would be planned with an empty value."""
    code = """
    @pulumi.runtime.test
    def read():
        one = inbound("one")
        async def told():
            print(await one.tls_sender_certificate_name.is_known(), await one.name.is_known())
        return pulumi.Output.from_input(told())
    read()
    """
    assert _run(code, "preview") == "False True"


def test_an_output_of_a_connector_that_was_refused_is_refused_too() -> None:
    """Failing, a program that waits for it hangs, or goes on with nothing."""
    code = """
    one = inbound("refused")
    early = one.guid
    async def told():
        for read in (lambda: early, lambda: one.identity):
            try:
                await read().future()
            except Exception as error:
                print("refused by the mock" in str(error))
    asyncio.get_event_loop().run_until_complete(told())
    """
    assert _run(code).splitlines() == ["True", "True"]


def test_no_output_is_made_that_nobody_reads() -> None:
    """Failing, a run of thousands of connectors spends half of its time on outputs that nobody reads."""
    code = """
    @pulumi.runtime.test
    def declare():
        for number in range(50):
            one = inbound(f"in {number}")
            OutboundConnector(f"out {number}", name=f"out {number}", recipient_domains=["a.example"])
        return one.id
    declare()
    print(made // 100)
    """
    # Their URN and their id, and what the SDK makes of each alias and parent.
    assert int(_run(code)) <= 3
    assert int(_run(code, "otherwise")) > 20


def test_a_name_that_is_none_is_refused_as_in_every_class() -> None:
    """Failing, a misspelled output reads as something, or copying a connector never ends."""
    code = """
    import copy
    @pulumi.runtime.test
    def read():
        one = inbound("one")
        for name in ("sender_domain", "senderDomains", "_private", "__deepcopy__"):
            try:
                getattr(one, name)
            except AttributeError as error:
                print(error)
        print(type(copy.copy(one)).__name__)
        return one.id
    read()
    """
    *refusals, copied = _run(code).splitlines()
    assert refusals == [
        f"'InboundConnector' object has no attribute '{name}'"
        for name in ("sender_domain", "senderDomains", "_private", "__deepcopy__")
    ]
    assert copied == "InboundConnector"
