"""From a stack to the client of its tenant, by the settings that the provider goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exchange_online.admin_api import Connection, connection, settings_from
from regulated_partners.partners.stack_file import StackFile


def stack_connection(stack: StackFile, secret: Callable[[str], str], environ: Mapping[str, str]) -> Connection:
    """The stack's tenant and credential. Nothing is sent.

    Args:
        secret: the plain text of a secret setting, by its name with namespace; asked only where the stack has one.

    Raises:
        Misconfigured: where settings and environment do not suffice.
        CannotRunError: where the secret cannot be decrypted.
    """

    def setting(name: str) -> object:
        key = stack.key(name)
        value = stack.config.get(key)
        return secret(key) if isinstance(value, dict) and "secure" in value else value

    return connection(settings_from(setting, stack.root), environ)
