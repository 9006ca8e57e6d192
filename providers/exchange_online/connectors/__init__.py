"""Settings of Exchange Online connectors: their parameters, their one canonical form, the rules they obey.

Pure: nothing here talks to Pulumi or to a server.
"""

from exchange_online.connectors.addresses import collapsed
from exchange_online.connectors.canonical import Checked, InputValue, check, inputs, observed
from exchange_online.connectors.changes import (
    Change,
    CmdletParameters,
    changes,
    itemized,
    new_parameters,
    parameters_after_new,
    set_parameters,
)
from exchange_online.connectors.characters import in_comment, in_name, printable, utf16_units
from exchange_online.connectors.domains import mail_domain
from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.mark import Mark, without_mark
from exchange_online.connectors.mistaken_names import several_names
from exchange_online.connectors.names import TOKENS, ConnectorType, Direction, MtaStsMode, SmtpDaneMode, TlsSettings
from exchange_online.connectors.options import OPTION_KEYS, OPTIONS, SECRET_PROPERTIES, Options
from exchange_online.connectors.other_ways import (
    OtherConnector,
    OtherWays,
    RoutingRule,
    Way,
    WayKind,
    Weight,
    told_apart,
)
from exchange_online.connectors.parameters import REFUSED, Parameter
from exchange_online.connectors.record import (
    COMPUTED,
    Computed,
    ConnectorRecord,
    computed_outputs,
    record_from_row,
    utc_time,
)
from exchange_online.connectors.reserved_domains import about_domain
from exchange_online.connectors.rules import LONGEST_NAME
from exchange_online.connectors.secrecy import (
    SECRET,
    hide,
    hide_secrets,
    is_secret,
    keeping_secret,
    redacted,
    secret_properties,
)
from exchange_online.connectors.settings import (
    ConnectorSettings,
    InboundSettings,
    OutboundSettings,
    parameters,
)
from exchange_online.connectors.shared_certificates import WHAT_PROVES, shared_certificate
from exchange_online.connectors.spelling import folded, meant_by, nearest, other_words
from exchange_online.connectors.values import Flag, Member, Text, Texts, Value, shown
from exchange_online.connectors.words import delivery, listed, mail_flow, recipients, senders

__all__ = [
    "COMPUTED",
    "LONGEST_NAME",
    "OPTIONS",
    "OPTION_KEYS",
    "REFUSED",
    "SECRET",
    "SECRET_PROPERTIES",
    "TOKENS",
    "WHAT_PROVES",
    "Change",
    "Checked",
    "CmdletParameters",
    "Computed",
    "ConnectorRecord",
    "ConnectorSettings",
    "ConnectorType",
    "Direction",
    "Finding",
    "Flag",
    "InboundSettings",
    "InputValue",
    "Mark",
    "Member",
    "MtaStsMode",
    "Options",
    "OtherConnector",
    "OtherWays",
    "OutboundSettings",
    "Parameter",
    "RoutingRule",
    "Severity",
    "SmtpDaneMode",
    "Text",
    "Texts",
    "TlsSettings",
    "Value",
    "Way",
    "WayKind",
    "Weight",
    "about_domain",
    "changes",
    "check",
    "collapsed",
    "computed_outputs",
    "delivery",
    "folded",
    "hide",
    "hide_secrets",
    "in_comment",
    "in_name",
    "inputs",
    "is_secret",
    "itemized",
    "keeping_secret",
    "listed",
    "mail_domain",
    "mail_flow",
    "meant_by",
    "nearest",
    "new_parameters",
    "observed",
    "other_words",
    "parameters",
    "parameters_after_new",
    "printable",
    "recipients",
    "record_from_row",
    "redacted",
    "secret_properties",
    "senders",
    "set_parameters",
    "several_names",
    "shared_certificate",
    "shown",
    "told_apart",
    "utc_time",
    "utf16_units",
    "without_mark",
]
