"""The pre-flight of a preview, against the servers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from regulated_partners.partners import Pair, Partner, judge
from regulated_partners.preflight import preflight
from tests.verify_servers import hostile
from tests.verify_servers.hostile import serving
from tests.verify_servers.world import NAME, World


def partner(domain: str, **others: Any) -> Pair:
    """A partner with one domain below fabrikam.test."""
    declared = {"name": domain, "domains": [f"{domain}.fabrikam.test"], "certificateName": NAME, **others}
    return judge(Partner.model_validate(declared))


def setting(world: World, **others: object) -> dict[str, object]:
    """The setting that leads to the servers."""
    own = {"resolver": world.resolver, "roots": str(world.roots), "port": world.port, "httpsPort": world.https_port}
    return own | others


def test_it_warns_where_mail_would_be_refused(world: World, tmp_path: Path) -> None:
    """Failing: somebody declares forced TLS for a partner whose servers do not do it, and mail stops."""
    report = preflight(setting(world), [partner("good"), partner("expired"), partner("no-starttls")], tmp_path)
    assert len(report.warnings) == 2, report
    assert "expired: mx-expired.fabrikam.test" in report.warnings[0]
    assert "Exchange Online answers: 450 4.4.317" in report.warnings[0]
    assert "does not offer STARTTLS" in report.warnings[1]


def test_it_goes_by_the_declaration(world: World, tmp_path: Path) -> None:
    """Failing: the pre-flight warns of what the connector does not demand."""
    lenient = partner("self-signed", outbound={"connectionSecurity": "selfSignedCertificate"})
    assert preflight(setting(world), [lenient], tmp_path).warnings == ()
    assert preflight(setting(world), [partner("self-signed")], tmp_path).warnings != ()
    assert preflight(setting(world), [partner("expired", enabled=False)], tmp_path).warnings == ()


@pytest.mark.parametrize("off", [None, False, "false"])
def test_it_is_opt_in(off: object, tmp_path: Path) -> None:
    """Failing: previews talk to strangers' servers without having been told to."""
    report = preflight(off, [partner("expired")], tmp_path)
    assert (report.warnings, report.notes) == ((), ())
    assert list(tmp_path.iterdir()) == []


def test_a_second_preview_asks_nobody(world: World, tmp_path: Path) -> None:
    """Failing: each preview probes all partners again, until one of them blocks us."""
    asked = [partner("expired")]
    before = preflight(setting(world), asked, tmp_path)
    mail_log = world.postfix.log.read_text().count("127.0.21.2")
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    assert stamps
    again = preflight(setting(world), asked, tmp_path)
    assert again.warnings == before.warnings
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == stamps
    assert world.postfix.log.read_text().count("127.0.21.2") == mail_log


def test_the_cache_does_not_hide_a_changed_declaration(world: World, tmp_path: Path) -> None:
    """Failing: the declaration is changed to what fails, and yesterday's verdict is shown."""
    lenient = partner("self-signed", outbound={"connectionSecurity": "selfSignedCertificate"})
    assert preflight(setting(world), [lenient], tmp_path).warnings == ()
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert preflight(setting(world), [partner("self-signed")], tmp_path).warnings != ()
    assert len(list(tmp_path.rglob("*.json"))) == 1


@pytest.mark.parametrize("content", ["", "{}", "\x00"])
def test_a_damaged_cache_is_not_believed(world: World, tmp_path: Path, content: str) -> None:
    """Failing: a cache file that was cut off ends the preview with an error."""
    first = preflight(setting(world), [partner("expired")], tmp_path)
    for path in tmp_path.rglob("*.json"):
        path.write_text(content)
    assert preflight(setting(world), [partner("expired")], tmp_path).warnings == first.warnings


def test_it_ends_in_time(world: World, tmp_path: Path) -> None:
    """Failing: a server that never answers holds up the preview."""
    relayed = partner("good", outbound={"smartHosts": ["127.0.24.1"]})
    with serving(hostile.silent, "127.0.24.1") as port:
        begin = time.monotonic()
        report = preflight(setting(world, port=port, seconds=1), [relayed], tmp_path)
        took = time.monotonic() - begin
    assert took < 4
    assert report.warnings == ()


def test_not_reached_is_no_warning(world: World, tmp_path: Path) -> None:
    """Failing: where port 25 is closed, as in CI, every preview is full of warnings."""
    report = preflight(setting(world), [partner("silent")], tmp_path)
    assert report.warnings == ()
    assert "did not reach 1 of the partners' servers" in report.notes[0]


@pytest.mark.parametrize(
    "wrong", [{"second": 3}, {"port": "x"}, {"seconds": -1}, 7, {"resolver": "nonsense"}, {"roots": "missing.pem"}]
)
def test_a_wrong_setting_only_warns(wrong: object, tmp_path: Path) -> None:
    """Failing: a mistake in an optional check stops the deployment."""
    report = preflight(wrong, [partner("good")], tmp_path)
    assert len(report.warnings) == 1
    assert "The pre-flight was left out" in report.warnings[0]
