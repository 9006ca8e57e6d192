"""The settings of the stack that the program runs for."""

from __future__ import annotations

from collections.abc import Callable

import pulumi

from regulated_partners.partners.shared_partners import PARTNERS_FILE


def stack_settings(config: pulumi.Config) -> Callable[[str], object]:
    """Gives a setting by its name, None where there is none: the engine hands on lists as JSON, and a path as it is."""

    def setting(name: str) -> object:
        value: object = config.get(name) if name == PARTNERS_FILE else config.get_object(name)
        return value

    return setting
