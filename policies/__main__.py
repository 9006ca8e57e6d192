"""Where the Pulumi engine starts the pack: `python -m pulumi.policy ENGINE policies`."""

import sys
from pathlib import Path

# The engine's working folder is not the project's in every version, so the packages are found from here.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.pack import serve

serve()
