"""The generated resource classes: current, and made from the one list of parameters alone."""

from __future__ import annotations

import difflib

from exchange_online.connectors import Direction, Flag, Parameter, parameters
from tools.connector_classes import TARGET, current, module


def test_the_classes_are_what_the_settings_say() -> None:
    """Failing, a parameter was changed and programs do not see it: run `make generate`."""
    assert TARGET.read_text(encoding="utf-8") == current()


def test_a_new_parameter_is_one_field() -> None:
    """Failing, who adds a parameter must keep lists by hand again: argument, output, and what an editor shows.

    This is all that a new field of `OutboundSettings` changes in the resource classes.
    """
    added = Parameter("SkipCertificateCheck", Flag(False), "Accepts any certificate, see `tlsSettings`.")
    wanted = {direction: list(parameters(direction)) for direction in Direction}
    wanted[Direction.OUTBOUND].append(added)

    lines = difflib.ndiff(current().splitlines(), module(wanted).splitlines())

    assert [line for line in lines if line.startswith(("+", "-"))] == [
        "+     skip_certificate_check: pulumi.Output[bool]",
        "+         skip_certificate_check: Accepts any certificate, see `tls_settings`.",
        "+         skip_certificate_check: pulumi.Input[bool] | None = None,",
    ]
