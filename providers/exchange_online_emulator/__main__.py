"""`python -m exchange_online_emulator`."""

from __future__ import annotations

import sys

from exchange_online_emulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
