"""What is different from an earlier report: verdicts, claims, certificates, connectors, exceptions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from regulated_partners.evidence.report import Change, Claim, Compared, PartnerReport, Report, Standing


def compared(earlier: Report, now: Report, name: str, sha256: str) -> Compared:
    """The comparison.

    Args:
        earlier: whatever scope it had: what only one of the two is about is said.
        name, sha256: of the earlier report's file.
    """
    before = {(one.stack, one.name.casefold()): one for one in earlier.partners}
    after = {(one.stack, one.name.casefold()): one for one in now.partners}
    changes: list[Change] = []
    for key, partner in after.items():
        old = before.get(key)
        changes += _new(partner) if old is None else _changed(old, partner)
    for key, partner in before.items():
        if key not in after:
            text = f"was in the earlier report ({partner.standing}), and is not in this one."
            changes.append(Change(partner=partner.name, stack=partner.stack, text=text, worse=True))
    if earlier.started > now.started:
        text = "The earlier report is dated later than this one: a clock is wrong, or the files were mixed up."
        changes.insert(0, Change(partner="", stack="", text=text, worse=True))
    return Compared(name=name, sha256=sha256, made=earlier.started, version=earlier.version, changes=tuple(changes))


def _new(partner: PartnerReport) -> Iterator[Change]:
    yield Change(partner=partner.name, stack=partner.stack, text=f"is new: {partner.standing}.")


def _changed(old: PartnerReport, new: PartnerReport) -> Iterator[Change]:
    def say(text: str, *, worse: bool = False) -> Change:
        return Change(partner=new.name, stack=new.stack, text=text, worse=worse)

    if old.standing is not new.standing:
        yield say(f"was {old.standing}, is {new.standing}.", worse=new.standing.rank > old.standing.rank)
    claims = {(claim.id, claim.direction): claim for claim in old.claims}
    for claim in new.claims:
        if (text := _of_claim(claims.pop((claim.id, claim.direction), None), claim)) is not None:
            yield say(text[0], worse=text[1])
    for gone in claims.values():
        yield say(f"{gone.direction}: {gone.id.meaning}: was {gone.standing}, and is no longer looked at.", worse=True)
    if old.domains != new.domains:
        yield say(f"domains: {', '.join(old.domains)} became {', '.join(new.domains)}.")
    yield from (say(text) for text in _of_connectors(old, new))
    yield from (say(text) for text in _of_certificates(old, new))
    yield from (say(text) for text in _of_exceptions(old, new))


def _of_claim(old: Claim | None, new: Claim) -> tuple[str, bool] | None:
    about = f"{new.direction}: {new.id.meaning}"
    if old is None:
        return f"{about}: new, {new.standing}.", new.standing is Standing.CONTRADICTED
    if old.standing is not new.standing:
        return f"{about}: was {old.standing}, is {new.standing}. {new.text}", new.standing.rank > old.standing.rank
    return None


def _of_connectors(old: PartnerReport, new: PartnerReport) -> Iterator[str]:
    before = {one.direction: one for one in old.connectors}
    for one in new.connectors:
        was = before.get(one.direction)
        if was is None:
            continue
        if was.declared != one.declared:
            yield f"{one.direction}: declared was: {was.declared} Now: {one.declared}"
        if was.guid and one.guid and was.guid.casefold() != one.guid.casefold():
            yield f"{one.direction}: the connector is another one: Guid {was.guid} became {one.guid}."
        elif was.changed and one.changed and was.changed != one.changed:
            yield f"{one.direction}: the connector was changed in the tenant ({one.changed})."


def _of_certificates(old: PartnerReport, new: PartnerReport) -> Iterator[str]:
    before = {(one.direction, one.place): one for one in old.certificates}
    for one in new.certificates:
        was = before.pop((one.direction, one.place), None)
        if was is None:
            ends = f"{one.not_after:%Y-%m-%d}"
            yield f"{one.direction}: a certificate of {one.place} was seen for the first time; it ends {ends}."
        elif (was.names, was.issuer, was.not_after, was.sha256) != (one.names, one.issuer, one.not_after, one.sha256):
            yield (
                f"{one.direction}: {one.place} shows another certificate: for {one.names} of {one.issuer}, until "
                f"{one.not_after:%Y-%m-%d}; it was for {was.names} of {was.issuer}, until {was.not_after:%Y-%m-%d}."
            )
    for was in before.values():
        yield f"{was.direction}: the certificate of {was.place} is no longer seen."


def _of_exceptions(old: PartnerReport, new: PartnerReport) -> Iterator[str]:
    before, after = _consents(old), _consents(new)
    yield from (f"new {text}." for key, text in after.items() if key not in before)
    yield from (f"no longer: {text}." for key, text in before.items() if key not in after)
    for key, text in after.items():
        if key in before and before[key] != text:
            yield f"{text} (was: {before[key]})."


def _consents(partner: PartnerReport) -> Mapping[tuple[str, str], str]:
    """By kind and policy."""
    return {
        (one.kind, one.policy): f"{one.kind}{f' of {one.policy}' if one.policy else ''} until {one.expires}"
        f"{'' if one.in_force else ', expired'}: {one.reason}"
        for one in partner.exceptions
    }
