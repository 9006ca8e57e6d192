"""The program: a stack's partners, one RegulatedPartner each."""

import pulumi

from components.exports import partner_export
from components.protection import protection
from components.regulated_partner import RegulatedPartner
from components.report import show_warnings, stop_on_errors
from components.stack import read_partners

config = pulumi.Config()
declared = read_partners(config.get_object("partners"))
show_warnings(declared)
stop_on_errors(declared)

options = protection(config)
pulumi.export(
    "partners",
    {
        partner.name: partner_export(partner, RegulatedPartner.declared(partner, options))
        for partner in declared.partners
    },
)
