"""`python -m regulated_partners`."""

from __future__ import annotations

import sys

from regulated_partners.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
