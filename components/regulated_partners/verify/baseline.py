"""What was seen of a partner's certificates and MX hosts before, and what has changed since.

The file belongs beside the stack, in version control. What is new, and a plain renewal, is entered at each run; a
change that needs somebody's decision stays a finding until it is accepted with --update-baseline.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from exchange_online.connectors import Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import CertificateFacts
from regulated_partners.probing.names import listed
from regulated_partners.probing.verdicts import Check, Finding, Judgement, Level, Party, verdict_of, worst

_R = TypeVar("_R", bound=BaseModel)
_LARGEST = 512 * 1024 * 1024
_SHOWN = 5


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeenCertificate(_Record):
    """A certificate: digests are SHA-256, lower-case hexadecimal; names in the certificate's order."""

    sha256: str
    spki_sha256: str
    common_names: tuple[str, ...]
    dns_names: tuple[str, ...]
    issuer: str
    not_after: datetime

    @classmethod
    def of(cls, facts: CertificateFacts) -> SeenCertificate:
        """That part of a certificate which later runs compare."""
        return cls(
            sha256=facts.sha256,
            spki_sha256=facts.spki_sha256,
            common_names=facts.names.common_names,
            dns_names=facts.names.dns_names,
            issuer=facts.names.issuer,
            not_after=facts.not_after,
        )


class Entry(_Record):
    """One place where a certificate or an MX set was seen."""

    seen: datetime
    certificate: SeenCertificate | None = None
    mx: tuple[str, ...] | None = None


class Baseline(_Record):
    """The file."""

    format: int = 1
    entries: dict[str, Entry] = {}


@dataclass(frozen=True)
class Observation:
    """What one run saw at one place.

    Attributes:
        partner: the declared name.
        direction: of the connector.
        place: the host name of a server, the recipient domain of an MX set, or `file` for a certificate handed over.
        certificate: the leaf that was seen there.
        mx: the hosts of the MX record, without their order.
    """

    partner: str
    direction: Direction
    place: str
    certificate: CertificateFacts | None = None
    mx: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        return f"{self.partner} / {self.direction.word} / {self.place.lower().rstrip('.')}"

    def entry(self, now: datetime) -> Entry:
        """What the file keeps of it."""
        certificate = None if self.certificate is None else SeenCertificate.of(self.certificate)
        return Entry(seen=now, certificate=certificate, mx=None if self.mx is None else tuple(sorted(set(self.mx))))


