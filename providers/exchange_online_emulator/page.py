"""The page at `/`: the tenant's connectors, for a person who looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from exchange_online_emulator.cmdlets.listing import get
from exchange_online_emulator.cmdlets.parameters import bind, find_cmdlet
from exchange_online_emulator.faults import Visibility
from exchange_online_emulator.models import Kind, SettingValue, StoredObject
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.storage import Call, recorded
from exchange_online_emulator.wire import LOST

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
    _calls(body, recorded(emulator.store, _CALLS_SHOWN))
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
    cmdlet = find_cmdlet("Get-TransportRule")
    found = get(emulator.tenant, Visibility(), Kind.TRANSPORT_RULE, bind(cmdlet, {})).rows if cmdlet else ()
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
        fault = f" (fault {call.fault})" if call.fault else ""
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
