"""The pre-flight: at `pulumi preview`, would the partners' servers satisfy what is being declared?

Opt-in, by the setting `preflight`. It warns and never blocks, ends in time, and asks no server twice in an hour. It
belongs to the program: `check` and `diff` of the provider stay without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from regulated_partners.partners.declaration import Partner
from regulated_partners.preflight_settings import PreflightSettingError, read_preflight_settings


@dataclass(frozen=True)
class PreflightReport:
    """What there is to say: warnings, one for each thing that refuses mail, and notes."""

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def show_preflight(setting: object, partners: Sequence[Partner]) -> None:
    """Runs the pre-flight at a preview where the stack asks for it, and shows what it has to say.

    Args:
        setting: the value of `regulated-partners:preflight`.
        partners: as declared, without errors.
    """
    if not pulumi.runtime.is_dry_run():
        return
    report = preflight(setting, partners, Path.cwd())
    for warning in report.warnings:
        pulumi.log.warn(warning)
    for note in report.notes:
        pulumi.log.info(note)


def preflight(setting: object, partners: Sequence[Partner], directory: Path) -> PreflightReport:
    """Looks at the partners' servers, or at what was seen of them lately. Never raises for what it finds.

    Args:
        setting: the value of `regulated-partners:preflight`.
        partners: as declared.
        directory: of the project, where the cache is.
    """
    try:
        settings = read_preflight_settings(setting)
    except PreflightSettingError as error:
        return PreflightReport((f"The pre-flight was left out: {error}",))
    if settings is None:
        return PreflightReport()
    # What it needs takes a good part of a second to import: only where it is asked for.
    from regulated_partners.preflight_look import look

    warnings, notes = look(settings, partners, directory)
    return PreflightReport(warnings, notes)
