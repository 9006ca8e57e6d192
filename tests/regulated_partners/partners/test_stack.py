"""The partners of a stack together."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Severity
from regulated_partners.partners import DeclaredStack, read_partners
from tests.regulated_partners.partners.declared import FABRIKAM, fabrikam


def partner(name: str, *domains: str) -> dict[str, Any]:
    return fabrikam(name=name, domains=list(domains))


def found(declared: DeclaredStack) -> list[tuple[str, Severity]]:
    return [(finding.path, finding.severity) for finding in declared.findings]


@pytest.mark.parametrize("nothing", [None, []])
def test_a_stack_may_have_no_partners(nothing: object) -> None:
    """A failure means that a fresh stack cannot be previewed."""
    assert read_partners(nothing) == DeclaredStack((), (), ())


@pytest.mark.parametrize("wrong", [{}, "Fabrikam", 5, {"name": "Fabrikam"}])
def test_partners_are_a_list(wrong: object) -> None:
    """A failure means a traceback, or an empty stack that deletes every connector."""
    declared = read_partners(wrong)
    assert found(declared) == [("partners", Severity.ERROR)]
    assert "write each partner after '- name: ...'" in str(declared.findings[0])


def test_paths_lead_into_the_list() -> None:
    """A failure means that somebody looks for a mistake among two hundred partners."""
    declared = read_partners([FABRIKAM, partner("B", "b.*.com"), None, fabrikam(name="C", domains=["c.com"], x=1)])
    assert [path for path, _ in found(declared)] == ["partners[1].domains[0]", "partners[2]", "partners[3].x"]
    assert [each.name for each in declared.partners] == ["Fabrikam Bank", "B"]


def test_errors_come_before_warnings() -> None:
    """A failure means that the error is lost below a page of advice."""
    advised = fabrikam(outbound={"smartHosts": ["mx.a.com"], "settings": {"smtpDaneMode": "Mandatory"}})
    declared = read_partners([advised, partner("B", "b")])
    assert [severity for _, severity in found(declared)] == [Severity.ERROR, Severity.WARNING]
    assert [finding.path for finding in declared.errors] == ["partners[1].domains[0]"]
    assert [finding.path for finding in declared.warnings] == ["partners[0].outbound.settings.smtpDaneMode"]


@pytest.mark.parametrize("other", ["Fabrikam Bank", "FABRIKAM bank", "\uff26abrikam Bank"])
def test_two_partners_cannot_share_a_name(other: str) -> None:
    """A failure means that the second pair of connectors fails in the middle of a deployment: names ignore case."""
    declared = read_partners([FABRIKAM, partner("B", "b.com"), partner(other, "c.com")])
    assert found(declared) == [("partners[2].name", Severity.ERROR)]
    assert "partners[0] has the name 'Fabrikam Bank' already" in declared.findings[0].text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fabrikam.com", "fabrikam.com"),
        ("fabrikam.com", "FABRIKAM.com."),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.fabrikam.com", " *.Fabrikam.com "),
    ],
)
def test_two_partners_cannot_share_a_domain(one: str, other: str) -> None:
    """A failure means two connectors for one domain, with which mail can be lost."""
    declared = read_partners([partner("A", "a.com", one), partner("B", "b.com", "c.com", other)])
    assert found(declared) == [("partners[1].domains[2]", Severity.ERROR)]
    assert "belongs to partners[0] (A) already" in declared.findings[0].text


def test_one_partner_may_repeat_itself() -> None:
    """A failure means that a harmless repetition stops a deployment."""
    assert read_partners([partner("A", "a.com", "A.com", "*.a.com", "x.a.com")]).findings == ()


@pytest.mark.parametrize(
    ("domain", "wildcard", "covered"),
    [
        ("mail.fabrikam.com", "*.fabrikam.com", True),
        ("a.b.fabrikam.com", "*.fabrikam.com", True),
        ("*.mail.fabrikam.com", "*.fabrikam.com", True),
        ("fabrikam.com", "*.fabrikam.com", True),
        ("notfabrikam.com", "*.fabrikam.com", False),
        ("fabrikam.com", "*.mail.fabrikam.com", False),
    ],
)
def test_a_wildcard_of_another_partner_is_a_warning(domain: str, wildcard: str, covered: bool) -> None:
    """A failure means that mail of one partner is judged by the connector of another, and nobody was told."""
    for order in ([partner("A", domain), partner("B", wildcard)], [partner("B", wildcard), partner("A", domain)]):
        declared = read_partners(order)
        place = next(index for index, each in enumerate(order) if each["name"] == "A")
        assert found(declared) == ([(f"partners[{place}].domains[0]", Severity.WARNING)] if covered else [])


def test_a_wildcard_of_the_same_partner_is_fine() -> None:
    """A failure means a warning for the scenario of the README."""
    assert read_partners([FABRIKAM, partner("B", "b.com", "x.b.com", "*.b.com")]).findings == ()


@pytest.mark.parametrize(("count", "said"), [(1439, []), (1440, ["1440 partners make 1440 outbound connectors"])])
def test_a_tenant_is_nearly_full(count: int, said: list[str]) -> None:
    """A failure means that a tenant's limit is met in the middle of a deployment."""
    declared = read_partners([partner(f"P{index}", f"p{index}.example") for index in range(count)])
    assert declared.errors == ()
    assert [finding.text.partition(",")[0] for finding in declared.warnings] == said
