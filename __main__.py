"""The program: one RegulatedPartner for each partner of the stack, and the connectors declared beside them."""

import pulumi

from components.connectors import KEYS
from components.exports import connector_export, partner_export
from components.preflight import show_preflight
from components.program import read_stack
from components.protection import protection
from components.regulated_partner import RegulatedPartner
from components.report import show_warnings, stop_on_errors
from components.setting_names import unknown_settings
from components.stack_settings import stack_settings

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
