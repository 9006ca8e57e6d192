"""Findings about declarations: what is wrong, where in the stack file, and what to do. Always all of them."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exchange_online.connectors import Finding, Severity, check
from exchange_online.connectors.values import shown
from regulated_partners.partners.declaration import (
    Acknowledgement,
    Inbound,
    InboundSecurity,
    Outbound,
    OutboundSecurity,
    Partner,
    RestrictDomainsBy,
)
from regulated_partners.partners.pair import Half, inbound_half, outbound_half


@dataclass(frozen=True, order=True)
class DeclarationFinding:
    """One finding.

    Attributes:
        path: where the value stands, `partners[3].outbound.smartHosts[0]`.
        text: a sentence without the path: what is wrong, and what to do.
        severity: an error stops the program before any resource is declared.
    """

    path: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"

    def below(self, prefix: str) -> DeclarationFinding:
        """The same finding about a declaration that stands at `prefix`."""
        return replace(self, path=f"{prefix}.{self.path}" if self.path else prefix)


def read_partner(declared: object) -> tuple[Partner | None, tuple[DeclarationFinding, ...]]:
    """Reads one declaration. Returns the partner, unless its shape is wrong, and everything there is to say."""
    try:
        partner = Partner.model_validate(declared)
    except ValidationError as error:
        return None, _shape_findings(declared, error)
    return partner, partner_findings(partner)


def partner_findings(partner: Partner) -> tuple[DeclarationFinding, ...]:
    """What the rules for partners, and those for each of its connectors, have to say."""
    findings = [*_own_findings(partner)]
    taken = {finding.path for finding in findings}
    for half in (inbound_half(partner), outbound_half(partner)):
        findings += [found for found in _half_findings(half) if found.path not in taken]
    return tuple(sorted(set(findings), key=_in_order))


#: Warnings about a connector that are errors for a regulated partner: its connectors must protect something.
_STRICTER = ("V13", "V22")

#: Rules that `_own_findings` states in the words of the declaration.
_SAID_BETTER = ("V9", "V10", "V12", "V21")


def _half_findings(half: Half) -> Iterable[DeclarationFinding]:
    for finding in check(half.direction, half.inputs).findings:
        if finding.rule in _SAID_BETTER:
            continue
        yield DeclarationFinding(
            _path(half, finding),
            f"{finding.sentence()}.",
            Severity.ERROR if finding.rule in _STRICTER else finding.severity,
        )


def _path(half: Half, finding: Finding) -> str:
    index = finding.path.removeprefix(finding.top_property)
    return half.paths.get(finding.top_property, f"{half.direction.word}.settings.{finding.top_property}") + index


def _own_findings(partner: Partner) -> Iterable[DeclarationFinding]:
    yield from _names_needed(partner)
    yield from _settings_decided_elsewhere(partner)
    for index, domain in enumerate(partner.domains):
        if domain.strip() == "*":
            yield DeclarationFinding(
                f"domains[{index}]",
                "'*' stands for every domain, and a partner has domains of its own; list them. For a connector that "
                "applies to everybody declare an InboundConnector or OutboundConnector.",
            )
    if partner.inbound.sender_ip_addresses and partner.inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE:
        yield DeclarationFinding(
            "inbound.senderIpAddresses",
            "the list would restrict nothing, because restrictDomainsBy is certificate; set it to ipAddresses, or "
            "leave the list out.",
        )
    if partner.name != partner.name.strip() or not partner.name.strip():
        yield DeclarationFinding("name", "the name begins or ends with a space; leave the space out.")


def _names_needed(partner: Partner) -> Iterable[DeclarationFinding]:
    inbound, outbound = partner.inbound, partner.outbound
    needs = []
    if inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE and not inbound.certificate_name:
        needs.append("inbound.restrictDomainsBy: certificate")
    if (
        outbound.connection_security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
        and not outbound.tls_domain
    ):
        needs.append("outbound.connectionSecurity: recipientCertificateMatchesDomain")
    if needs and not partner.certificate_name:
        yield DeclarationFinding(
            "certificateName",
            f"a name is needed by {' and '.join(needs)}; write the name in the partner's certificate, such as "
            "mail.fabrikam.com, or choose other options.",
        )
    if (
        inbound.connection_security is InboundSecurity.OPPORTUNISTIC_TLS
        and inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE
    ):
        yield DeclarationFinding(
            "inbound.restrictDomainsBy",
            "a certificate comes only over TLS, and connectionSecurity is opportunisticTls; set it to forceTls, or "
            "restrict by ipAddresses (rule V10).",
        )


def _settings_decided_elsewhere(partner: Partner) -> Iterable[DeclarationFinding]:
    for half, settings in (
        (inbound_half(partner), partner.inbound.settings),
        (outbound_half(partner), partner.outbound.settings),
    ):
        for key in settings:
            decided = half.paths.get(key, "")
            if key == "connectorType":
                yield DeclarationFinding(
                    f"{half.direction.word}.settings.{key}",
                    "the connectors of a partner have the type Partner; leave it out. For servers of your own declare "
                    "an InboundConnector or OutboundConnector.",
                )
            elif decided and ".settings." not in decided:
                yield DeclarationFinding(
                    f"{half.direction.word}.settings.{key}",
                    f"the declaration decides this parameter, so that both connectors agree; use {decided}.",
                )
            elif key in ("adoptExisting", "allowTenantWideRestriction"):
                yield DeclarationFinding(
                    f"{half.direction.word}.settings.{key}", "this is no parameter of a connector; leave it out."
                )


#: What pydantic calls a mistake, in words for somebody who writes YAML.
_SHAPES = {
    "missing": "this is needed; write it.",
    "string_type": "{input} is not a text; put it into quotation marks.",
    "bool_type": "{input} is not true or false; write one of them, without quotation marks.",
    "setting": "{input} is not a text, true or false, or a list of texts; put a number into quotation marks.",
    "tuple_type": "{input} is not a list; write each item on a line of its own, after '- '.",
    "dict_type": "{input} is not a mapping; write 'name: value' lines.",
    "model_type": "{input} is not a mapping; write 'name: value' lines.",
    "model_attributes_type": "{input} is not a mapping; write 'name: value' lines.",
    "too_short": "the list is empty; write at least one item.",
    "string_too_short": "the text is empty; write it.",
    "string_too_long": "the text is longer than {max_length} characters; shorten it: connector names hold at most 64.",
    "invalid_key": "a name is a text; put it into quotation marks.",
    "date_from_datetime_parsing": "{input} is no day; write one such as 2027-03-31.",
    "date_from_datetime_inexact": "{input} is no day; write one such as 2027-03-31.",
    "date_type": "{input} is no day; write one such as 2027-03-31.",
    "enum": "{input} is none of its values; write one of {expected}.",
}

_MODELS: dict[str, type[BaseModel]] = {
    "": Partner,
    "inbound": Inbound,
    "outbound": Outbound,
    "acknowledge": Acknowledgement,
}

_NAMES = {
    where: tuple(field.alias or name for name, field in model.model_fields.items()) for where, model in _MODELS.items()
}


def _shape_findings(declared: object, error: ValidationError) -> tuple[DeclarationFinding, ...]:
    """What is wrong with the shape, and what the rules say about the rest, so that nobody has to come back twice."""
    details = list(_details(error))
    meant = {_meant(_spelled(_place(detail))) for detail in details if detail["type"] == "extra_forbidden"}
    details = [each for each in details if each["type"] != "missing" or _spelled(_place(each)) not in meant]
    findings = {_shape_finding(detail) for detail in details}
    silent = {finding.path for finding in findings} | meant
    if isinstance(declared, dict):
        rest = _copied(declared)
        for detail in details:
            _take_out(rest, _place(detail))
        complete = {**_STAND_IN, **rest}
        silent |= _STAND_IN.keys() - rest.keys()
        # Where even the rest has a wrong shape, the findings so far say so already.
        with contextlib.suppress(ValidationError):
            judged = partner_findings(Partner.model_validate(complete))
            findings |= {found for found in judged if found.path not in silent}
    return tuple(sorted(findings, key=_in_order))


#: Values for what a declaration cannot do without, so that the rest of a broken one can be judged.
_STAND_IN: dict[str, object] = {"name": "partner", "domains": ["partner.example"]}


def _copied(declared: dict[Any, Any]) -> dict[Any, Any]:
    """A copy from which names can be taken; what is no mapping stays the same object."""
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in declared.items()}


def _details(error: ValidationError) -> Iterable[ErrorDetails]:
    """One detail for each mistake. For a setting pydantic has one for each type it may have: the list's is kept."""
    for detail in error.errors(include_url=False):
        other_type = _in_settings(detail) and detail["loc"][3:4] in (("bool",), ("str",))
        items_are_wrong = detail["type"] == "too_short" and detail["input"]
        if not other_type and not items_are_wrong:
            yield detail


