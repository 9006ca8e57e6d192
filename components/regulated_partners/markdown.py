"""Markdown that GitHub, GitLab and Azure DevOps show alike, and in which nothing that somebody else wrote can act.

What a stranger may choose (a connector's name, a comment, a line of a transcript) goes through `escaped`, `code` or
`fenced`; `table` escapes every cell that is not Markdown already.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from regulated_partners.text import printable

_ACTIVE = re.compile(r"([\\`*_{}\[\]>|~])")
#: What begins a heading, a list, a rule or an indented block, where it stands first.
_BLOCK = re.compile(r"^(?:(?P<mark>[#+=-])|(?P<number>\d{1,9})(?P<dot>[.)])(?=\s|$)|(?P<space> ))")
_HASHES = re.compile(r"(?<!\\)#+(?= *$)")
#: Mentions and references. The services look for them in the rendered text, where an entity is a character again.
_MENTION = re.compile(r"(?<![A-Za-z0-9])@")
_REFERENCE = re.compile(r"((?:#|!|\$|%|&amp;)(?=\d)|\\~(?=\w|\\_))")
#: Nothing to the eye, and enough that no service finds a mention. Source: renovatebot/renovate, lib/util/markdown.ts.
_BREAK = "&#8203;"


class Markdown(str):
    """Text that is Markdown already: it is put in as it is."""

    __slots__ = ()


def escaped(text: str) -> Markdown:
    """Somebody else's text on one line: nothing in it is Markdown, HTML, a mention, a reference or a line break."""
    if isinstance(text, Markdown):
        return text
    quiet = _ACTIVE.sub(r"\\\1", printable(text).replace("&", "&amp;").replace("<", "&lt;"))
    quiet = _MENTION.sub(f"@{_BREAK}", _REFERENCE.sub(rf"\1{_BREAK}", quiet))
    # An address stays whole for whoever copies it, and is no link.
    quiet = quiet.replace("@", "&#64;").replace(f"&#64;{_BREAK}", f"@{_BREAK}")
    # Signs at the end would close a heading, and spaces at an end go away.
    quiet = _HASHES.sub(lambda found: "\\#" * len(found[0]), _BLOCK.sub(_first, quiet))
    return Markdown(f"{quiet[:-1]}&#32;" if quiet.endswith(" ") else quiet)


def _first(found: re.Match[str]) -> str:
    if found["space"]:
        return "&#32;"
    return f"\\{found['mark']}" if found["mark"] else f"{found['number']}\\{found['dot']}"


def shortened(text: str, most: int = 400) -> str:
    """The text, or its beginning with an ellipsis: a comment on a pull request has a greatest length."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def code(text: str) -> Markdown:
    """A code span, in a table too. Source: CommonMark 0.31, 6.1; GFM 4.10 for the bar."""
    plain = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    pad = " " if plain.startswith(("`", " ")) or plain.endswith(("`", " ")) else ""
    return Markdown(f"{fence}{pad}{plain}{pad}{fence}")


def fenced(lines: Iterable[str]) -> Iterator[str]:
    """A block of code that no line of it can end."""
    text = [printable(line) for line in lines]
    longest = max((len(run) for line in text for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *text, fence)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; cells that are not Markdown are escaped."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"


def details(summary: str, body: Markdown) -> str:
    """A part that is folded away. Inside of the summary HTML counts, and Markdown does not."""
    return f"<details><summary>{html.escape(printable(summary))}</summary>\n\n{body}\n\n</details>"


def marker(about: str, stack: str) -> str:
    """The first line of a text about a stack (`review`, `drift`) that a bot keeps current: a comment to find it by."""
    quiet = re.sub("-+", "-", re.sub("[^A-Za-z0-9._/]", "-", stack))
    return f"<!-- regulated-partners {about}: {quiet} -->"
