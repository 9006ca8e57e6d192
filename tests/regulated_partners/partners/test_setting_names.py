"""Names of a stack's settings."""

from __future__ import annotations

from regulated_partners.partners.setting_names import setting_names, unknown_settings


def test_a_misspelled_setting_is_named_with_what_was_meant() -> None:
    """A failure means that `partnrs:` reads as "no partners", and the next `up` removes every connector."""
    (finding,) = unknown_settings(["regulated-partners:partnrs", "regulated-partners:cloud"])

    assert str(finding) == "regulated-partners:partnrs: there is no such setting; did you mean partners?"


def test_settings_of_other_namespaces_are_nobodys_business() -> None:
    """A failure means that a stack cannot hold settings for other tools."""
    assert unknown_settings(["azure:location", "pulumi:tags"]) == ()


def test_every_known_setting_is_accepted() -> None:
    """A failure means that a documented setting stops the program."""
    assert unknown_settings(f"regulated-partners:{name}" for name in setting_names()) == ()
    assert {"cloud", "tenant", "clientId", "partners", "host", "scope", "authority"} <= set(setting_names())
