"""Generated tenants: connectors as rows, from the plain to the absurd."""

from __future__ import annotations

from hypothesis import strategies as st

from exchange_online.connectors import ConnectorRecord
from tests.regulated_partners.rows import inbound, outbound

_DOMAINS = ["fabrikam.com", "*.fabrikam.com", "contoso.com", "woodgrove.org", "*", "名前.example"]
_NAMES = st.one_of(
    st.sampled_from(
        ["Fabrikam - inbound", "Fabrikam - outbound", "Contoso in", "Contoso out", "TLS to X", "TLS from X"]
    ),
    st.sampled_from(
        ["null", "- dash", "a: b", "#", "'", '"quoted"', "yes", "1", "*x", "&y", "::", "$a", "a/b", "é\u0085"]
    ),
    st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=66),
)
_TEXTS = st.one_of(st.none(), st.just("SEC-1234"), st.text(alphabet=st.characters(codec="utf-8"), max_size=30))
_CERTIFICATES = st.sampled_from([None, "mail.fabrikam.com", "*.fabrikam.com", "mx.contoso.com", "<I>CN=x<S>CN=y"])
_TYPES = st.sampled_from(["Partner", "Partner", "Partner", "OnPremises"])
_FLAGS = st.sampled_from([False, False, False, True])

_COMMON = {
    "ConnectorType": _TYPES,
    "Enabled": st.sampled_from([True, True, False]),
    "Comment": _TEXTS,
    "CloudServicesMailEnabled": _FLAGS,
    "ConnectorSource": st.sampled_from(["Default", "AdminUI", "", "HybridWizard", "Migrated"]),
}
_INBOUND = {
    **_COMMON,
    "RequireTls": st.sampled_from([True, True, False]),
    "RestrictDomainsToCertificate": st.booleans(),
    "RestrictDomainsToIPAddresses": _FLAGS,
    "TlsSenderCertificateName": _CERTIFICATES,
    "SenderIPAddresses": st.sampled_from([[], [], ["198.51.100.7"], ["203.0.113.0/28", "198.51.100.7"]]),
    "TreatMessagesAsInternal": _FLAGS,
    "AssociatedAcceptedDomains": st.sampled_from([[], ["tenant.example"]]),
    "EFSkipLastIP": _FLAGS,
    "EFSkipIPs": st.sampled_from([[], ["192.0.2.0-192.0.2.9"]]),
    "EFUsers": st.sampled_from([[], ["a@tenant.example"]]),
    "TrustedOrganizations": st.sampled_from([[], ["fabrikam.onmicrosoft.com"]]),
    "EFTestMode": _FLAGS,
}
_OUTBOUND = {
    **_COMMON,
    "UseMXRecord": st.sampled_from([True, True, False]),
    "SmartHosts": st.sampled_from([[], [], ["mx.fabrikam.com"], ["192.0.2.1", "relay.contoso.com"]]),
    "TlsSettings": st.sampled_from([None, "EncryptionOnly", "CertificateValidation", "DomainValidation", "Brandnew"]),
    "TlsDomain": _CERTIFICATES,
    "SmtpDaneMode": st.sampled_from(["Opportunistic", "Mandatory", "None", None]),
    "MtaStsMode": st.sampled_from(["Opportunistic", "None"]),
    "IsTransportRuleScoped": _FLAGS,
    "AllAcceptedDomains": _FLAGS,
    "TestMode": _FLAGS,
    "ValidationRecipients": st.sampled_from([[], ["postmaster@fabrikam.com"]]),
}

_domains = st.lists(st.sampled_from(_DOMAINS), max_size=2)


@st.composite
def _likely_pairs(draw: st.DrawFn) -> list[ConnectorRecord]:
    """Two connectors for one partner, with every combination of a partner's options and now and then one more."""
    name = draw(_NAMES)[:50]
    domains = draw(st.sampled_from([["fabrikam.com"], ["contoso.com", "*.contoso.com"], ["woodgrove.org"]]))
    shared = {"Enabled": draw(st.booleans())}
    odd_in = draw(
        st.fixed_dictionaries({}, optional={key: _INBOUND[key] for key in ("Comment", "EFUsers", "EFSkipIPs")})
    )
    odd_out = draw(st.fixed_dictionaries({}, optional={key: _OUTBOUND[key] for key in ("Comment", "SmtpDaneMode")}))
    inside: dict[str, object] = draw(
        st.sampled_from(
            [
                {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "mail.fabrikam.com"},
                {"RestrictDomainsToIPAddresses": True, "SenderIPAddresses": ["198.51.100.7"]},
                {
                    "RestrictDomainsToIPAddresses": True,
                    "SenderIPAddresses": ["198.51.100.7"],
                    "TlsSenderCertificateName": "mail.fabrikam.com",
                },
                {"TlsSenderCertificateName": "mail.fabrikam.com"},
                {},
            ]
        )
    )
    outside: dict[str, object] = draw(
        st.sampled_from(
            [
                {"TlsSettings": "DomainValidation", "TlsDomain": "mail.fabrikam.com"},
                {"TlsSettings": "DomainValidation", "TlsDomain": "*.contoso.com"},
                {"TlsSettings": "CertificateValidation"},
                {"TlsSettings": "EncryptionOnly", "UseMXRecord": False, "SmartHosts": ["mx.fabrikam.com"]},
                {"ValidationRecipients": ["postmaster@fabrikam.com"]},
            ]
        )
    )
    return [
        inbound(f"{name} - inbound", *domains, **{**shared, **inside, **odd_in}),
        outbound(f"{name} - outbound", *domains, **{**shared, **outside, **odd_out}),
    ]


@st.composite
def _strangers(draw: st.DrawFn) -> list[ConnectorRecord]:
    make, cells = draw(st.sampled_from([(inbound, _INBOUND), (outbound, _OUTBOUND)]))
    return [make(draw(_NAMES), *draw(_domains), **draw(st.fixed_dictionaries({}, optional=cells)))]


def tenants(*, pairs_only: bool = False) -> st.SearchStrategy[list[ConnectorRecord]]:
    """Connectors with names that are unique in their direction, as the service demands."""
    parts = _likely_pairs() if pairs_only else st.one_of(_likely_pairs(), _strangers())
    return st.lists(parts, max_size=6).map(_unique)


def _unique(found: list[list[ConnectorRecord]]) -> list[ConnectorRecord]:
    first: dict[tuple[str, str], ConnectorRecord] = {}
    for each in (connector for part in found for connector in part):
        first.setdefault((each.direction.word, each.name.lower()), each)
    return list(first.values())
