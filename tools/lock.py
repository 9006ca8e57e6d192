"""Makes requirements.lock anew from requirements.in, with a uv that it installs for the purpose."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header"),
)


def main() -> int:
    """The command; arguments go to uv (such as `--upgrade`). Returns the exit code of what failed, or 0."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        binaries = Path(directory) / "bin"
        pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
        compile_lock = [str(binaries / "uv"), *COMPILE, *sys.argv[1:], "requirements.in", "-o", "requirements.lock"]
        for command in (pip, compile_lock):
            code = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode
            if code != 0:
                print("requirements.lock was not made: see the message above.", file=sys.stderr)
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