def read_record(path: Path, kind: type[_R], name: str, advice: str, absent: _R | None = None) -> _R:
    """The content of a JSON file of this command.

    Args:
        path: the file.
        kind: its form.
        name: what it should be, for errors.
        advice: a sentence for where it is something else.
        absent: what counts where there is no file; None where there must be one.

    Raises:
        CannotRunError: where the file cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            return kind.model_validate_json(file.read(_LARGEST))
    except OSError as error:
        if absent is not None and isinstance(error, FileNotFoundError):
            return absent
        raise CannotRunError(f"The {name} {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise CannotRunError(f"{path} is no {name} of this command: at {where}: {first['msg']}. {advice}") from None


def read_baseline(path: Path) -> Baseline:
    """The file's content; an empty one where there is no file yet. Raises CannotRunError."""
    advice = "Restore it from version control, or delete it to begin a new one."
    found = read_record(path, Baseline, "baseline", advice, Baseline())
    if found.format != 1:
        raise CannotRunError(
            f"{path} has the format {found.format}, and this version knows format 1: update the command."
        )
    return found


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Replaces the file in one step. Raises CannotRunError."""
    ordered = Baseline(entries=dict(sorted(baseline.entries.items())))
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
            new.write(ordered.model_dump_json(indent=2) + "\n")
        Path(new.name).chmod(0o644)
        Path(new.name).replace(path)
    except OSError as error:
        raise CannotRunError(f"The baseline {path} cannot be written: {error.strerror}.") from None


def changes_since(before: Baseline, seen: Observation) -> tuple[Finding, ...]:
    """What has changed at one place."""
    entry = before.entries.get(seen.key)
    return (*_certificate_changes(entry, seen), *_mx_changes(entry, seen)) if entry else ()


def updated(before: Baseline, seen: Sequence[Observation], now: datetime, *, accept: bool) -> Baseline:
    """The baseline after a run at `now` (UTC); with `accept` also what needs a decision is entered."""
    entries = dict(before.entries)
    for place in seen:
        open_question = any(finding.level is not Level.INFO for finding in changes_since(before, place))
        if accept or not open_question:
            old, new = entries.get(place.key), place.entry(now)
            if old is None or (old.certificate, old.mx) != (new.certificate, new.mx):
                entries[place.key] = new
    return Baseline(entries=entries)


def _certificate_changes(entry: Entry, seen: Observation) -> Iterable[Finding]:
    old = entry.certificate
    if old is None or seen.certificate is None:
        return
    new = SeenCertificate.of(seen.certificate)
    if new.sha256 == old.sha256:
        return
    since = f"since {entry.seen:%Y-%m-%d}"
    names = list(_name_changes(old, new, since))
    yield from names
    if new.issuer != old.issuer:
        text = (
            f"The certificate's issuer changed {since}, from {old.issuer} to {new.issuer}. A side that pins the issuer "
            "refuses it; check that its root is trusted, and accept the change with --update-baseline."
        )
        yield Finding(Check.BASELINE_ISSUER, Level.WARNING, text, Party.WE, source="tls-verification F3")
    elif not names:
        key = "the same key" if new.spki_sha256 == old.spki_sha256 else "a new key"
        expires = f"it expires on {new.not_after:%Y-%m-%d}"
        text = f"The certificate was renewed {since}, with {key} and the same names; {expires}."
        yield Finding(Check.BASELINE_RENEWAL, Level.INFO, text, source="tls-verification F1")


def _name_changes(old: SeenCertificate, new: SeenCertificate, since: str) -> Iterable[Finding]:
    """Lost names are errors, as a peer may ask for any of them; names that came are not."""
    before, after = _names(old), _names(new)
    lost, came = sorted(before - after), sorted(after - before)
    accept = "If it is meant, correct the declared name where it needs it and accept it with --update-baseline."
    if lost:
        now_has = f"; it now has {listed(came, at_most=_SHOWN)}" if came else ""
        text = f"The certificate lost names {since}: {listed(lost, at_most=_SHOWN)}{now_has}. {accept}"
        yield Finding(Check.BASELINE_NAME, Level.ERROR, text, Party.PARTNER, source="tls-verification F2")
    elif came:
        text = f"The certificate got further names {since}: {listed(came, at_most=_SHOWN)}. {accept}"
        yield Finding(Check.BASELINE_NAME, Level.WARNING, text, Party.WE, source="tls-verification F2")


def _names(seen: SeenCertificate) -> set[str]:
    """CN and SAN apart: a peer may look at one of them only."""
    return {f"CN {name.lower()}" for name in seen.common_names} | {f"SAN {name.lower()}" for name in seen.dns_names}


def _mx_changes(entry: Entry, seen: Observation) -> Iterable[Finding]:
    if entry.mx is None or seen.mx is None:
        return
    before, after = {name.lower() for name in entry.mx}, {name.lower() for name in seen.mx}
    if before != after:
        gone, came = sorted(before - after), sorted(after - before)
        moves = [f"gone: {listed(gone, at_most=_SHOWN)}"] if gone else []
        moves += [f"new: {listed(came, at_most=_SHOWN)}"] if came else []
        text = (
            f"The MX record of {seen.place} changed since {entry.seen:%Y-%m-%d}; {'; '.join(moves)}. A move to another "
            "provider brings another certificate: check the declared tlsDomain, and accept it with --update-baseline."
        )
        yield Finding(Check.BASELINE_MX, Level.WARNING, text, Party.WE, source="tls-verification F6")


@dataclass(frozen=True)
class Observed:
    """A judgement, and what was seen for it that the baseline keeps."""

    judgement: Judgement
    seen: tuple[Observation, ...] = ()


class Watch:
    """The baseline of one run; without a file nothing is compared.

    Args:
        path: the file; None for none.
        accept: enter what has changed, too.

    Raises:
        CannotRunError: where the file is not readable or no baseline.
        typer.BadParameter: for `accept` without a file.
    """

    def __init__(self, path: Path | None, *, accept: bool) -> None:
        if accept and path is None:
            raise typer.BadParameter("--update-baseline needs --baseline")
        self._path, self._accept = path, accept
        self._before = Baseline() if path is None else read_baseline(path)

    def compared(self, observed: Iterable[Observed], moment: datetime) -> tuple[Judgement, ...]:
        """The judgements with what has changed; then the file is written. Raises CannotRunError."""
        found = list(observed)
        if self._path is None:
            return tuple(item.judgement for item in found)
        seen = [place for item in found for place in item.seen]
        after = updated(self._before, seen, moment, accept=self._accept)
        if after != self._before or not self._path.exists():
            write_baseline(self._path, after)
        return tuple(item.judgement if self._accept else self._with_changes(item) for item in found)

    def _with_changes(self, observed: Observed) -> Judgement:
        changes = tuple(change for seen in observed.seen for change in changes_since(self._before, seen))
        judgement = observed.judgement
        verdict = worst((judgement.verdict, verdict_of(changes)))
        return replace(judgement, verdict=verdict, findings=(*judgement.findings, *changes))
