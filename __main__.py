"""The program: one RegulatedPartner for each partner of the stack, and the connectors declared beside them."""

import pulumi

from regulated_partners.component import RegulatedPartner
from regulated_partners.exports import connector_export, partner_export
from regulated_partners.partners.connectors import KEYS
from regulated_partners.partners.setting_names import unknown_settings
from regulated_partners.preflight import show_preflight
from regulated_partners.program import read_stack
from regulated_partners.protection import protection
from regulated_partners.stack_settings import stack_settings
from regulated_partners.warnings import show_warnings, stop_on_errors

config = pulumi.Config()
declared = read_stack(stack_settings(config))
show_warnings(declared)
stop_on_errors([*unknown_settings(pulumi.runtime.get_config_env()), *declared.errors])
show_preflight(config.get_object("preflight"), declared.partners)

options = protection(config)
partners = {
    partner.name: partner_export(partner, RegulatedPartner.declared(partner, options)) for partner in declared.partners
}
pulumi.export("partners", partners)
for direction, key in KEYS.items():
    connectors = {
        connector.name: connector_export(connector, connector.declare(options))
        for connector in declared.connectors
        if connector.direction is direction
    }
    if connectors:
        pulumi.export(key, connectors)
