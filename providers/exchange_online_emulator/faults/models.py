"""The faults a test can ask for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CONCURRENCY_TEXT = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"


class _Action(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Action):
    """Answer with a status.

    `retry_after` is the header's text as it stands ("2.5", "86400", "soon"), None for no header; `text` a plain-text
    body, None for a JSON one; `after_write` does the cmdlet first, so that the caller cannot know.
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


class ConnectionReset(_Action):
    """Break the connection: before the cmdlet, or after it so that the answer is lost.

    `midway` with `after_write`: status and headers arrive, and half of the body.
    """

    kind: Literal["reset"] = "reset"
    after_write: bool = False
    midway: bool = False


class Delay(_Action):
    """Do the cmdlet, then answer late."""

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

    `cmdlet` is a pattern in any case ("New-*"); "token" means the token endpoint, where Status, Throttled,
    ConnectionReset and Delay act. `identity`, when given, must be the name or GUID of the call's object in any case.
    The fault acts from the `nth` matching call (1 is the next one) for `count` calls (None: until it is cleared).
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
