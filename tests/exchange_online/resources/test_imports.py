"""Importing the resources, as every program does, changes nothing in the program's process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.provider_process import ROOT


def _printed(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


_IMPORT = "import sys; import exchange_online, exchange_online.resources.dynamic; "


def test_tracebacks_of_the_program_stay() -> None:
    """Failing, `pulumi up` would hang: the SDK looks at stack frames when a program registers a resource."""
    assert _printed(_IMPORT + "print(hasattr(sys, 'tracebacklimit'))") == "False"


@pytest.mark.parametrize("module", ["requests", "msal", "tenacity", "cryptography", "pydantic"])
def test_the_client_is_not_imported(module: str) -> None:
    """Failing, every preview would pay for HTTP and sign-in that it does not use."""
    assert _printed(_IMPORT + f"print('{module}' in sys.modules)") == "False"


def test_no_thread_and_no_file_is_left_open() -> None:
    """Failing, an import would open connections, or read credentials, before the program asks for anything."""
    code = "import threading, os; before = len(os.listdir('/proc/self/fd')); "
    code += _IMPORT + "print(threading.active_count(), len(os.listdir('/proc/self/fd')) - before)"
    assert _printed(code) == "1 0"


@pytest.mark.parametrize("module", ["exchange_online.resources.core", "exchange_online.lifecycle"])
def test_the_core_works_without_pulumi(module: str) -> None:
    """Failing, what both faces share would depend on one of them, and whoever only looks would wait for gRPC."""
    code = f"import sys; import {module}; print({{'pulumi', 'grpc', 'google'}} & sys.modules.keys())"
    assert _printed(code) == "set()"
