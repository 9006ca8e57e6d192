"""One request and its answer: token, gate, retries, and the typed error when it is refused; a listing to its end.

A part of a listing is never returned: missing rows would read as deleted objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exchange_online.admin_api.classification import classify, classify_reported
from exchange_online.admin_api.credentials import AccessToken
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    Failure,
    NotAuthenticated,
    StalePage,
    Unavailable,
    UnexpectedAnswer,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.token_claims import explain
from exchange_online.admin_api.waiting import Effect, Gates, RetryPolicy
from exchange_online.admin_api.wire import Page, Request, UnreadableError, claims_challenge, read_page, same_origin
from exchange_online.engine_watch import run_is_over

if TYPE_CHECKING:
    from exchange_online.admin_api.tokens import TokenSource
    from exchange_online.admin_api.transport import HttpAnswer, Transport


#: How often a listing whose page link went stale starts again.
RESTARTS = 2

#: New tokens for one call at the most.
_RENEWALS = 2


@dataclass(frozen=True)
class Answer:
    """What a cmdlet gave.

    Attributes:
        rows: its objects, by property name, without OData annotations; a listing holds all of them.
        warnings: what the service wants the administrator to read.
        request_id: the service's id of the (last) request.
    """

    rows: tuple[Mapping[str, object], ...]
    warnings: tuple[str, ...]
    request_id: str


@dataclass(frozen=True)
class Call:
    """What is being done.

    Attributes:
        cmdlet: for example `Set-OutboundConnector`.
        effect: what sending it twice does.
        where: the same for error texts, with the object and the tenant.
        read_timeout: seconds, when the cmdlet takes longer than others.
    """

    cmdlet: str
    effect: Effect
    where: str
    read_timeout: float | None = None


@dataclass(frozen=True)
class Received:
    """A page, and the service's request id for it."""

    page: Page
    request_id: str


@dataclass(frozen=True)
class Exchange:
    """Sends requests to one tenant, which the connection names by its GUID; thread-safe.

    Attributes:
        is_over: whether nothing further may be written, because nobody waits for the outcome.
    """

    connection: Connection
    transport: Transport
    tokens: TokenSource
    retry: RetryPolicy
    gates: Gates
    is_over: Callable[[], bool] = run_is_over

    def send(self, request: Request, call: Call) -> Received:
        """The page that answers a request. Raises an AdminApiError."""
        return self.retry.run(call.effect, lambda: self._attempt(request, call))

    def _attempt(self, request: Request, call: Call) -> Received:
        token = self.tokens.token()
        answer = self._post(request, token, call)
        challenges: list[str | None] = []
        while answer.status == 401 and self._may_renew(challenge := claims_challenge(answer.headers), challenges):
            challenges.append(challenge)
            token = self.tokens.token(challenge, refused=token)
            answer = self._post(request, token, call)
        if 200 <= answer.status < 300:
            return self._read(answer, request, call)
        raise self._refusal(answer, token, request, call)

    @staticmethod
    def _may_renew(challenge: str | None, answered: list[str | None]) -> bool:
        """One new token; and one more where the first one meets a challenge that another thread's token answered."""
        return not answered or (len(answered) < _RENEWALS and challenge is not None and challenge not in answered)

    def _post(self, request: Request, token: AccessToken, call: Call) -> HttpAnswer:
        with self.gates.through(call.effect):
            if call.effect is not Effect.READ and self.is_over():
                what = "the run was ended before this was sent"
                raise Unavailable(Failure(where=call.where, what=what, advice="Run it again."))
            return self.transport.post(request, token, where=call.where, read_timeout=call.read_timeout)

    def _read(self, answer: HttpAnswer, request: Request, call: Call) -> Received:
        request_id = clean(answer.headers.get("request-id", ""))
        try:
            page = read_page(answer.body)
        except UnreadableError as problem:
            # The cmdlet may well have run: for a create the outcome is open.
            failure = Failure(
                where=call.where,
                what=f"the answer is not one of the admin API: {problem}",
                status=answer.status,
                request_id=request_id,
                client_request_id=request.client_request_id,
                outcome_known=False,
            )
        else:
            if not page.errors:
                return Received(page, request_id)
            raise classify_reported(
                page.errors, where=call.where, request_id=request_id, client_request_id=request.client_request_id
            )
        raise UnexpectedAnswer(failure) from None

    def _refusal(self, answer: HttpAnswer, token: AccessToken, request: Request, call: Call) -> AdminApiError:
        error = classify(
            answer.status, answer.headers, answer.body, where=call.where, client_request_id=request.client_request_id
        )
        if not isinstance(error, (NotAuthenticated, AccessDenied)):
            return error
        # What the service said in words is better than what the token lets one guess.
        if error.failure.advice != error.usual_advice:
            return error
        why = explain(token, self.connection, call.cmdlet)
        if not why.text or (why.holds_roles and isinstance(error, NotAuthenticated)):
            return error
        kind = AccessDenied if why.lacks_role else type(error)
        what = "the application may not do this" if why.lacks_role else error.failure.what
        return kind(replace(error.failure, what=what, advice=why.text))


def rows_of(exchange: Exchange, request: Request, call: Call) -> Answer:
    """All rows of a listing, its warnings once each, and the request id of the last page.

    Source: exchange-wire 8.1 (the same POST to `@odata.nextLink`, at once, with the same headers).

    Raises:
        AdminApiError: when any page fails.
    """
    for _ in range(1 + RESTARTS):
        try:
            return _all_pages(exchange, request, call)
        except StalePage as stale:
            failure = stale.failure
    raise Unavailable(replace(failure, what=f"{failure.what}, and so did those of {RESTARTS} new attempts"))


def _all_pages(exchange: Exchange, request: Request, call: Call) -> Answer:
    rows: list[Mapping[str, object]] = []
    warnings: dict[str, None] = {}
    seen = {request.url}
    page_request = request
    while True:
        received = exchange.send(page_request, call)
        page = received.page
        if page.is_cut_short:
            raise _unusable(received, call, "the service left rows out and gave no link to them")
        rows += page.rows
        warnings |= dict.fromkeys(page.warnings)
        if not page.next_link:
            return Answer(tuple(rows), tuple(warnings), received.request_id)
        if not same_origin(page.next_link, request.url):
            raise _unusable(received, call, f"the next page is at another host ({clean(page.next_link.split('?')[0])})")
        if page.next_link in seen:
            raise _unusable(received, call, "the link to the next page leads to a page that was read already")
        seen.add(page.next_link)
        page_request = replace(request, url=page.next_link)


def _unusable(received: Received, call: Call, what: str) -> AdminApiError:
    return UnexpectedAnswer(
        Failure(
            where=call.where,
            what=f"the listing is incomplete: {what}",
            advice="Nothing was concluded from it. Run it again; with the request id Microsoft support can find it.",
            request_id=received.request_id,
        )
    )
