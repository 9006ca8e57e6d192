"""`python -m regulated_partners.engine.install`: see regulated_partners.engine.install.ensure."""

import sys

from regulated_partners.engine.install.ensure import main

sys.exit(main())
