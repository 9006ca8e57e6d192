"""The program: a stack's partners, one RegulatedPartner each."""

import pulumi

from components.exports import partner_export
from components.regulated_partner import DeclarationRefusedError, RegulatedPartner
from components.stack import read_partners

declared = read_partners(pulumi.Config().get_object("partners"))
for warning in declared.warnings:
    pulumi.log.warn(str(warning))
if declared.errors:
    raise DeclarationRefusedError(declared.errors)

pulumi.export(
    "partners",
    {partner.name: partner_export(partner, RegulatedPartner.declared(partner)) for partner in declared.partners},
)
