"""So many idle partners as the environment says."""

import os

from idle import IdlePartner  # type: ignore[import-not-found]

for number in range(int(os.environ["IDLE_PARTNERS"])):
    IdlePartner(f"Partner {number}", f"p{number}.example")
