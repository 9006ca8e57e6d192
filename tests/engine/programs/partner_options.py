"""Pulumi's resource options on partners. `RENAMED` gives one of them another name, with an alias."""

from __future__ import annotations

import os

import pulumi

from exchange_online import InboundConnector
from regulated_partners import RegulatedPartner


class Package(pulumi.ProviderResource):
    """The provider of dynamic resources, named explicitly."""

    def __init__(self) -> None:
        super().__init__("pulumi-python", "explicit", {"regulated-partners:cloud": "local"})


def commented(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    """Sets what no option of the component could."""
    return pulumi.ResourceTransformResult({**args.props, "comment": "of the transform"}, args.opts)


def partner(name: str, **options: object) -> RegulatedPartner:
    domain = f"{name.lower()}.example"
    opts = pulumi.ResourceOptions(**options)  # type: ignore[arg-type]
    return RegulatedPartner(name, domains=[domain], certificate_name=domain, opts=opts)


first = InboundConnector("first", name="First", sender_domains=["first.example"])
partner("Protected", protect=True)
partner("Dependent", depends_on=[first])
partner("Transformed", transforms=[commented], ignore_changes=["comment"])
partner("Provided", providers=[Package()])
if "RENAMED" in os.environ:
    partner("Newer", aliases=[pulumi.Alias(name="Older")])
else:
    partner("Older")
