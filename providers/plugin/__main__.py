"""Where the engine starts the plugin from this folder; installed, it is `pulumi-resource-exchange-online`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A clone in the engine's cache is not installed, only what it depends on.
sys.path[:0] = [str(ROOT / "providers"), str(ROOT / "components")]

from regulated_partners.plugin.main import main  # noqa: E402 - found by the path above

if __name__ == "__main__":
    sys.exit(main())
