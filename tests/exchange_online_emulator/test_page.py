"""The page for a person who looks."""

from __future__ import annotations

from html.parser import HTMLParser

from exchange_online_emulator import Control
from tests.exchange_online_emulator.admin import Admin


class Cells(HTMLParser):
    """The texts and the tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Note a tag."""
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.append(data.strip())


def test_the_page_shows_connectors_rules_and_calls(admin: Admin, control: Control) -> None:
    """Failing: a person sees something else than the tenant holds."""
    admin.new_inbound("Fabrikam Bank", RestrictDomainsToCertificate=True, TlsSenderCertificateName="mail.fabrikam.com")
    admin.new_outbound("Fabrikam out", TlsSettings="DomainValidation", TlsDomain="mail.fabrikam.com")
    control.invoke("New-TransportRule", {"Name": "Route it", "RouteMessageOutboundConnector": "Fabrikam out"})
    admin.post("Remove-InboundConnector", {"Identity": "nobody"})
    response = admin.session.get(admin.connection.url, timeout=10)
    cells = Cells(response.text).texts
    for text in ("Fabrikam Bank", "smtp:fabrikam.com;1", "mail.fabrikam.com", "DomainValidation", "Route it", "404"):
        assert text in cells, text
    assert "Partners (1)" in cells


def test_a_tenant_has_its_page_below_its_guid_and_a_stranger_has_none(admin: Admin) -> None:
    """Failing: of several tenants at one address a person sees the first alone, or some page for any address."""
    url, tenant = admin.connection.url, admin.connection.tenant
    assert tenant in admin.session.get(f"{url}/{tenant}", timeout=10).text
    for other in (tenant.replace(tenant[:8], "00000000"), "favicon.ico"):
        assert admin.session.get(f"{url}/{other}", timeout=10).status_code == 404


def test_what_a_connector_says_is_text_and_not_markup(admin: Admin) -> None:
    """Failing: a connector's comment runs in the browser of whoever looks."""
    admin.new_inbound("<script>alert(1)</script>", Comment='<img src=x onerror="alert(1)">')
    response = admin.session.get(admin.connection.url, timeout=10)
    page = Cells(response.text)
    assert not {"script", "img"} & page.tags
    assert "<script>alert(1)</script>" in page.texts
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
