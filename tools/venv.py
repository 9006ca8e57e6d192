"""Makes the virtual environment with the locked dependencies: `python3 tools/venv.py`, run by any Python 3.11 or newer.

An older Python, down to 2.7, gets a sentence: so this file keeps to what that can read. tools/environment.py does it.
"""

import os
import platform
import sys

MINIMUM = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - Python 2.7 has no pathlib


def main():  # type: () -> int
    """The command. Returns 0, or 1 with the reason on stderr."""
    if sys.version_info < MINIMUM:
        sys.stderr.write(
            "Python 3.11 or newer is needed, and " + sys.executable + " is " + platform.python_version() + ": install "
            "one, and name it with `make PYTHON=python3.11`.\n"
        )
        return 1
    sys.path.insert(0, ROOT)
    from tools.environment import make

    return make()


if __name__ == "__main__":
    sys.exit(main())
