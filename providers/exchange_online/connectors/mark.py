"""The mark of ownership: the last line of a connector's Comment, which says which stack manages it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = r"\[Pulumi: (?P<project>[^\s/\[\]]+)/(?P<stack>[^\s/\[\]]+)\]"
_MARK = re.compile(_LINE)
#: The mark at the end, with the line break before it. Whoever edits a comment may leave spaces around it; and a service
#: that keeps no line breaks (nothing is documented) must not make another comment of it.
_LAST_LINE = re.compile(rf"(?:\r\n|\s)?[^\S\r\n]*{_LINE}\s*\Z")


@dataclass(frozen=True)
class Mark:
    """A stack that manages a connector.

    Attributes:
        project: the name of the stack's project.
        stack: the stack's name, without its organization.
    """

    project: str
    stack: str

    @classmethod
    def of(cls, urn: str) -> Mark:
        """The mark of a resource's stack. Source: Pulumi's docs, Resource names (the parts of a URN)."""
        stack, project, *_ = urn.removeprefix("urn:pulumi:").split("::")
        return cls(project, stack)

    @classmethod
    def read(cls, text: object) -> Mark | None:
        """The mark that an output says, `project/stack`; None where it says none."""
        found = _MARK.fullmatch(f"[Pulumi: {text}]") if isinstance(text, str) else None
        return cls(found["project"], found["stack"]) if found else None

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}"

    @property
    def line(self) -> str:
        """The line of the Comment, such as `[Pulumi: regulated-partners/production]`."""
        return f"[Pulumi: {self}]"

    def below(self, comment: str | None) -> str:
        """The Comment that the connector gets: what is declared, and the mark below."""
        return f"{comment}\n{self.line}" if comment else self.line


def without_mark(comment: str | None) -> tuple[str | None, Mark | None]:
    """A Comment as the service shows it, taken apart: what a person wrote, and the mark below.

    Where marks stand below each other, as a comment that was copied by hand leaves them, the last one counts.
    """
    mark: Mark | None = None
    while comment and (found := _LAST_LINE.search(comment)):
        mark = mark or Mark(found["project"], found["stack"])
        comment = comment[: found.start()]
    return comment or None, mark
