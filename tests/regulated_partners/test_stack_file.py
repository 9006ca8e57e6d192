"""Declarations go into a stack file, and nothing else of it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.adopt import with_declarations
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.yaml_text import Declared, load

KEY = "regulated-partners:partners"
ITEM: Mapping[str, Declared] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com", "*.fabrikam.com"],
    "inbound": {"restrictDomainsBy": "none"},
}
WRITTEN = """\
    - name: Fabrikam Bank
      domains: [fabrikam.com, "*.fabrikam.com"]
      inbound:
        restrictDomainsBy: none
"""


def test_the_list_grows_at_its_end_and_comments_stay() -> None:
    """Failure means: an adoption rewrites a file that people comment in, and the pull request is unreadable."""
    before = (
        "# head\nconfig:\n  regulated-partners:cloud: local # the emulator\n  regulated-partners:partners:\n"
        "    # about Contoso\n    - name: Contoso   # trailing\n      domains: [contoso.com]\n\n    # the end\n"
        "encryptionsalt: v1:abc=\n"
    )
    after = with_declarations(before, {KEY: [ITEM]})
    expected = before.replace("domains: [contoso.com]\n", "domains: [contoso.com]\n" + WRITTEN)
    assert after == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"config:\n  {KEY}:\n{WRITTEN}"),
        ("# only this\n", f"# only this\nconfig:\n  {KEY}:\n{WRITTEN}"),
        ("encryptionsalt: x", f"encryptionsalt: x\nconfig:\n  {KEY}:\n{WRITTEN}"),
        ("config:\n", f"config:\n  {KEY}:\n{WRITTEN}"),
        ("config: {}\na: b\n", f"config:\n  {KEY}:\n{WRITTEN}a: b\n"),
        (f"config:\n  {KEY}: [] # none\na: b\n", f"config:\n  {KEY}: # none\n{WRITTEN}a: b\n"),
        (f"config:\n  {KEY}:\na: b\n", f"config:\n  {KEY}:\n{WRITTEN}a: b\n"),
        (f"config:\n  {KEY}: null\n", f"config:\n  {KEY}:\n{WRITTEN}"),
        (
            "config:\n  x: |\n    text\n    more\n\na: b\n",
            f"config:\n  x: |\n    text\n    more\n\n  {KEY}:\n{WRITTEN}a: b\n",
        ),
        ("config:\r\n  x: y\r\n", f"config:\n  x: y\n  {KEY}:\n{WRITTEN}".replace("\n", "\r\n")),
    ],
)
def test_lists_are_made_where_they_are_missing(before: str, after: str) -> None:
    """Failure means: the first adoption into a new stack file fails or breaks it."""
    assert with_declarations(before, {KEY: [ITEM]}) == after


def test_a_list_without_indentation_keeps_its_style() -> None:
    """Failure means: a file in the other common YAML style becomes invalid."""
    before = f"config:\n    {KEY}:\n    - name: Contoso\n      domains: [contoso.com]\n    x: y\n"
    after = with_declarations(before, {KEY: [ITEM]})
    assert after == before.replace("[contoso.com]\n", "[contoso.com]\n" + WRITTEN)


def test_a_list_in_brackets_stays_one() -> None:
    """Failure means: a stack file written as flow YAML cannot be adopted into."""
    before = f"config:\n  {KEY}: [{{name: Contoso, domains: [contoso.com]}}] # all\n"
    after = with_declarations(before, {KEY: [ITEM]})
    assert load(after)["config"][KEY] == [{"name": "Contoso", "domains": ["contoso.com"]}, ITEM]
    assert after.endswith("] # all\n")


@pytest.mark.parametrize(
    "before", ["[a, b]", "config: text", f"config:\n  {KEY}: text", f"base: &b []\nconfig:\n  {KEY}: *b\n", "{}"]
)
def test_what_cannot_be_added_to_is_refused_in_words(before: str) -> None:
    """Failure means: a strange file is damaged, or the user sees a traceback."""
    with pytest.raises(CannotRunError, match=r"was not changed.*copy the declarations"):
        with_declarations(before, {KEY: [ITEM]})


_TEXT = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8"), min_size=1),
    st.sampled_from(
        ["true", "null", "~", "yes", "No", "1e3", "0x1F", "0o7", "1_000", "2026-01-01", "12:30:45", ".nan"]
    ),
    st.sampled_from(["-", "---", "...", "=", "<<", "&a", "*a", "!t", "!!str", "%p", "@x", "`q`", "{a}", "[b]", "a:b"]),
    st.sampled_from(["'q'", '"q"', "\\", "|x", ">x", "?x", ":x", "#x", "a#b", "é", "名前", "🏦"]),
    st.sampled_from(
        ["- x", "a: b", "a #c", "a:", "x ", " x", "a\tb", "a\nb", "\u0085", "\u2028", "\ufeff", "\x1b[31m", "\x00"]
    ),
)
_VALUE = st.one_of(_TEXT, st.booleans(), st.lists(_TEXT, min_size=1, max_size=40))
_ITEM = st.dictionaries(
    st.sampled_from(["name", "comment", "domains", "inbound"]),
    st.one_of(_VALUE, st.dictionaries(st.sampled_from(["name", "settings"]), _VALUE, min_size=1)),
    min_size=1,
)
_BEFORE = st.sampled_from(
    [
        "",
        f"config:\n  {KEY}:\n    - name: a\n",
        f"config:\n  {KEY}: []\n  z: 1\nb: c\n",
        f"config:\n  {KEY}: [{{name: a}}]\n",
        f"config:\n  {KEY}:\n  - name: |\n      a\n      b\n  - name: >-\n      folded\n      text\n# end",
        "config:\n  x: 'it''s'",
    ]
)


@given(_BEFORE, st.lists(_ITEM, min_size=1, max_size=3), st.lists(_ITEM, max_size=2))
def test_what_is_written_reads_back(before: str, partners: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    """Failure means: some text of a tenant becomes another text, type or structure on its way through the file.

    The usual YAML 1.1 reader must agree with the reader of this project (1.2, as the engine's).
    """
    after = with_declarations(before, {KEY: partners, "regulated-partners:inboundConnectors": others})
    for content in (load(after), yaml.safe_load(after)):
        old = (load(before) or {}).get("config", {}).get(KEY) or []
        assert content["config"][KEY] == [*old, *partners]
        assert content["config"].get("regulated-partners:inboundConnectors", []) == others
