"""docs/policies.md is what an auditor reads: it must be what the pack enforces."""

from __future__ import annotations

from regulated_partners.policies.catalogue import RULES
from regulated_partners.policies.documentation import FILE, text


def test_the_table_is_current() -> None:
    """An auditor would read about rules that are not enforced, or not about those that are. Run
    `python -m regulated_partners.policies.documentation`."""
    assert FILE.read_text(encoding="utf-8") == text()
    assert all(f"### {rule.id}\n" in text() for rule in RULES)
