"""A language host for Python programs: serves `pulumirpc.LanguageRuntime` to the Pulumi engine.

The engine starts the executable `pulumi-language-python`, reads a port from its first line of output, and asks over
gRPC to run the program, policy packs and plugins. The official host is a Go module without release tags, so where
only a Go module proxy can be reached there is none; this one takes its place beside a CLI built from source.

Source: pulumi/pulumi, proto/pulumi/language.proto (the stubs are in the `pulumi` package, `pulumi.runtime.proto`).
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

#: The packages above the stubs. What they load by themselves takes half of the time until the host answers.
_ABOVE = ("pulumi", "pulumi.runtime")


def leave_out_the_sdk() -> None:
    """Lets `pulumi.runtime.proto` be imported without the SDK above it. For the host's own process only.

    The engine starts a host twice in each run. Where the SDK lies otherwise, it is imported as ever.
    """
    spec = importlib.util.find_spec(_ABOVE[0])
    root = Path(next(iter(spec.submodule_search_locations), "")) if spec and spec.submodule_search_locations else None
    if root is None or not (root / "runtime" / "proto" / "__init__.py").is_file():
        return
    for name in _ABOVE:
        module = sys.modules[name] = ModuleType(name)
        module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
