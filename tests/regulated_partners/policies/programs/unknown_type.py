"""The program of the project, and a resource of the connectors' package whose type is of a later version."""

import pulumi

from regulated_partners import run


class Later(pulumi.ComponentResource):
    """A resource that this version does not have."""


Later("exchange-online:index:MailFlowRule", "later")
run()
