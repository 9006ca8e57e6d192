"""App roles and Entra directory roles, and what they allow on connectors."""

from __future__ import annotations

from exchange_online_emulator.rules import rule

MANAGE_AS_APP = "Exchange.ManageAsApp"

# Template ids of the built-in roles; the same in every tenant. Source: Entra built-in roles.
DIRECTORY_ROLES: dict[str, str] = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "Exchange Recipient Administrator": "31392ffb-586c-42d1-9346-e59415a2cc4e",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
    "Compliance Administrator": "17315797-102d-40b4-93e0-432062caca18",
    "Helpdesk Administrator": "729827e3-9c14-49f7-bb1b-9608f156bbb8",
}
_WRITERS = {DIRECTORY_ROLES["Global Administrator"], DIRECTORY_ROLES["Exchange Administrator"]}
_READERS = _WRITERS | {DIRECTORY_ROLES["Global Reader"]}


@rule(
    "V36",
    "Global Reader reads; Exchange Administrator and Global Administrator read and write; "
    "any other directory role, or none, gets 403 with a body of NUL bytes",
    tag="observed:live",
    source="G2O (Global Reader, Security Reader); CIPP, Microsoft365DSC (Exchange Administrator); wire section 4",
)
def allows(wids: frozenset[str], *, writes: bool) -> bool:
    """Whether these directory roles (template ids) allow a cmdlet on connectors."""
    return bool(wids & (_WRITERS if writes else _READERS))
