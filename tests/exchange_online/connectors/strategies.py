"""Generated settings, rows and spellings. What is generated is canonical; a spelling is another way to write it."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import strategies as st

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    Flag,
    Member,
    Parameter,
    Texts,
    Value,
    observed,
    parameters,
)

#: Written with an umlaut, the same domain is `Bücher.example`.
IDN = {"xn--bcher-kva.example": "Bücher.example", "xn--fiq228c.xn--55qx5d.cn": "中文。公司.cn"}

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda text: text[2:4] != "--")
domains = st.one_of(
    st.builds(lambda parts, top: ".".join([*parts, top]), st.lists(labels, min_size=1, max_size=3), st.just("com")),
    st.sampled_from(sorted(IDN)),
)
wildcards = domains.map("*.{}".format)
addresses = st.ip_addresses(v=4).map(str)
mail_addresses = st.builds("{}@{}".format, st.from_regex(r"[a-z0-9.+_-]{1,10}", fullmatch=True), domains)
single_line = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" "), max_size=20)


def networks(widest: int) -> st.SearchStrategy[str]:
    """CIDR ranges from `/widest` to /31, in their canonical spelling."""
    return st.builds(
        lambda address, length: str(ipaddress.ip_network(f"{address}/{length}", strict=False)),
        addresses,
        st.integers(widest, 31),
    )


_ranges = st.builds(
    lambda start, size: f"{ipaddress.IPv4Address(start)}-{ipaddress.IPv4Address(start + size)}",
    st.integers(0, 2**32 - 300),
    st.integers(1, 255),
)

_ITEMS: dict[str, st.SearchStrategy[str]] = {
    "SenderDomains": st.one_of(domains, wildcards, st.just("*")),
    "RecipientDomains": st.one_of(domains, wildcards, st.just("*")),
    "AssociatedAcceptedDomains": domains,
    "SenderIPAddresses": st.one_of(addresses, networks(24)),
    "EFSkipIPs": st.one_of(addresses, networks(1), _ranges),
    "EFUsers": mail_addresses,
    "ValidationRecipients": mail_addresses,
    "TrustedOrganizations": domains,
    "SmartHosts": st.one_of(domains, addresses, networks(8)),
    "TlsSenderCertificateName": st.one_of(domains, wildcards, st.just("<I>CN=CA<S>CN=mail.Contoso.com")),
    "TlsDomain": st.one_of(domains, wildcards),
    "Name": single_line.map(str.strip),
    "Comment": st.one_of(single_line, st.just("first line\nsecond line")),
}


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values of a parameter as the wire holds them; texts and lists may be missing."""
    kind = parameter.kind
    if isinstance(kind, Flag):
        return st.booleans()
    if isinstance(kind, Member):
        members = st.sampled_from([member.value for member in kind.members])
        return members if kind.empty else st.one_of(members, st.none())
    if isinstance(kind, Texts):
        return st.lists(_ITEMS[parameter.name], max_size=4)
    return st.one_of(_ITEMS[parameter.name], st.none())


def rows(direction: Direction) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of `Get-`, any of whose keys may be missing."""
    return st.fixed_dictionaries({}, optional={known.name: values(known) for known in parameters(direction)})


def settings_of(direction: Direction) -> st.SearchStrategy[ConnectorSettings]:
    """Settings in canonical form."""
    return rows(direction).map(lambda row: observed(direction, row))


any_settings = st.sampled_from(Direction).flatmap(settings_of)

json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=30),
        st.sampled_from(
            ["*", "*.", "smtp:;1", "a@b", "1.2.3.4/33", "::1", "[", "[]", "<I><S>", "xn--.a", "\ud800.com"]
        ),
        domains,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)


@st.composite
def respelled(draw: st.DrawFn, parameter: Parameter, value: Value) -> object:
    """Another spelling of a canonical value, one that the service takes for the same."""
    if value == parameter.kind.empty and draw(st.booleans()):
        return draw(st.sampled_from([None, "", []]))
    if isinstance(value, bool):
        return draw(st.sampled_from([value, str(value), str(value).lower()]))
    if isinstance(value, tuple):
        items = [draw(_respelled_item(parameter.name, item)) for item in value]
        repeated = draw(st.lists(st.sampled_from(value), max_size=2)) if value else []
        again = [draw(_respelled_item(parameter.name, item)) for item in repeated]
        return draw(st.permutations(items + again))
    if isinstance(parameter.kind, Member) and value:
        return draw(st.sampled_from([value, value.upper(), value.lower(), f" {value} "]))
    if value is None:
        return None
    return value if parameter.name == "Comment" else draw(_respelled_item(parameter.name, value))


@st.composite
def _respelled_item(draw: st.DrawFn, name: str, text: str) -> str:
    if text.startswith("<I>") or name == "Name":
        return f" {text} "
    if name in ("EFUsers", "ValidationRecipients", "TrustedOrganizations"):
        return draw(st.sampled_from([text, text.upper(), f" {text} "]))
    if text[-1].isdigit() and not text.rpartition(".")[2].isalpha():
        return draw(_respelled_address(name, text))
    return draw(_respelled_domain(name, text))


@st.composite
def _respelled_domain(draw: st.DrawFn, name: str, text: str) -> str:
    star, bare = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    forms = [bare, bare.upper(), bare.title()]
    if bare != "*":
        forms += [f"{bare}.", f"{bare}\u3002", IDN.get(bare, bare), IDN.get(bare, bare).upper()]
    written = star + draw(st.sampled_from(forms))
    around = ["{}", " {} "]
    if name == "SenderDomains":
        around += ["smtp:{};1", "SMTP:{};27", "smtp:{}"]
    if name == "AssociatedAcceptedDomains":
        around += ["contoso.onmicrosoft.com/Configuration/{}"]
    return draw(st.sampled_from(around)).format(written)


@st.composite
def _respelled_address(draw: st.DrawFn, name: str, text: str) -> str:
    if "-" in text:
        return text.replace("-", draw(st.sampled_from(["-", " - ", "- "])))
    network = ipaddress.IPv4Network(text)
    host = network[draw(st.integers(0, min(network.num_addresses, 256) - 1))]
    forms = [text, f" {text} ", f"{host}/{network.prefixlen}", f"{host}/{network.netmask}"]
    if name == "SmartHosts":
        forms += [f"[{text}]"]
    return draw(st.sampled_from(forms))
