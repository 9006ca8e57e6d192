"""Rules about long listings: pages, the links to the next one, the warning that there is more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from exchange_online.admin_api import JsonValue
from exchange_online.connectors import Direction
from regulated_partners.conformance.experiment import (
    Experiment,
    Reading,
    UndecidedError,
    by_switch,
    held,
    held_if,
    otherwise,
)
from regulated_partners.conformance.workbench import Workbench

_OUT = Direction.OUTBOUND
_LIST = f"Get-{_OUT}"


_PAGE = re.compile(r"more results available", re.IGNORECASE)


def _paging(bench: Workbench) -> Reading:
    bench.crowd()
    everything: Mapping[str, JsonValue] = {"ResultSize": "Unlimited"}
    one = bench.call(_LIST, everything, Prefer="odata.maxpagesize=1")
    if len(one.rows) != 1 or not one.next_link:
        return otherwise(f"asked for pages of 1: {len(one.rows)} rows, {'a' if one.next_link else 'no'} next link")
    full = bench.call(_LIST, everything)
    if not full.next_link:
        return held("pages of 1 where that is asked for; too few connectors to see the largest")
    return by_switch(f"pages of 1 where that is asked for; of {len(full.rows)}", "max_page_size", len(full.rows), True)


def _page_tokens(bench: Workbench) -> Reading:
    bench.crowd()
    everything: Mapping[str, JsonValue] = {"ResultSize": "Unlimited"}
    first = bench.call(_LIST, everything, Prefer="odata.maxpagesize=1")
    if not first.next_link:
        raise UndecidedError("no next link was given")
    request = bench.api.request(_LIST, everything)
    headers = {**request.headers, "Prefer": "odata.maxpagesize=1"}
    follow = replace(request, url=first.next_link, headers=headers)
    second = bench.send(follow, _LIST, everything, note="at the next link")
    if not second.accepted:
        if "pagination request" not in second.text.lower():
            return otherwise(f"the next link answers {second}")
        return by_switch("the next link has expired at once", "page_token_lifetime_seconds", 0, True)
    differs = [row.get("Guid") for row in second.rows] != [row.get("Guid") for row in first.rows]
    other = replace(follow, body=bench.api.request(_LIST, {"ResultSize": "500"}).body)
    foreign = bench.send(other, _LIST, {"ResultSize": "500"}, note="at the next link, with another body")
    said = f"the next page has {'other' if differs else 'the same'} rows; with another body {foreign}"
    if not differs or not foreign.refused:
        return otherwise(said)
    return held(said)


def _links(bench: Workbench) -> Reading:
    bench.crowd()
    page = bench.call(_LIST, {"ResultSize": "Unlimited"}, Prefer="odata.maxpagesize=1")
    links = {"next link": page.next_link, "context": str(page.document.get("@odata.context") or "")}
    asked = _origin(bench.api.request(_LIST, {}).url)
    elsewhere = [what for what, link in links.items() if _origin(link) != asked]
    return held_if(not elsewhere, "they lead where was asked", f"not there, or missing: {', '.join(elsewhere)}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _truncation(bench: Workbench) -> Reading:
    bench.crowd()
    page = bench.call(_LIST, {"ResultSize": "Unlimited"}, Prefer="odata.maxpagesize=1")
    if not page.next_link:
        raise UndecidedError("the page that was asked for leaves nothing out")
    warned = any(_PAGE.search(warning) for warning in page.warnings)
    return held_if(warned, "a page that leaves rows out warns", "no warning")


def _result_size(bench: Workbench) -> Reading:
    bench.crowd()
    answer = bench.call(_LIST, {"ResultSize": 1})
    if not answer.accepted:
        return otherwise(str(answer))
    cuts = len(answer.rows) == 1
    said = "ResultSize 1 gives one row" if cuts else "ResultSize 1 gives more rows than one"
    return by_switch(said, "result_size", "cuts" if cuts else "ignored", None if cuts else True)


_NEEDS = (_OUT,)

PAGING_RULES: tuple[Experiment, ...] = (
    Experiment(
        "paging",
        "Get- of all with Prefer odata.maxpagesize 1, and 1000",
        "one row and a next link; a full page",
        _paging,
        ("max_page_size",),
        _NEEDS,
    ),
    Experiment(
        "page-tokens",
        "the next link at once with the same body, and with another",
        "the next row; refused (HTTP 4xx)",
        _page_tokens,
        ("page_token_lifetime_seconds",),
        _NEEDS,
    ),
    Experiment(
        "links",
        "the next link and the context of a page",
        "both have the host that was asked",
        _links,
        needs=_NEEDS,
    ),
    Experiment(
        "truncation-warning",
        "Get- with Prefer odata.maxpagesize 1",
        "a warning that there are more",
        _truncation,
        needs=_NEEDS,
    ),
    Experiment("result-size", "Get- with ResultSize 1", "one row", _result_size, ("result_size",), _NEEDS),
)
