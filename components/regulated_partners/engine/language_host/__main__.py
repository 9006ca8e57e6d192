"""`python -m …engine.language_host ENGINE`: the host, with `pulumi-language-python-exec` found on PATH."""

import shutil
import sys
from pathlib import Path

from regulated_partners.engine.language_host.serving import serve

found = shutil.which("pulumi-language-python-exec")
if found is None:
    sys.exit("pulumi-language-python-exec is not on PATH: run `make cli` and activate .venv.")
serve(sys.argv[1:], executor=Path(found).resolve())
