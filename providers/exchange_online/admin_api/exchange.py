"""One request and its answer: token, gate, retries, and the typed error when it is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from exchange_online.admin_api.bearer import AccessToken
from exchange_online.admin_api.classification import classify, classify_reported
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    Failure,
    NotAuthenticated,
    UnexpectedAnswer,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.token_claims import explain
from exchange_online.admin_api.waiting import Effect, Gates, RetryPolicy
from exchange_online.admin_api.wire import Page, Request, UnreadableError, claims_challenge, read_page

if TYPE_CHECKING:
    from exchange_online.admin_api.tokens import TokenSource
    from exchange_online.admin_api.transport import HttpAnswer, Transport


#: New tokens for one call at the most.
_RENEWALS = 2


@dataclass(frozen=True)
class Call:
    """What is being done.

    cmdlet: for example `Set-OutboundConnector`. effect: what sending it twice does.
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


class Exchange:
    """Sends requests to one tenant; thread-safe.

    connection: cloud, tenant GUID and credential. transport, tokens, retry, gates: the parts that it puts together.
    """

    def __init__(
        self, connection: Connection, transport: Transport, tokens: TokenSource, retry: RetryPolicy, gates: Gates
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._tokens = tokens
        self._retry = retry
        self._gates = gates

    def send(self, request: Request, call: Call) -> Received:
        """The page that answers a request. Raises an AdminApiError."""
        return self._retry.run(call.effect, lambda: self._attempt(request, call))

    def _attempt(self, request: Request, call: Call) -> Received:
        token = self._tokens.token()
        answer = self._post(request, token, call)
        challenges: list[str | None] = []
        while answer.status == 401 and self._may_renew(challenge := claims_challenge(answer.headers), challenges):
            challenges.append(challenge)
            token = self._tokens.token(challenge, refused=token)
            answer = self._post(request, token, call)
        if 200 <= answer.status < 300:
            return self._read(answer, request, call)
        raise self._refusal(answer, token, request, call)

    @staticmethod
    def _may_renew(challenge: str | None, answered: list[str | None]) -> bool:
        """One new token; and one more where the first one meets a challenge that another thread's token answered."""
        return not answered or (len(answered) < _RENEWALS and challenge is not None and challenge not in answered)

    def _post(self, request: Request, token: AccessToken, call: Call) -> HttpAnswer:
        with self._gates.through(call.effect):
            return self._transport.post(request, token, where=call.where, read_timeout=call.read_timeout)

    def _read(self, answer: HttpAnswer, request: Request, call: Call) -> Received:
        request_id = clean(answer.headers.get("request-id", ""))
        try:
            page = read_page(answer.body)
        except UnreadableError as problem:
            # The cmdlet may well have run: for a create the outcome is open.
            failure = Failure(
                where=call.where,
                what=f"the answer is not one of the admin API: {problem}",
                advice=UnexpectedAnswer.usual_advice,
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
            answer.status,
            answer.headers,
            answer.body,
            where=call.where,
            client_request_id=request.client_request_id,
        )
        if not isinstance(error, (NotAuthenticated, AccessDenied)):
            return error
        # What the service said in words is better than what the token lets one guess.
        if error.failure.advice != error.usual_advice:
            return error
        why = explain(token, self._connection, call.cmdlet)
        if not why.text or (why.holds_roles and isinstance(error, NotAuthenticated)):
            return error
        kind = AccessDenied if why.lacks_role else type(error)
        what = "the application may not do this" if why.lacks_role else error.failure.what
        return kind(replace(error.failure, what=what, advice=why.text))
