"""What the options of a partner do to its connectors: those that reach them, and the earlier URNs that find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pulumi

#: Options that no component hands on to its children. Source: Pulumi's docs, resource options; tried with 3.259.
_NOT_HANDED_ON = (
    "ignore_changes",
    "replace_on_changes",
    "delete_before_replace",
    "additional_secret_outputs",
    "custom_timeouts",
    "import_",
)


def say_what_does_not_count(component: pulumi.ComponentResource, opts: pulumi.ResourceOptions | None) -> None:
    """Warns of the options of a partner that its connectors do not get."""
    given = [name for name in _NOT_HANDED_ON if getattr(opts, name, None)]
    if given:
        pulumi.log.warn(
            f"{' and '.join(given)}: these options of a partner do not reach its connectors, as with every component; "
            "give the partner `transforms` that set them there.",
            component,
        )


def earlier_halves(
    earlier: Sequence[pulumi.Input[str]], suffix: str, tokens: Sequence[str]
) -> list[pulumi.Input[str | pulumi.Alias]]:
    """The aliases of one half, for earlier URNs of its partner.

    The engine hands a partner's aliases down only while it finds the partner itself by one of them: no longer after a
    rename that was cut off when the state had the partner's new name and the connector's old one. A connector whose
    partner has moved below another component has the new types in its URN by then, and the old name.

    Args:
        earlier: URNs that the partner may have had.
        suffix: what the half's name has behind the partner's.
        tokens: types that the half may have had.
    """

    def half_of(token: str) -> Callable[[str], str]:
        def half(urn: str) -> str:
            stack, project, types, old = urn.split("::", 3)
            return f"{stack}::{project}::{types}${token}::{old}{suffix}"

        return half

    def renamed(urn: str) -> pulumi.Alias:
        return pulumi.Alias(name=f"{urn.split('::', 3)[3]}{suffix}")

    urns = [pulumi.Output.from_input(urn) for urn in earlier]
    return [*(urn.apply(half_of(token)) for token in tokens for urn in urns), *(urn.apply(renamed) for urn in urns)]
