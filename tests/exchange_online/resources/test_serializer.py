"""The repair of the SDK's serialiser, which otherwise ends a large program with a RecursionError."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from tests.support.provider_process import ROOT

_MANY = 4000
#: Without the repair the next pickle of a dict fails after 400. Source: measured with SDK 3.272, Python 3.11.
_TOO_MANY = 500


def _run(code: str) -> subprocess.CompletedProcess[str]:
    """A program in a clean process: the repair and the leak both change the interpreter they run in."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_thousands_of_serialisations_leave_the_pickler_as_it_was() -> None:
    """Failing, the repair no longer works with this SDK: large programs end in RecursionError."""
    done = _run(
        f"""
        import io, pickle
        before = pickle._Pickler._batch_setitems, pickle._Pickler.save_dict
        from exchange_online import InboundConnector
        import pulumi.dynamic.dynamic as sdk
        from exchange_online.resources.dynamic import InboundConnectorProvider
        texts = {{sdk.serialize_provider(InboundConnectorProvider()) for _ in range({_MANY})}}
        assert len(texts) == 1
        assert (pickle._Pickler._batch_setitems, pickle._Pickler.save_dict) == before
        pickle._Pickler(io.BytesIO()).dump({{"a": {{"b": {{"c": 1}}}}}})
        print("fine")
        """
    )
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


def test_hundreds_of_connectors_and_somebody_elses_resource_in_one_program() -> None:
    """Failing, a large organization could not declare all its partners beside dynamic resources of others."""
    done = _run(
        f"""
        import pulumi
        class Mocks(pulumi.runtime.Mocks):
            def new_resource(self, args):
                return args.name, args.inputs
            def call(self, args):
                return {{}}
        pulumi.runtime.set_mocks(Mocks())
        from exchange_online import InboundConnector
        class Theirs(pulumi.dynamic.Resource):
            pass
        class TheirProvider(pulumi.dynamic.ResourceProvider):
            # Ours hold nothing, so their own pickles have no dict that would get too deep.
            def __init__(self):
                self.settings = {{"a": {{"b": {{"c": 1}}}}}}
        @pulumi.runtime.test
        def declare():
            made = [InboundConnector(f"c{{i}}", name=f"c{{i}}", sender_domains=["a.com"]) for i in range({_TOO_MANY})]
            Theirs(TheirProvider(), "theirs", {{}})
            names = [connector.name for connector in made]
            return pulumi.Output.all(*names).apply(lambda names: print(len(set(names))))
        declare()
        """
    )
    assert done.stdout.strip().endswith(str(_TOO_MANY)), done.stderr[-2000:]


def test_a_serialiser_that_fails_is_repaired_too() -> None:
    """Failing, one provider that cannot be pickled would leave the leak behind for all others."""
    done = _run(
        """
        import pickle
        before = pickle._Pickler._batch_setitems
        from exchange_online import InboundConnector
        import pulumi.dynamic.dynamic as sdk
        class Bad(sdk.ResourceProvider):
            def __reduce__(self):
                raise ValueError("no")
        try:
            sdk.serialize_provider(Bad())
        except ValueError:
            pass
        assert pickle._Pickler._batch_setitems is before
        print("fine")
        """
    )
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


def test_the_repair_is_still_needed() -> None:
    """Failing is good news: the SDK is repaired. Delete repair_serializer in resources/sdk.py, and this file."""
    done = _run(
        """
        import pickle
        import pulumi.dynamic.dynamic as sdk
        from pulumi.dynamic import ResourceProvider
        before = pickle._Pickler._batch_setitems
        sdk.serialize_provider(ResourceProvider())
        print("leaks" if pickle._Pickler._batch_setitems is not before else "repaired upstream")
        """
    )
    assert done.stdout.strip() == "leaks", (
        "pulumi.dynamic.dynamic.serialize_provider no longer leaves its patch in pickle._Pickler: upstream has "
        "repaired it. Delete repair_serializer in providers/exchange_online/resources/sdk.py, and this file. "
        f"{done.stdout}{done.stderr[-500:]}"
    )
