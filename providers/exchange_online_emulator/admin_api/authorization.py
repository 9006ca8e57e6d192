"""Who may call: the bearer token, the app role, the directory roles, the anchor mailbox."""

from __future__ import annotations

import re

import jwt

from exchange_online_emulator.cmdlets.parameters import CmdletSpec, find_cmdlet
from exchange_online_emulator.errors import AnchorError, ForbiddenError, NotAuthenticatedError
from exchange_online_emulator.rules import observed_multi
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import MANAGE_AS_APP, allows
from exchange_online_emulator.tokens.issue import EXCHANGE

_SYSTEM_MAILBOX = re.compile(
    r"(APP|UPN):SystemMailbox\{(bb558c35-97f1-4cb9-8ff7-d53741dc928c|8cc370d3-822a-4ab8-a926-bb94bd0641a9)\}@(?P<tenant>.+)",
    re.IGNORECASE,
)


@observed_multi(
    "bearer",
    "a missing, expired or foreign token, one for another audience or tenant, and a vanity domain in the path answer "
    "401 with an empty body and WWW-Authenticate; so does a token without Exchange.ManageAsApp",
    "exchange-wire 7.2; G2O (no app role), SIGCHAMP (vanity domain)",
)
def authenticate(emulator: Emulator, tenant: str, authorization: str) -> frozenset[str]:
    """The caller's directory roles (template ids).

    Raises `NotAuthenticatedError`, and `ForbiddenError` for another Exchange role.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticatedError("no bearer token")
    try:
        claims = emulator.signing_key.verify(token, (EXCHANGE, f"{EXCHANGE}/"))
    except jwt.InvalidTokenError as error:
        raise NotAuthenticatedError(type(error).__name__) from None
    if claims["tid"] != emulator.identity.tenant or not emulator.means_tenant(tenant):
        raise NotAuthenticatedError("another tenant")
    challenge = emulator.challenge
    if challenge is not None and claims.get("challenge") != challenge:
        raise NotAuthenticatedError("continuous access evaluation", claims=challenge)
    roles = frozenset(claims.get("roles", []))
    if MANAGE_AS_APP not in roles:
        if any(str(role).startswith("Exchange.") for role in roles):
            raise ForbiddenError
        raise NotAuthenticatedError("no app role")
    return frozenset(claims.get("wids", []))


def authorized_cmdlet(wids: frozenset[str], name: str) -> CmdletSpec:
    """The cmdlet of that name. Raises `ForbiddenError` when it does not exist or none of the roles allows it."""
    cmdlet = find_cmdlet(name)
    if cmdlet is None or not allows(wids, writes=cmdlet.writes):
        raise ForbiddenError
    return cmdlet


def challenge_claims(challenge: str) -> str:
    """The claims of a CAE challenge as JSON text: a token not older than this moment (Unix seconds)."""
    return f'{{"access_token":{{"nbf":{{"essential":true,"value":"{challenge}"}}}}}}'


@observed_multi(
    "anchor",
    "a write whose X-AnchorMailbox is not a system mailbox (or UPN) of the tenant answers 400 "
    "InsufficientPermissionsException; without the header writes pass unless strict",
    "CIPP-API PR #510, CIPP #2524 (texts); which text and status, and a missing anchor, are assumed",
)
def check_anchor(emulator: Emulator, anchor: str | None) -> None:
    """Raises `AnchorError`."""
    if anchor is None:
        if emulator.tenant.switches.strict:
            raise AnchorError
        return
    system = _SYSTEM_MAILBOX.fullmatch(anchor)
    prefix, _, address = anchor.partition(":")
    if system:
        domain = system["tenant"]
    elif prefix.upper() == "UPN" and re.fullmatch(r"[^@{}\s]+@[^@\s]+", address):
        domain = address.partition("@")[2]
    else:
        raise AnchorError
    if not emulator.knows(domain):
        raise AnchorError
