"""The pre-flight on the real engine, against real mail and name servers."""

from __future__ import annotations

import pytest

from tests.support.engine import Project
from tests.verify_servers.conftest import world
from tests.verify_servers.world import NAME, World

__all__ = ["world"]

pytestmark = pytest.mark.engine


def partner(server: str) -> dict[str, object]:
    """A partner whose MX host has one property."""
    return {"name": server, "domains": [f"{server}.fabrikam.test"], "certificateName": NAME}


@pytest.fixture
def flying(world: World) -> dict[str, object]:
    """The setting that leads to the servers."""
    return {
        "resolver": world.resolver,
        "roots": str(world.roots),
        "port": world.port,
        "httpsPort": world.https_port,
    }


def test_a_preview_warns_and_goes_on(project: Project, flying: dict[str, object]) -> None:
    """Failing: a preview does not say that mail will be refused, or an optional check stops the deployment."""
    project.declare(partner("good"), partner("expired"), preflight=flying)
    shown = project.preview().succeeded()
    warnings = shown.messages("warning")
    assert len(warnings) == 1, warnings
    assert "expired: mx-expired.fabrikam.test" in warnings[0]
    assert "450 4.4.317 Cannot connect to remote server [Message=CertificateExpired]" in warnings[0]
    project.up().succeeded()


def test_without_the_setting_nobody_is_asked(project: Project) -> None:
    """Failing: previews reach for the network without having been told to."""
    project.declare(partner("expired"))
    shown = project.preview().succeeded()
    assert shown.messages("warning") == ()
    assert not (project.directory / ".state").exists()
