"""The script that puts the command on PATH."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.engine import ROOT


def test_it_runs_from_any_directory_through_a_link(tmp_path: Path) -> None:
    """Failure means: `regulated-partners` works in the repository's own directory only, or not at all."""
    link = tmp_path / "bin" / "regulated-partners"
    link.parent.mkdir()
    link.symlink_to(ROOT / "operations" / "regulated-partners")
    shown = subprocess.run([link, "adopt", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "regulated-partners adopt" in shown.stdout
    missing = subprocess.run(
        [link, "inventory", "--stack", "a b"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert missing.returncode == 2
    assert "There is no Pulumi.yaml" in missing.stderr
