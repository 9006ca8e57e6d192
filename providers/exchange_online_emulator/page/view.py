"""GET / and /<tenant>: the page. It runs nothing and fetches nothing, and what a connector says is text in it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exchange_online_emulator.cmdlets.connectors import default_settings
from exchange_online_emulator.cmdlets.listing import get
from exchange_online_emulator.control_token import admits
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.page import picture
from exchange_online_emulator.page.pairs import Pair, pairs
from exchange_online_emulator.page.picture import Protection, plain
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.storage import Call
from exchange_online_emulator.wire import LOST

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
#: Pairs that are drawn, and further ones that have a line; a page of thousands would open in no browser.
DRAWN, LISTED = 30, 500
#: Rows of calls and of transport rules; characters of a value; values of a list.
_ROWS, _CHARACTERS, _VALUES = 60, 300, 12
#: Calls that are looked at for the last run.
_CALLS = 2000
#: What ends a run. Between its calls the engine takes some seconds to start the next process.
PAUSE = timedelta(seconds=10)
_REFUSED = 400
#: Always shown, in this order; of all others what is not as in a connector of which nothing is set.
_TELLING: Mapping[Kind, tuple[str, ...]] = {
    Kind.INBOUND: (
        "Enabled",
        "ConnectorType",
        "SenderDomains",
        "RequireTls",
        "RestrictDomainsToCertificate",
        "TlsSenderCertificateName",
        "RestrictDomainsToIPAddresses",
        "SenderIPAddresses",
        "Comment",
    ),
    Kind.OUTBOUND: (
        "Enabled",
        "ConnectorType",
        "RecipientDomains",
        "TlsSettings",
        "TlsDomain",
        "UseMXRecord",
        "SmartHosts",
        "Comment",
    ),
}
_RULE = ("State", "Mode", "RouteMessageOutboundConnector", "RecipientDomainIs", "SenderDomainIs")


@dataclass(frozen=True)
class _Run:
    """The last calls between which there was no pause.

    Attributes:
        calls: oldest first.
        more: whether there may be earlier ones that were not looked at.
    """

    calls: tuple[Call, ...] = ()
    more: bool = False

    @property
    def began(self) -> datetime | None:
        return _came(self.calls[0]) if self.calls else None

    def count(self, *verbs: str) -> int:
        """The calls of these verbs that did something."""
        return sum(call.status < _REFUSED and call.cmdlet.lower().startswith(verbs) for call in self.calls)

    @property
    def refused(self) -> int:
        return sum(call.status >= _REFUSED for call in self.calls)

    def news(self, item: StoredObject) -> str:
        """What became of a connector since it began; empty where nothing did."""
        if self.began is None or item.changed < self.began:
            return ""
        return "new" if item.created >= self.began else "changed"


async def _tenant_page(request: Request) -> Response:
    """With `show` only the pairs that have these characters in a name or a domain."""
    emulator: Emulator = request.app.state.emulator
    if not admits(emulator.control_token, request.headers.get("authorization", "")):
        # A browser asks for a name, which nobody looks at, and the password.
        asks = {"WWW-Authenticate": 'Basic realm="Exchange Online emulator: its control token"'}
        return PlainTextResponse("This page wants the control token, as the password.", 401, asks)
    if not emulator.means_tenant(str(request.path_params.get("tenant", emulator.identity.tenant))):
        raise HTTPException(404)
    page = await run_in_threadpool(_page, emulator, plain(request.query_params.get("show", ""))[:_CHARACTERS])
    headers = {"Content-Security-Policy": _style()[1], "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(page, headers=headers)


#: Of several tenants at one address each further one has its page below its GUID.
ROUTES = [Route(path, _tenant_page, methods=["GET"]) for path in ("/", "/{tenant:uuid}")]


def _page(emulator: Emulator, wanted: str) -> str:
    every = pairs(emulator.store.objects(Kind.INBOUND), emulator.store.objects(Kind.OUTBOUND))
    shown = sorted((pair for pair in every if pair.is_about(wanted)), key=lambda pair: pair.changed, reverse=True)
    rules = get(emulator.tenant, Visibility(), Kind.TRANSPORT_RULE, {}).rows
    changed = emulator.tenant.switches.model_dump(exclude_defaults=True)
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            emulator=emulator,
            # The package's own.
            style=Markup(_style()[0]),  # noqa: S704
            wanted=wanted,
            every=every,
            protections=_protections(every),
            names={item.guid: item.name for pair in every for item in pair.connectors},
            shown=shown,
            drawn=shown[:DRAWN],
            listed=shown[DRAWN : DRAWN + LISTED],
            run=_last_run(emulator.store.calls(_CALLS)),
            rules=[item for item in rules if isinstance(item, StoredObject)],
            switches=[f"{name} = {value}" for name, value in changed.items()],
            faults=[f"{active.fault.action.kind} of {active.fault.cmdlet}" for active in emulator.faults.all()],
        )
    )


def _protections(every: Iterable[Pair]) -> Mapping[str, int]:
    """How many pairs there are of each colour, which is that of the worse direction."""
    found = {"pv": 0, "at": 0, "np": 0}
    for pair in every:
        codes = {picture.inbound(pair).code, picture.outbound(pair).code}
        found[next(code for code in ("at", "np", "pv") if code in codes)] += 1
    return found


def _last_run(calls: Sequence[Call]) -> _Run:
    first = 0
    for number, (before, now) in enumerate(itertools.pairwise(calls), start=1):
        if _came(now) - before.time > PAUSE:
            first = number
    return _Run(tuple(calls[first:]), more=first == 0 and len(calls) == _CALLS)


def _came(call: Call) -> datetime:
    return call.started or call.time


def _settings(item: StoredObject) -> list[tuple[str, str]]:
    """Name and value of what a person looks for, and of all that is unusual."""
    telling = _TELLING[item.kind]
    usual = default_settings(item.kind)
    unusual = [name for name, value in item.settings.items() if name not in telling and value != usual.get(name)]
    return [(name, _value(item.settings.get(name))) for name in (*telling, *unusual)]


def _value(value: object) -> str:
    if isinstance(value, (tuple, list)):
        rest = f" and {len(value) - _VALUES} more" if len(value) > _VALUES else ""
        return _cut(", ".join(map(str, value[:_VALUES]))) + rest
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS else f"{text[:_CHARACTERS]}\u2026"


def _about(call: Call, names: Mapping[str, str]) -> str:
    """What a call was about: the name that it gave, or that the Guid has which it asked for."""
    asked = _value(call.parameters.get("Identity") or call.parameters.get("Name"))
    return names.get(asked.lower(), asked)


def _sent(call: Call) -> str:
    about = "Identity" if call.parameters.get("Identity") else "Name"
    told = (f"{name} = {_value(value) or 'empty'}" for name, value in call.parameters.items() if name != about)
    return _cut(", ".join(told))


def _humps(name: str) -> Markup:
    """A parameter's name that may be broken before its words, and not within."""
    return Markup("<wbr>").join(re.findall(r"[A-Z]*[^A-Z]+|[A-Z]+", plain(name)))


def _answer(call: Call) -> str:
    answer = "connection reset" if call.status == LOST else str(call.status)
    return answer + (f" (fault {call.fault})" if call.fault else f" ({call.note})" if call.note else "")


@cache
def _style() -> tuple[str, str]:
    """The style sheet, and the policy by which it and nothing else counts."""
    texts = [(_TEMPLATES / f"{name}.css").read_text(encoding="utf-8") for name in ("flow", "page", "emulator")]
    style = "".join(texts).strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    own = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    return style, f"default-src 'none'; style-src 'sha256-{digest}'; {own}"


@cache
def _environment() -> Environment:
    # Here, so that a start of the emulator, for which `make up` waits, does not wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {
        "inbound": picture.inbound,
        "outbound": picture.outbound,
        "flow": picture.flow,
        "settings": _settings,
        "value": _value,
        "about": _about,
        "humps": _humps,
        "sent": _sent,
        "answer": _answer,
        "rule_properties": _RULE,
        "protections_of": Protection,
        "rows": _ROWS,
        "pause": int(PAUSE.total_seconds()),
        "refused": _REFUSED,
        # What the drawing's template asks for: this one goes to no paper but by a browser.
        "paper": False,
        "brief": False,
    }
    return found


def _shown(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
