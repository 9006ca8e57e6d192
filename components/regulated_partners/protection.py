"""Whether Pulumi may delete a stack's connectors."""

from __future__ import annotations

import pulumi


def protection(config: pulumi.Config) -> pulumi.ResourceOptions:
    """Protected unless the stack says otherwise; the emulator's connectors are not.

    A protected connector is deleted only after `pulumi state unprotect`, or with `protect: false` at its partner.
    """
    declared = config.get_bool("protect")
    return pulumi.ResourceOptions(protect=config.get("cloud") not in (None, "local") if declared is None else declared)
