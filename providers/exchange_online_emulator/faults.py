"""Faults: failures that a test asks for, because a real service has them and nobody can make it have them."""

from __future__ import annotations

import asyncio
import fnmatch
import threading
import time
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from exchange_online_emulator.models import Kind, StoredObject

CONCURRENCY_TEXT = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Action):
    """Answer with a status.

    Attributes:
        retry_after: the header's text as it stands ("2.5", "86400", "soon"), None for no header.
        text: a plain-text body, None for a JSON one.
        after_write: does the cmdlet first, so that the caller cannot know.
    """

    kind: Literal["status"] = "status"
    status: int = Field(429, ge=400, le=599)
    retry_after: str | None = None
    text: str | None = None
    after_write: bool = False


class Throttled(_Action):
    """The tenant's concurrency limit: plain text, whatever the status. Source: EXOHELPER (wire 7.2)."""

    kind: Literal["throttled"] = "throttled"
    status: int = Field(429, ge=400, le=599)
    retry_after: str | None = None


class Forbidden(_Action):
    """403 with a body of NUL bytes, as without a role."""

    kind: Literal["forbidden"] = "forbidden"


class Refusal(_Action):
    """An error envelope with `|exception_type|text` in details, such as ADServerSettingsChangedException.

    Without `details` the type stands in innererror only, as ADTransientException was seen (wire 7.2).
    """

    kind: Literal["refusal"] = "refusal"
    exception_type: str = "Microsoft.Exchange.Data.Directory.ADServerSettingsChangedException"
    text: str = "An error caused a change in the current set of domain controllers."
    status: int = Field(500, ge=400, le=599)
    details: bool = True
    after_write: bool = False


class KnownRefusal(_Action):
    """One of the refusals that others have seen: `errors.KNOWN_REFUSALS`."""

    kind: Literal["known_refusal"] = "known_refusal"
    of: Literal[
        "dehydrated",
        "parameter_not_in_role",
        "cmdlet_not_in_role",
        "write_scope",
        "quota",
        "type_fixed",
    ]


class ConnectionReset(_Action):
    """Break the connection: before the cmdlet, or after it so that the answer is lost.

    Attributes:
        midway: with `after_write`: status and headers arrive, and half of the body.
    """

    kind: Literal["reset"] = "reset"
    after_write: bool = False
    midway: bool = False


