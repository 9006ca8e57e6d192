"""A partner of its own; with `MOVED` below another component, under another name and with aliases in its options."""

from __future__ import annotations

import os

import pulumi

from regulated_partners import RegulatedPartner


class Banks(pulumi.ComponentResource):
    """What holds the partner in the end."""

    def __init__(self) -> None:
        super().__init__("tests:index:Banks", "banks")


if "MOVED" in os.environ:
    name = "Fabrikam Trust"
    options = pulumi.ResourceOptions(
        parent=Banks(), aliases=[pulumi.Alias(name="Fabrikam Bank", parent=pulumi.ROOT_STACK_RESOURCE)]
    )
else:
    name, options = "Fabrikam Bank", pulumi.ResourceOptions()
RegulatedPartner(name, domains=["fabrikam.com"], certificate_name="mail.fabrikam.com", opts=options)
