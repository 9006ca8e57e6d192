"""The lifecycle of connectors: created, read, updated and deleted so that nothing is lost or done twice."""

from exchange_online.lifecycle.crud import LOOK_AGAIN_AFTER, Lifecycle, Outcome
from exchange_online.lifecycle.listing import Listing
from exchange_online.lifecycle.other_ways import Before, TenantWays, read_routing
from exchange_online.lifecycle.ownership import Owner, Ownership
from exchange_online.lifecycle.refusals import NotApplied, Unfinished, other_tenant
from exchange_online.lifecycle.snapshot import LISTINGS, HandedOn, Snapshot, handing_on

__all__ = [
    "LISTINGS",
    "LOOK_AGAIN_AFTER",
    "Before",
    "HandedOn",
    "Lifecycle",
    "Listing",
    "NotApplied",
    "Outcome",
    "Owner",
    "Ownership",
    "Snapshot",
    "TenantWays",
    "Unfinished",
    "handing_on",
    "other_tenant",
    "read_routing",
]
