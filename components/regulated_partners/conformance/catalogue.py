"""Every rule of the emulator: what tries it, or why nothing does.

The emulator is an extra that need not be installed where this runs; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from regulated_partners.conformance.client_behaviour import OWN_CLIENT
from regulated_partners.conformance.experiment import Experiment
from regulated_partners.conformance.object_rules import OBJECT_RULES
from regulated_partners.conformance.paging_rules import PAGING_RULES
from regulated_partners.conformance.refusals import REFUSALS
from regulated_partners.conformance.setting_rules import SETTING_RULES
from regulated_partners.conformance.stored_forms import STORED_FORMS
from regulated_partners.conformance.wire_rules import WIRE_RULES

#: In the order in which they are run: first what only looks at what stands, last what other experiments rest on.
EXPERIMENTS: tuple[Experiment, ...] = (
    *OBJECT_RULES,
    *STORED_FORMS,
    *REFUSALS,
    *SETTING_RULES,
    *WIRE_RULES,
    *PAGING_RULES,
    *OWN_CLIENT,
)

_SIGN_IN = "it is about signing in to Entra: trying it takes sign-ins that fail, which tenants raise alarms for"
_CREDENTIAL = "it takes a credential of another kind than the one that this runs with"
_MAIL = "its rows are about people's mail, which this command does not read"

#: Rules that nothing tries, and why.
NOT_TRIED: Mapping[str, str] = {
    "N2": "it takes a connector that a person has made in the admin centre",
    "V12": "a connector for every sender is nothing to make in a tenant, disabled or not",
    "V36": "it takes applications with other roles",
    "certificate-assertion": _CREDENTIAL,
    "discovery": _SIGN_IN,
    "federated-assertion": _CREDENTIAL,
    "github-oidc": "it is GitHub's service, and answers in a job only",
    "instance-metadata": _SIGN_IN,
    "managed-identity": "it is the Azure host's service, and answers there only",
    "max-concurrent": "it takes having a tenant throttled that others use",
    "message-trace": _MAIL,
    "message-trace-detail": _MAIL,
    "message-trace-rows": _MAIL,
    "no-tenant": _SIGN_IN,
    "not-emulated": "it is the emulator's own: the service has those cmdlets",
    "scope": _SIGN_IN,
    "service-names": "it is about hosts that are not those of the admin API, which this command does not call",
    "throttling": "it takes having a tenant throttled that others use",
    "token-errors": _SIGN_IN,
    "v1-token": _SIGN_IN,
    "validate": "it sends mail, and may take a quarter of an hour",
}
