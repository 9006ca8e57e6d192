"""Markdown in which a stranger's text cannot act, read by a CommonMark parser as the services read it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from regulated_partners.markdown import Markdown, code, details, escaped, fenced, marker, shortened, table
from regulated_partners.text import printable

_PARSER = MarkdownIt("commonmark").enable("table").enable("strikethrough")

#: Text as somebody writes who means harm: little but what Markdown and HTML act on.
_HOSTILE = st.text(st.sampled_from("\\`*_{}[]()<>|~#+-=.!&;:@\"'/ \n\r\t\x00\u200b\u202e1aZ"), max_size=24)
_TEXTS = st.one_of(_HOSTILE, st.text(max_size=24))

#: Where texts are put.
_PLACES = {
    "paragraph": "{}",
    "heading": "### {}",
    "list": "- {}\n- next",
    "quoted list": "> - {}\n> - next",
    "after a word": "- before: {}",
    "beside": "### {} changes: weakens",
    "cell": "| setting | before |\n|---|---|\n| {} | x |",
}


def _flat(text: str) -> list[Token]:
    return [inner for token in _PARSER.parse(text) for inner in (token, *(token.children or ()))]


def _shape(text: str) -> list[str]:
    """The types of the tokens, runs of text as one."""
    types = ["text" if token.type in ("text", "text_special") else token.type for token in _flat(text)]
    return [kind for place, kind in enumerate(types) if kind != "text" or types[place - 1] != "text"]


def _said(text: str) -> str:
    """What a reader sees; what is nothing to the eye is left out."""
    content = "".join(token.content for token in _flat(text) if token.type in ("text", "text_special", "code_inline"))
    return content.replace("\u200b", "")


@pytest.mark.parametrize("place", _PLACES)
@given(text=_TEXTS.filter(bool))
@example(text="x\n\n# head")
@example(text="    code")
@example(text="1. one")
@example(text="foo ##")
@example(text="---")
@example(text="<!-- --><img src=x onerror=y>")
def test_a_text_stays_text_wherever_it_is_put(place: str, text: str) -> None:
    """Failing: whoever may name a connector forges a heading, a row or a link in a reviewer's comment, or hides one."""
    template = _PLACES[place]
    assert _shape(template.format(escaped(text))) == _shape(template.format("x"))
    assert _said(template.format(escaped(text))) == _said(template.format("@")).replace("@", printable(text))


@given(st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=3))
def test_a_table_has_its_cells_and_no_more(rows: list[tuple[str, str]]) -> None:
    """Failing: a value moves into another column, or makes a row of its own that says something else."""
    lines = list(table(("setting", "before"), rows))
    tokens = _PARSER.parse("\n".join(lines))
    assert [token.type for token in tokens].count("td_open") == 2 * len(rows)
    shown = [token.content for token in tokens if token.type == "inline"][2:]
    assert [_said(cell) for cell in shown] == [printable(cell) for row in rows for cell in row]


@given(_TEXTS.filter(bool))
def test_a_code_span_holds_the_whole_text(text: str) -> None:
    """Failing: a file's name or a setting ends its own code span, and the rest of it acts."""
    spans = [token for token in _flat("\n".join(table(("a",), [[code(text)]]))) if token.type != "text"]
    (span,) = (token for token in spans if token.type == "code_inline")
    assert span.type == "code_inline"
    assert span.content.strip() == printable(text).strip()


@given(st.lists(_TEXTS, max_size=4))
def test_a_line_cannot_end_its_block(lines: list[str]) -> None:
    """Failing: a line of a mail server's answer ends the transcript and goes on as the auditor's report."""
    (block,) = _PARSER.parse("\n".join(fenced(lines)))
    assert (block.type, block.info) == ("fence", "text")
    assert block.content.splitlines() == [printable(line) for line in lines]


@given(_TEXTS)
@example("~_")
def test_nobody_is_mentioned_and_nothing_is_referred_to(text: str) -> None:
    """Failing: a comment of a connector calls a whole company's team to a pull request, or links a merge request.

    The services look for these in the text as it is rendered. Source: renovatebot/renovate, lib/util/markdown.ts.
    """
    rendered = "".join(token.content for token in _flat(escaped(text)) if token.type != "inline")
    assert not re.search(r"(?<![A-Za-z0-9])@\w|[#!$%&]\d|~\w", rendered)


def test_an_address_is_copied_as_it_is() -> None:
    """Failing: a mail address in a review has a character that nobody sees, and does not work when it is pasted."""
    (inline,) = (token for token in _PARSER.parse(escaped("a@fabrikam.com")) if token.children)
    assert "".join(token.content for token in inline.children or ()) == "a@fabrikam.com"


def test_what_is_markdown_already_is_put_in_as_it_is() -> None:
    """Failing: links and code of our own show their signs."""
    assert escaped(Markdown("[`x`](#x)")) == "[`x`](#x)"
    assert list(table(("id",), [[code("a|b")]]))[-1] == "| `a\\|b` |"
    assert details("1 <unchanged>", escaped("a*b")) == (
        "<details><summary>1 &lt;unchanged&gt;</summary>\n\na\\*b\n\n</details>"
    )


@given(_TEXTS)
def test_a_marker_is_one_comment(stack: str) -> None:
    """Failing: a stack's name ends the comment by which a bot finds its text, and the bot adds one at each push."""
    text = marker("review", stack)
    assert text.startswith("<!-- regulated-partners review: ")
    assert "--" not in text[4:-3]
    assert "\n" not in text


def test_a_long_text_is_shortened_to_what_was_asked_for() -> None:
    """Failing: a comment is longer than the service takes."""
    assert (shortened("x" * 400), len(shortened("x" * 401)), shortened("x" * 401)[-1]) == ("x" * 400, 400, "…")
