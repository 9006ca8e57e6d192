"""The application that serves every path of the emulator; its log of requests; its page, for a person who looks."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Host, Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange_online_emulator.admin_api.batch import ROUTES as BATCH
from exchange_online_emulator.admin_api.views import ROUTES as ADMIN_API
from exchange_online_emulator.cmdlets.listing import get
from exchange_online_emulator.control_api.views import ROUTES as CONTROL
from exchange_online_emulator.control_token import admits
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, SettingValue, StoredObject
from exchange_online_emulator.names import ADMIN_HOSTS, LOGIN_HOST, allowed_hosts
from exchange_online_emulator.rules import documented
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.storage import Call
from exchange_online_emulator.tokens.views import ENTRA, OTHERS
from exchange_online_emulator.wire import LOST

logger = logging.getLogger("emulator.access")


class AccessLog:
    """Middleware that logs method, path, cmdlet, status, milliseconds and client-request-id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), "reset"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # The answer was given by the error handler; its text may hold what a caller sent.
            logger.error("unexpected %s: %s", type(error).__name__, _where(error))  # noqa: TRY400
            status = "500"
            raise
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            identifier = dict(scope["headers"]).get(b"client-request-id", b"-").decode("latin-1")
            line = (scope["method"], scope["path"], scope.get("state", {}).get("cmdlet", "-"), status, milliseconds)
            text = "%s %s %s %s %.0fms %s"
            logger.info(text, *(_printable(item) if isinstance(item, str) else item for item in (*line, identifier)))


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def application(emulator: Emulator) -> Starlette:
    """The ASGI application of one emulator."""
    app = Starlette(
        routes=[*_under_service_names(), Route("/", tenant_page, methods=["GET"]), *CONTROL, *_SERVICE, *OTHERS],
        middleware=[
            Middleware(AccessLog),
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(emulator.names), www_redirect=False),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )
    app.state.emulator = emulator
    return app


_SERVICE = (*ADMIN_API, *BATCH, *ENTRA)


@documented(
    "service-names",
    "under outlook.office365.com and outlook.office.com is the admin API alone, under login.microsoftonline.com what "
    "gives tokens alone, and under neither the control API (with --as-service; under any other name is all of it)",
    "exchange-wire 3.1 and 3.2 (hosts)",
)
def _under_service_names() -> list[Host]:
    admin_api = Router([*ADMIN_API, *BATCH])
    return [*(Host(name, admin_api) for name in ADMIN_HOSTS), Host(LOGIN_HOST, Router(list(ENTRA)))]


_HTTP_ERRORS = {
    404: ("NotFound", "Resource not found."),
    405: ("MethodNotAllowed", "The HTTP method is not allowed on this resource."),
}


