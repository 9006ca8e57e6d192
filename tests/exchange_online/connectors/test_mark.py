"""The mark of ownership: put below a comment, and taken off again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import Direction, Mark, check, record_from_row, without_mark

MARK = Mark("regulated-partners", "production")

_NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)
# As settings hold them: without the carriage returns that a portal adds.
_COMMENTS = st.one_of(st.none(), st.text(min_size=1).map(lambda text: text.replace("\r", "\n"))).filter(
    lambda text: without_mark(text) == (text, None)
)


@given(comment=_COMMENTS, project=_NAMES, stack=_NAMES)
def test_what_is_put_below_a_comment_comes_off_again(comment: str | None, project: str, stack: str) -> None:
    """Failing, the tenant's comment differs from the declared one for ever, or a stack does not know its own mark."""
    mark = Mark(project, stack)
    assert without_mark(mark.below(comment)) == (comment, mark)
    assert Mark.read(str(mark)) == mark
    assert Mark.of(f"urn:pulumi:{stack}::{project}::a:b:C$d:e:F::Fabrikam :: Bank") == mark


@pytest.mark.parametrize(
    ("comment", "above"),
    [
        ("[Pulumi: regulated-partners/production]", None),
        ("SEC-1\r\n[Pulumi: regulated-partners/production]\r\n", "SEC-1"),
        ("SEC-1\n\n  [Pulumi: regulated-partners/production]  ", "SEC-1"),
        # A service, or an admin centre, that makes spaces or nothing of line breaks.
        ("SEC-1 [Pulumi: regulated-partners/production]", "SEC-1"),
        ("SEC-1[Pulumi: regulated-partners/production]", "SEC-1"),
        # Copied by hand from another connector: the last one counts.
        ("SEC-1\n[Pulumi: regulated-partners/dev]\n[Pulumi: regulated-partners/production]", "SEC-1"),
    ],
)
def test_spellings_of_a_mark(comment: str, above: str | None) -> None:
    """Failing, an edit in the admin centre makes a comment drift, or a connector nobody's."""
    record = record_from_row(Direction.INBOUND, {"Guid": "a", "Name": "A", "Comment": comment})
    assert record.mark == MARK
    assert record.settings.comment == above
    assert record.outputs()["managedBy"] == "regulated-partners/production"


@pytest.mark.parametrize(
    "comment",
    [
        "[Pulumi: regulated-partners/production] is ours",
        "[Pulumi: production]",
        "[Pulumi: a/b/c]",
        "[pulumi: a/b]",
        "[Pulumi: a b/c]",
        "",
    ],
)
def test_what_is_no_mark(comment: str) -> None:
    """Failing, a comment of somebody's is taken for a mark, and cut off."""
    assert without_mark(comment) == (comment or None, None)
    record = record_from_row(Direction.INBOUND, {"Guid": "a", "Name": "A", "Comment": comment})
    assert record.mark is None
    assert "managedBy" not in record.outputs()


def test_a_mark_is_not_declared() -> None:
    """Failing, a declaration says that another stack manages what it makes."""
    declared = {"name": "A", "senderDomains": ["a.example"], "comment": f"SEC-1\n{MARK.line}"}
    (error,) = check(Direction.INBOUND, declared).errors
    assert (error.rule, error.path) == ("mark", "comment")
    assert MARK.line in error.reason
