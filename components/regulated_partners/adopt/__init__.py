"""`regulated-partners adopt` and `inventory`: connectors under management without a write to the tenant."""

from regulated_partners.adopt.import_file import import_file, native_import_file
from regulated_partners.adopt.inventory import Format, InventoryItem, inventory_json, inventory_of, rendered
from regulated_partners.adopt.pairing import Unnamed, partner_names, shared_part
from regulated_partners.adopt.plan import Becomes, Plan, Selection, declared_resources, make_plan
from regulated_partners.adopt.rendering import Done, as_json, as_text
from regulated_partners.adopt.stack_file import Items, additions, prove, with_declarations
from regulated_partners.adopt.tenant import ConnectorKind, kind_of

__all__ = [
    "Becomes",
    "ConnectorKind",
    "Done",
    "Format",
    "InventoryItem",
    "Items",
    "Plan",
    "Selection",
    "Unnamed",
    "additions",
    "as_json",
    "as_text",
    "declared_resources",
    "import_file",
    "inventory_json",
    "inventory_of",
    "kind_of",
    "make_plan",
    "native_import_file",
    "partner_names",
    "prove",
    "rendered",
    "shared_part",
    "with_declarations",
]
