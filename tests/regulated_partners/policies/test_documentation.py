"""docs/policies.md is what an auditor reads: it must be what the pack enforces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import exchange_online
import regulated_partners
from regulated_partners.policies import RULES
from regulated_partners.policies.documentation import FILE, text


def test_the_table_is_current() -> None:
    """An auditor would read about rules that are not enforced, or not about those that are. Run
    `python -m regulated_partners.policies.documentation`."""
    assert FILE.read_text(encoding="utf-8") == text()
    assert all(f"### {rule.id}\n" in text() for rule in RULES)


def test_an_installed_package_says_that_it_has_no_page(tmp_path: Path) -> None:
    """Failing: somebody who installed the package gets a traceback, or a file somewhere in their Python."""
    for package in (Path(exchange_online.__file__).parent, Path(regulated_partners.__file__).parent):
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-m", "regulated_partners.policies.documentation"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("This package is installed, and docs/policies.md is a page of the project's working")
