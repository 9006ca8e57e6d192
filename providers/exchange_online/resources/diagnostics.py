"""Messages to the person who runs Pulumi, from inside the provider process.

`pulumi.log` in a dynamic provider becomes unattributed text. The engine's address is the last `host:port` among the
process's arguments, and its Log call gives a real warning. Source: measured, undocumented.
"""

from __future__ import annotations

import re
import sys
import threading

_ADDRESS = re.compile(r"^[\w.\-\[\]:]*:\d+$")
_said: set[str] = set()
_lock = threading.Lock()


def warn(text: str) -> None:
    """Shows a warning once per process. Falls back to stderr where no engine listens. Never raises."""
    with _lock:
        if text in _said:
            return
        _said.add(text)
    if not _log(text):
        sys.stderr.write(f"warning: {text}\n")


def _log(text: str) -> bool:
    address = next((argument for argument in reversed(sys.argv[1:]) if _ADDRESS.match(argument)), None)
    if address is None:
        return False
    import grpc
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

    try:
        with grpc.insecure_channel(address) as channel:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text)
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=5)
    except grpc.RpcError:
        return False
    return True
