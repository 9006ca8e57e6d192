"""`--live` touches no tenant that nobody has confirmed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.live.tenant import live_settings
from tests.support.provider_process import ROOT


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "needs LIVE_TENANT"),
        ({"LIVE_TENANT": "contoso.onmicrosoft.com"}, "LIVE_TENANT_CONFIRMED"),
        ({"LIVE_TENANT": "a.onmicrosoft.com", "LIVE_TENANT_CONFIRMED": "b.onmicrosoft.com"}, "nothing was sent"),
        ({"LIVE_TENANT": "a", "LIVE_TENANT_CONFIRMED": "a", "LIVE_CLOUD": "local"}, "for a real tenant"),
    ],
)
def test_an_unconfirmed_tenant_is_refused(environ: dict[str, str], words: str) -> None:
    """Failing, a pipeline with production credentials could create connectors in production by one wrong flag."""
    with pytest.raises(pytest.UsageError, match=words):
        live_settings(environ)


def test_a_confirmed_tenant_is_taken() -> None:
    """Failing, the suite could not run against any real tenant."""
    settings = live_settings({"LIVE_TENANT": "a.onmicrosoft.com", "LIVE_TENANT_CONFIRMED": "A.onmicrosoft.com"})
    assert (settings.cloud, settings.tenant) == ("commercial", "a.onmicrosoft.com")


def test_the_flag_alone_ends_in_a_sentence() -> None:
    """Failing, `pytest --live` without its variables would run on something else, or end in a traceback."""
    command = [sys.executable, "-m", "pytest", "tests/live/test_behaviour.py", "--live", "-q", "-p", "no:cacheprovider"]
    command += ["-k", "minimal and inbound", "-n", "0"]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode != 0
    assert "--live needs LIVE_TENANT" in done.stdout + done.stderr
    assert "passed" not in done.stdout
