"""Who may call: the bearer token, the app role, the directory roles, the anchor mailbox."""

from __future__ import annotations

import re

import jwt

from exchange_online_emulator.cmdlets.parameters import CmdletSpec, find_cmdlet, is_documented
from exchange_online_emulator.errors import AnchorError, ForbiddenError, NotAuthenticatedError, NotEmulatedError
from exchange_online_emulator.rules import observed_multi
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import MANAGE_AS_APP, allows
from exchange_online_emulator.tokens.issue import AUDIENCES

_SYSTEM_MAILBOX = re.compile(
    r"(APP|UPN):SystemMailbox\{(bb558c35-97f1-4cb9-8ff7-d53741dc928c|8cc370d3-822a-4ab8-a926-bb94bd0641a9)\}@(?P<tenant>.+)",
    re.IGNORECASE,
)
_GUID = re.compile(r"\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?", re.IGNORECASE)
_ANCHOR_PREFIX = re.compile(r"(?P<prefix>[A-Za-z-]{1,16}):(?P<value>.*)", re.DOTALL)


@observed_multi(
    "bearer",
    "a missing, expired or foreign token, one for another audience or tenant, and a vanity domain in the path answer "
    "401 with an empty body and WWW-Authenticate (Basic where no bearer token was shown); so does a token without "
    "Exchange.ManageAsApp",
    "exchange-wire 7.2; G2O (no app role), SIGCHAMP (vanity domain); Basic: found/wire.md section 2, measured",
)
def authenticate(emulator: Emulator, tenant: str, authorization: str) -> frozenset[str]:
    """The caller's directory roles (template ids).

    Raises `NotAuthenticatedError`, and `ForbiddenError` for another Exchange role.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticatedError("no bearer token", bearer=False)
    try:
        claims = emulator.signing_key.verify(token, AUDIENCES)
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
            raise ForbiddenError("another app role than Exchange.ManageAsApp")
        raise NotAuthenticatedError("no app role")
    return frozenset(claims.get("wids", []))


def authorized_cmdlet(wids: frozenset[str], name: str) -> CmdletSpec:
    """The cmdlet of that name.

    Raises `ForbiddenError` when it does not exist or none of the roles allows it, `NotEmulatedError` when Exchange
    Online has it and the emulator has not.
    """
    cmdlet = find_cmdlet(name)
    if cmdlet is None and not is_documented(name):
        raise ForbiddenError("no such cmdlet")
    if not allows(wids, writes=(cmdlet or CmdletSpec(name.capitalize())).writes):
        raise ForbiddenError("no role that allows it")
    if cmdlet is None:
        raise NotEmulatedError(name)
    return cmdlet


def challenge_claims(challenge: str) -> str:
    """The claims of a CAE challenge as JSON text: a token not older than this moment (Unix seconds)."""
    return f'{{"access_token":{{"nbf":{{"essential":true,"value":"{challenge}"}}}}}}'


@observed_multi(
    "anchor",
    "a write whose X-AnchorMailbox is the GUID of an object, or names another tenant (by its GUID, or a domain that is "
    "none of the tenant's), answers 400 InsufficientPermissionsException; any other passes, and none, too; under "
    "strict only a system mailbox or UPN of the tenant passes",
    "CIPP-API PR #510, CIPP #2524 (texts; the GUID of a connector); in use for writes: UPN:, APP:, TID:, AAD-UPN:, "
    "a mailbox without prefix, a doubled @ (exchange-wire, addendum 5.2); which text and status is assumed",
)
def check_anchor(emulator: Emulator, anchor: str | None) -> None:
    """Raises `AnchorError`."""
    if emulator.tenant.switches.strict:
        _check_strictly(emulator, anchor)
    elif anchor:
        parts = _ANCHOR_PREFIX.fullmatch(anchor.strip())
        prefix, value = (parts["prefix"].upper(), parts["value"]) if parts else ("", anchor.strip())
        _, at, domain = value.rpartition("@")
        named = domain if at else value if prefix == "TID" or _GUID.fullmatch(value) else ""
        if named and not emulator.knows(named):
            raise AnchorError


def _check_strictly(emulator: Emulator, anchor: str | None) -> None:
    system = _SYSTEM_MAILBOX.fullmatch(anchor or "")
    prefix, _, address = (anchor or "").partition(":")
    if system:
        domain = system["tenant"]
    elif prefix.upper() == "UPN" and re.fullmatch(r"[^@{}\s]+@[^@\s]+", address):
        domain = address.partition("@")[2]
    else:
        raise AnchorError
    if not emulator.knows(domain):
        raise AnchorError
