"""One request and its answer: token, turn, retries, and the typed error when it is refused; a listing to its end.

A part of a listing is never returned: missing rows would read as deleted objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exchange_online.admin_api.bodies import Body
from exchange_online.admin_api.classification import classify, classify_reported
from exchange_online.admin_api.credentials import AccessToken
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    Failure,
    NotAuthenticated,
    Repeat,
    StalePage,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.token_claims import explain
from exchange_online.admin_api.waiting import Effect, RetryPolicy
from exchange_online.admin_api.window import Turn, Window
from exchange_online.admin_api.wire import Page, Request, UnreadableError, claims_challenge, read_page, same_origin
from exchange_online.engine_watch import run_is_over

if TYPE_CHECKING:
    from exchange_online.admin_api.tokens import TokenSource
    from exchange_online.admin_api.transport import HttpAnswer, Transport


#: How often a listing whose page link went stale starts again.
RESTARTS = 2

#: New tokens for one call at the most.
_RENEWALS = 2

_REFUSED, _NOT_AUTHENTICATED, _SERVER_ERRORS = 400, 401, 500


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
        objects: what it writes, by names and Guids in one case; empty for a read.
        read_timeout: seconds, when the cmdlet takes longer than others.
    """

    cmdlet: str
    effect: Effect
    where: str
    objects: frozenset[str] = frozenset()
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
    window: Window

    def send(self, request: Request, call: Call) -> Received:
        """The page that answers a request. Raises an AdminApiError."""
        turn = self.window.turn(call.where, call.objects)
        return self.retry.run(
            call.effect, lambda: self._try(request, call, turn), lambda seconds: turn.rest(seconds, self.retry.sleep)
        )

    def observe(self, request: Request, call: Call, token: AccessToken | None = None) -> HttpAnswer:
        """The answer to a request as it came, a refusal too, once the service neither throttles nor fails for now.

        Args:
            token: instead of the connection's own; it is never renewed.

        Raises:
            AdminApiError: where there is no answer, and where the connection's own token is not accepted.
        """
        turn = self.window.turn(call.where, call.objects)

        def once() -> HttpAnswer:
            with turn.place() as place:
                answer = self._post(request, token or self.tokens.token(), call)
                place.answered = answer.status < _SERVER_ERRORS
                if answer.status >= _REFUSED:
                    self._pass_over(self._classified(answer, request, call), own_token=token is None)
                return answer

        return self.retry.run(call.effect, once, lambda seconds: turn.rest(seconds, self.retry.sleep))

    @staticmethod
    def _pass_over(error: AdminApiError, *, own_token: bool) -> None:
        """Raises what is no answer of the cmdlet: a service that is busy or away, a token that ended meanwhile."""
        # A plain 500 may be what the service always says to such a call.
        passes = error.failure.repeat is not Repeat.NEVER and error.failure.status != _SERVER_ERRORS
        named = error.failure.repeat in (Repeat.IDEMPOTENT, Repeat.ANY)
        if isinstance(error, Throttled | Unavailable) and (passes or named):
            raise error
        if own_token and isinstance(error, NotAuthenticated):
            raise error

    def _try(self, request: Request, call: Call, turn: Turn) -> Received:
        """One try. It is none to be throttled while other calls of ours are on the way: they may be the cause."""
        while True:
            try:
                return self._attempt(request, call, turn)
            except Throttled as error:
                asked = error.failure.retry_after or 0.0
                if turn.is_shut_out(self.retry.tries):
                    what = f"{error.failure.what}, and did so {self.retry.tries} times in a row, one call at a time"
                    failure = replace(error.failure, what=what, repeat=Repeat.NEVER)
                elif turn.in_company and asked <= self.retry.longest_wait:
                    # Without a time to wait, that until there is a place in the narrower window is enough.
                    if asked:
                        turn.rest(asked, self.retry.sleep)
                    continue
                else:
                    failure = error.failure
            raise Throttled(failure)

    def _attempt(self, request: Request, call: Call, turn: Turn) -> Received:
        token = self.tokens.token()
        challenges: list[str | None] = []
        while True:
            with turn.place() as place:
                answer = self._post(request, token, call)
                place.answered = answer.status < _SERVER_ERRORS
                if answer.status != _NOT_AUTHENTICATED:
                    return self._judged(answer, token, request, call)
            challenge = claims_challenge(answer.headers)
            if not self._may_renew(challenge, challenges):
                raise self._refusal(answer, token, request, call)
            challenges.append(challenge)
            token = self.tokens.token(challenge, refused=token)

    @staticmethod
    def _may_renew(challenge: str | None, answered: list[str | None]) -> bool:
        """One new token; and one more where the first one meets a challenge that another thread's token answered."""
        return not answered or (len(answered) < _RENEWALS and challenge is not None and challenge not in answered)

    def _post(self, request: Request, token: AccessToken, call: Call) -> HttpAnswer:
        if call.effect is not Effect.READ and run_is_over():
            what = "the run was ended before this was sent"
            raise Unavailable(Failure(where=call.where, what=what, advice="Run it again."))
        return self.transport.post(request, token, where=call.where, read_timeout=call.read_timeout)

    def _judged(self, answer: HttpAnswer, token: AccessToken, request: Request, call: Call) -> Received:
        if 200 <= answer.status < 300:
            return self._read(answer, request, call)
        raise self._refusal(answer, token, request, call)

    def _read(self, answer: HttpAnswer, request: Request, call: Call) -> Received:
        request_id = clean(answer.headers.get("request-id", ""))
        try:
            page = _page(answer.body)
        except UnreadableError as problem:
            # The cmdlet may well have run: for a create the outcome is open.
            failure = Failure(
                where=call.where,
                what=f"the answer is not one of the admin API: {problem}",
                status=answer.status,
                request_id=request_id,
                client_request_id=request.client_request_id,
                # What was cut on its way may arrive whole the next time.
                repeat=Repeat.IDEMPOTENT if answer.body.is_cut_short else Repeat.NEVER,
                outcome_known=False,
            )
        else:
            if not page.errors:
                return Received(page, request_id)
            raise classify_reported(
                page.errors, where=call.where, request_id=request_id, client_request_id=request.client_request_id
            )
        raise (Unavailable if answer.body.is_cut_short else UnexpectedAnswer)(failure) from None

    @staticmethod
    def _classified(answer: HttpAnswer, request: Request, call: Call) -> AdminApiError:
        return classify(
            answer.status,
            answer.headers,
            answer.body.content,
            where=call.where,
            client_request_id=request.client_request_id,
        )

    def _refusal(self, answer: HttpAnswer, token: AccessToken, request: Request, call: Call) -> AdminApiError:
        error = self._classified(answer, request, call)
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


def _page(body: Body) -> Page:
    if body.flaw:
        raise UnreadableError(body.flaw)
    return read_page(body.content)


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
