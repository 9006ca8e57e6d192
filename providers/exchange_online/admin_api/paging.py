"""Follows a listing to its end. A part of a listing is never returned: missing rows would read as deleted objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange_online.admin_api.errors import AdminApiError, Failure, StalePage, Unavailable, UnexpectedAnswer
from exchange_online.admin_api.exchange import Call, Exchange, Received
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.wire import Request, same_origin

#: How often a listing whose page link went stale starts again.
RESTARTS = 2

Rows = tuple[Mapping[str, object], ...]


def rows_of(exchange: Exchange, request: Request, call: Call) -> tuple[Rows, tuple[str, ...], str]:
    """All rows of a listing, its warnings once each, and the request id of the last page.

    exchange: sends. request: of the first page. call: what is being done.
    Raises an AdminApiError when any page fails.
    Source: exchange-wire 8.1 (the same POST to `@odata.nextLink`, at once, with the same headers).
    """
    for _ in range(RESTARTS):
        try:
            return _all_pages(exchange, request, call)
        except StalePage:
            continue
    try:
        return _all_pages(exchange, request, call)
    except StalePage as stale:
        what = f"{stale.failure.what}, and so did those of {RESTARTS} new attempts"
        failed = Unavailable(replace(stale.failure, what=what, advice=Unavailable.usual_advice))
    raise failed from None


def _all_pages(exchange: Exchange, request: Request, call: Call) -> tuple[Rows, tuple[str, ...], str]:
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
            return tuple(rows), tuple(warnings), received.request_id
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
