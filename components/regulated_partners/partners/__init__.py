"""From a stack file to partners, and from partners to judged pairs of connectors: the only reader of settings.

Pure: nothing here loads Pulumi.
"""

from regulated_partners.partners.connectors import DeclaredConnector
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.findings import DeclarationFinding
from regulated_partners.partners.pair import Half, Pair, judge
from regulated_partners.partners.partner import read_partner
from regulated_partners.partners.secret_places import SecretPlaces, secret_places, secrets_of
from regulated_partners.partners.secure import STAND_INS
from regulated_partners.partners.settings import PreflightSettings, StackSettings, read_settings, setting_names
from regulated_partners.partners.stack import DeclaredStack, read_partners, read_stack
from regulated_partners.partners.stack_file import StackFile, read_stack_file

__all__ = [
    "STAND_INS",
    "DeclarationFinding",
    "DeclaredConnector",
    "DeclaredStack",
    "Half",
    "Pair",
    "Partner",
    "PreflightSettings",
    "SecretPlaces",
    "StackFile",
    "StackSettings",
    "judge",
    "read_partner",
    "read_partners",
    "read_settings",
    "read_stack",
    "read_stack_file",
    "secret_places",
    "secrets_of",
    "setting_names",
]
