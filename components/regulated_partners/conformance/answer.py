"""What came back of a call, as it is looked at and as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from exchange_online.admin_api import (
    AccessDenied,
    AdminApiError,
    JsonValue,
    LimitReached,
    NotCustomizable,
    RestrictedOffering,
    classify,
    json_object,
)
from regulated_partners.conformance.experiment import UndecidedError

_REFUSED = range(400, 500)
#: Refusals that say nothing of a value: who calls, how often.
_NOT_OF_A_VALUE = (401, 403, 408, 429)
_LATER, _FAILED, _FORBIDDEN = (408, 429), 500, 403

#: Why a tenant refuses a write whatever its values are.
_WHATEVER_IS_SENT = (AccessDenied, LimitReached, NotCustomizable, RestrictedOffering)


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        headers: names in lower case.
        content: the body, its encoding undone.
        where: what was done, for error texts.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    where: str = "The call"

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.exception_type}".rstrip()

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object; an empty one where it is none."""
        return json_object(self.content)

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """The rows, with the types that stand beside their values."""
        value = self.document.get("value")
        return tuple(row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the service wants to be read."""
        value = self.document.get("@adminapi.warnings")
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    @property
    def next_link(self) -> str:
        """The link to the next page; empty on the last."""
        return str(self.document.get("@odata.nextLink") or "")

    @property
    def accepted(self) -> bool:
        """Whether the call did what was asked."""
        return 200 <= self.status < 300 and not self.document.get("@adminapi.errors")

    @property
    def refused(self) -> bool:
        """Whether the service refused what was sent, and not who sent it, or the time."""
        return self.status in _REFUSED and self.status not in _NOT_OF_A_VALUE

    @property
    def is_late(self) -> bool:
        """Whether the service failed, or asked for fewer calls, which says nothing of what was sent."""
        return self.status in _LATER or self.status >= _FAILED

    @cached_property
    def error(self) -> AdminApiError | None:
        """What the refusal means; None where it is none."""
        return None if self.accepted else classify(self.status, self.headers, self.content, where=self.where)

    @property
    def exception_type(self) -> str:
        """The .NET type that the service named; empty where it named none."""
        return self.error.failure.exception_type if self.error else ""

    @property
    def text(self) -> str:
        """The service's words of a refusal."""
        return self.error.failure.service_words if self.error else ""


@dataclass(frozen=True)
class Sent:
    """One call and its answer, for the report.

    Attributes:
        parameters: None where something else than a cmdlet was asked for.
        note: what was unusual about the request.
    """

    cmdlet: str
    parameters: Mapping[str, JsonValue] | None
    answer: Answer
    note: str = ""

    @property
    def tells_nothing(self) -> bool:
        """Whether the answer is about the time, or about who may call what."""
        return self.answer.is_late or self.answer.status == _FORBIDDEN


def was_refused(answer: Answer) -> bool:
    """Whether the service refused what was sent, and did not take it.

    Raises:
        UndecidedError: where the answer is about the tenant, the caller or the time.
    """
    if answer.accepted:
        return False
    if not answer.refused or isinstance(answer.error, _WHATEVER_IS_SENT):
        raise UndecidedError(f"the answer has another cause: {answer} {answer.text}".rstrip())
    return True


def in_words(answer: Answer) -> str:
    """Why a write that should be taken was not."""
    return answer.error.failure.what if answer.error else f"HTTP {answer.status} without a row"