async def _http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if not isinstance(error, HTTPException):
        raise error
    code, text = _HTTP_ERRORS.get(error.status_code, ("BadRequest", "Refused."))
    return JSONResponse({"error": {"code": code, "message": text}}, error.status_code, error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    text = "A server side error has occurred because of which the operation could not be completed."
    return JSONResponse({"error": {"code": "InternalServerError", "message": text}}, 500)


_CALLS_SHOWN = 25
_REFUSED = 400
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 100rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; opacity: .8; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid #8884; }
th { font-weight: 600; } td { min-width: 4rem; max-width: 32rem; overflow-wrap: normal; }
td:first-child { min-width: 11rem; } th { vertical-align: bottom; }
.off td { opacity: .55; } .bad { color: #c33; font-weight: 600; }
"""


async def tenant_page(request: Request) -> Response:
    """GET /."""
    emulator: Emulator = request.app.state.emulator
    if not admits(emulator.control_token, request.headers.get("authorization", "")):
        # A browser asks for a name, which nobody looks at, and the password.
        asks = {"WWW-Authenticate": 'Basic realm="Exchange Online emulator: its control token"'}
        return PlainTextResponse("This page wants the control token, as the password.", 401, asks)
    page = await run_in_threadpool(_page, emulator)
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}
    return HTMLResponse(page, headers=headers)


def _page(emulator: Emulator) -> str:
    # ElementTree escapes every text that is put into it.
    page = Element("html", {"lang": "en"})
    head, body = SubElement(page, "head"), SubElement(page, "body")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width"})
    SubElement(head, "title").text = "Exchange Online emulator"
    SubElement(head, "style").text = _STYLE
    SubElement(body, "h1").text = "Exchange Online on your machine"
    identity = emulator.identity
    SubElement(body, "p").text = f"Tenant {identity.initial_domain} ({identity.tenant}) at {emulator.url}"
    changed = emulator.tenant.switches.model_dump(exclude_defaults=True)
    if changed:
        texts = ", ".join(f"{name} = {value}" for name, value in changed.items())
        SubElement(body, "p").text = f"Switches: {texts}"
    _connectors(body, "Inbound connectors", emulator.store.objects(Kind.INBOUND), _INBOUND)
    _connectors(body, "Outbound connectors", emulator.store.objects(Kind.OUTBOUND), _OUTBOUND)
    _rules(body, emulator)
    _calls(body, emulator.store.calls(_CALLS_SHOWN))
    return "<!DOCTYPE html>\n" + tostring(page, encoding="unicode", method="html")


_INBOUND = {
    "Senders": "SenderDomains",
    "TLS required": "RequireTls",
    "Restricted to certificate": "RestrictDomainsToCertificate",
    "Certificate name": "TlsSenderCertificateName",
    "Restricted to addresses": "RestrictDomainsToIPAddresses",
    "Addresses": "SenderIPAddresses",
}
_OUTBOUND = {
    "Recipients": "RecipientDomains",
    "TLS": "TlsSettings",
    "Certificate name": "TlsDomain",
    "By MX record": "UseMXRecord",
    "Smart hosts": "SmartHosts",
    "By rule only": "IsTransportRuleScoped",
    "Test mode": "TestMode",
}
_UNSET = {"TlsSettings": "opportunistic"}


def _connectors(body: Element, title: str, items: Sequence[StoredObject], columns: dict[str, str]) -> None:
    header = ["Name", "Type", "Enabled", *columns, "Comment", "Changed (UTC)"]
    table = _table(body, f"{title} ({len(items)})", header, empty=not items)
    for item in items:
        shown = ["ConnectorType", "Enabled", *columns.values(), "Comment"]
        texts = [_text(item.settings.get(name), _UNSET.get(name, "")) for name in shown]
        cells = [item.name, *texts, f"{item.changed:%Y-%m-%d %H:%M:%S}"]
        _row(table, cells, style=None if item.flag("Enabled") else "off")


def _rules(body: Element, emulator: Emulator) -> None:
    found = get(emulator.tenant, Visibility(), Kind.TRANSPORT_RULE, {}).rows
    rules = [item for item in found if isinstance(item, StoredObject)]
    header = ["Name", "State", "Mode", "Routed through", "Recipient domains", "Sender domains"]
    table = _table(body, f"Transport rules ({len(rules)})", header, empty=not rules)
    names = ("State", "Mode", "RouteMessageOutboundConnector", "RecipientDomainIs", "SenderDomainIs")
    for item in rules:
        _row(table, [item.name, *(_text(item.settings.get(name)) for name in names)])


def _calls(body: Element, calls: list[Call]) -> None:
    header = ["Time (UTC)", "Cmdlet", "Answer", "Parameters"]
    table = _table(body, f"Last calls ({len(calls)})", header, empty=not calls)
    for call in reversed(calls):
        parameters = ", ".join(f"{name} = {value}" for name, value in call.parameters.items())
        answer = "connection reset" if call.status == LOST else str(call.status)
        fault = f" (fault {call.fault})" if call.fault else f" ({call.note})" if call.note else ""
        row = _row(table, [f"{call.time:%H:%M:%S}", call.cmdlet, answer + fault, parameters])
        if call.status >= _REFUSED:
            row[2].set("class", "bad")


def _table(body: Element, title: str, header: Iterable[str], *, empty: bool) -> Element:
    SubElement(body, "h2").text = title
    if empty:
        SubElement(body, "p").text = "None."
        return Element("tbody")
    table = SubElement(SubElement(body, "div", {"class": "wide"}), "table")
    top = SubElement(SubElement(table, "thead"), "tr")
    for name in header:
        SubElement(top, "th", {"scope": "col"}).text = name
    return SubElement(table, "tbody")


def _row(table: Element, cells: Iterable[str], style: str | None = None) -> Element:
    row = SubElement(table, "tr", {"class": style} if style else {})
    for cell in cells:
        SubElement(row, "td").text = "".join(letter if letter.isprintable() else "\ufffd" for letter in cell)
    return row


def _text(value: SettingValue, unset: str = "") -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return unset if value is None else str(value)