class Delay(_Action):
    """Do the cmdlet, then answer late: after the seconds, or as soon as the faults are cleared."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(1, ge=0, le=3600)


class ReadLag(_Action):
    """A write that Get does not show yet: for `reads` more listings, or for `seconds`. Source: wire 8.4."""

    kind: Literal["read_lag"] = "read_lag"
    reads: int = Field(0, ge=0)
    seconds: float = Field(0, ge=0, le=3600)


class ExpiredToken(_Action):
    """401 with WWW-Authenticate; with `claims` a CAE challenge whose claims the next token request must carry."""

    kind: Literal["expired_token"] = "expired_token"
    claims: bool = False


class BrokenPageLink(_Action):
    """A listing's next page fails: `stale` answers 400 (expired pagination request), `error` 500.

    Acts on requests for a second or later page only.
    """

    kind: Literal["broken_page_link"] = "broken_page_link"
    how: Literal["stale", "error"] = "stale"


class ErrorsInAnswer(_Action):
    """200 with @adminapi.errors; the cmdlet is done only with `after_write`. Source: TMPEXO (wire 6.1)."""

    kind: Literal["errors_in_answer"] = "errors_in_answer"
    errors: tuple[str, ...] = ("The operation could not be completed.",)
    after_write: bool = False


class Garbage(_Action):
    """200 with a body that is no answer; the cmdlet is done only with `after_write`."""

    kind: Literal["garbage"] = "garbage"
    body: str = '{"value": [{"Name":'
    content_type: str = "application/json"
    after_write: bool = False


Action = Annotated[
    Status
    | Throttled
    | Forbidden
    | Refusal
    | KnownRefusal
    | ConnectionReset
    | Delay
    | ReadLag
    | ExpiredToken
    | BrokenPageLink
    | ErrorsInAnswer
    | Garbage,
    Field(discriminator="kind"),
]


class Fault(_Action):
    """One fault.

    Attributes:
        cmdlet: a pattern in any case ("New-*"); "token" means the token endpoint, where Status, Throttled,
            ConnectionReset and Delay act.
        identity: the name or GUID, in any case, of the object that the call must be about.
        nth: the matching call from which it acts; 1 is the next one.
        count: for how many calls; None until it is cleared.
    """

    action: Action
    cmdlet: str = "*"
    identity: str | None = None
    nth: int = Field(1, ge=1)
    count: int | None = Field(1, ge=1)


class ActiveFault(_Action):
    """A fault in force: its id, how many calls matched it, how many it acted on."""

    id: int
    fault: Fault
    matched: int = 0
    acted: int = 0


@dataclass
class _Lag:
    kind: Kind
    guid: str
    old: StoredObject | None
    reads: int
    until: float

    def expired(self, now: float) -> bool:
        return self.reads <= 0 and now >= self.until


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[int, ActiveFault] = {}
        self._next_id = 1
        self._lags: list[_Lag] = []
        self._cleared = 0

    def add(self, fault: Fault) -> ActiveFault:
        """Put a fault in force."""
        with self._lock:
            active = ActiveFault(id=self._next_id, fault=fault)
            self._active[active.id] = active
            self._next_id += 1
            return active

    def all(self) -> tuple[ActiveFault, ...]:
        """Every fault, the spent ones too, so that a test can see that it acted."""
        with self._lock:
            return tuple(self._active.values())

    def remove(self, fault_id: int) -> bool:
        """Take one out of force; False when there is none."""
        with self._lock:
            return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all faults out of force, read lag too."""
        with self._lock:
            self._active.clear()
            self._lags.clear()
            self._cleared += 1

    async def delay(self, delay: Delay) -> None:
        """Wait as long as a fault asks for, or until the faults are cleared."""
        end, cleared = time.monotonic() + delay.seconds, self._cleared
        while (left := end - time.monotonic()) > 0 and self._cleared == cleared:
            await asyncio.sleep(min(left, 0.05))

    def take(self, cmdlet: str, identities: frozenset[str], page: int) -> Action | None:
        """The action for this call, None when no fault acts.

        Args:
            cmdlet: its name, or "token".
            identities: its Identity and Name in lower case.
            page: 1 for the first page of an answer.
        """
        with self._lock:
            chosen: Action | None = None
            for fault_id, active in self._active.items():
                if not _matches(active.fault, cmdlet, identities, page):
                    continue
                matched = active.matched + 1
                limit = active.fault.count
                acts = chosen is None and matched >= active.fault.nth and (limit is None or active.acted < limit)
                if acts:
                    chosen = active.fault.action
                self._active[fault_id] = active.model_copy(update={"matched": matched, "acted": active.acted + acts})
            return chosen

    def hide(self, kind: Kind, before: StoredObject | None, after: StoredObject | None, lag: ReadLag) -> None:
        """Let Get show the state before a write for a while."""
        changed = before or after
        if changed is None:
            return
        with self._lock:
            known = next((item for item in self._lags if item.guid == changed.guid), None)
            # Two writes in a row: a reader that sees neither sees what stood before the first.
            old = known.old if known else before
            self._lags = [item for item in self._lags if item.guid != changed.guid]
            self._lags.append(_Lag(kind, changed.guid, old, lag.reads, time.monotonic() + lag.seconds))

    def seen(self, kind: Kind, objects: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
        """The objects as a Get sees them now; counts as one read."""
        now = time.monotonic()
        with self._lock:
            self._lags = [item for item in self._lags if not item.expired(now)]
            lags = [item for item in self._lags if item.kind is kind]
            for item in lags:
                item.reads -= 1
        if not lags:
            return objects
        hidden = {item.guid for item in lags}
        kept = [item for item in objects if item.guid not in hidden]
        return tuple(sorted(kept + [lag.old for lag in lags if lag.old], key=lambda item: item.sequence))


class Visibility:
    """What Gets see: every write, but for those under a read-lag fault; without `faults` every one.

    Args:
        faults: those in force.
        lag: the fault under which this call is; its write stays hidden for a while.
    """

    def __init__(self, faults: Faults | None = None, lag: ReadLag | None = None) -> None:
        self._faults = faults
        self._lag = lag

    def seen(self, kind: Kind, objects: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
        """The objects as this Get sees them."""
        return self._faults.seen(kind, objects) if self._faults else objects

    def written(self, kind: Kind, before: StoredObject | None, after: StoredObject | None) -> None:
        """Take note of a write: New (`before` None), Set, or Remove (`after` None)."""
        if self._faults and self._lag:
            self._faults.hide(kind, before, after, self._lag)


def _matches(fault: Fault, cmdlet: str, identities: frozenset[str], page: int) -> bool:
    if isinstance(fault.action, BrokenPageLink) and page == 1:
        return False
    if fault.cmdlet == "*" and cmdlet == "token":
        return False
    if fault.identity is not None and fault.identity.casefold() not in identities:
        return False
    return fnmatch.fnmatchcase(cmdlet.lower(), fault.cmdlet.lower())