def _in_settings(detail: ErrorDetails) -> bool:
    return detail["loc"][1:2] == ("settings",) and len(detail["loc"]) > 2


def _place(detail: ErrorDetails) -> list[int | str]:
    """Where the mistake is. After the name of a setting pydantic says which type it tried; that is left out."""
    place = list(detail["loc"])
    if _in_settings(detail):
        return [*place[:2], str(place[2]), *place[4:]]
    return [str(part) for part in place] if detail["type"] == "invalid_key" else place


def _take_out(declared: object, place: list[int | str]) -> None:
    """Removes the smallest named value around a mistake."""
    names = [part for part in place if isinstance(part, str)]
    for part in names[:-1]:
        declared = declared.get(part) if isinstance(declared, dict) else None
    if names and isinstance(declared, dict):
        declared.pop(names[-1], None)


def _meant(path: str) -> str:
    """The name that a misspelled one probably stands for: it is not missing, it is misspelled."""
    parent, _, key = path.rpartition(".")
    near = difflib.get_close_matches(key, _NAMES.get(parent, ()), n=1)
    return ".".join(filter(None, (parent, near[0]))) if near else path


def _shape_finding(detail: ErrorDetails) -> DeclarationFinding:
    path = _spelled(_place(detail))
    if detail["type"] == "extra_forbidden":
        return DeclarationFinding(path, _stranger(path))
    kind = "setting" if _in_settings(detail) and detail["type"] == "tuple_type" else detail["type"]
    text = _SHAPES.get(kind, "{input} does not belong here; stacks/stack.schema.json says what does.")
    context = {key: str(value) for key, value in detail.get("ctx", {}).items()}
    return DeclarationFinding(path, text.format_map({"input": shown(detail["input"]), **context}))


def _stranger(path: str) -> str:
    parent, _, key = path.rpartition(".")
    known = _NAMES.get(parent, ())
    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return f"there is no such name here; did you mean {near[0]}?"
    return f"there is no such name here; the names are {', '.join(known)}."


def _spelled(parts: Iterable[int | str]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _in_order(finding: DeclarationFinding) -> tuple[bool, str, str]:
    return finding.severity is not Severity.ERROR, finding.path, finding.text
