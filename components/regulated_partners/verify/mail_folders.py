"""Many messages at once: the files of a folder or a maildir, and one table of what thousands of messages come to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from regulated_partners.probing.verdicts import Check, Judgement, Verdict
from regulated_partners.text import printable

#: Files of a folder that are judged: what is kept of each message takes 12 kB.
MOST_FILES = 10_000
#: From how many messages on there is a table, and not each of them.
MANY = 30
#: Messages that are shown in full below the table, and files that are named for one reason.
MOST_SHOWN, _MOST_NAMED = 20, 3
#: What mail programs and file managers keep beside messages. Source: Dovecot and Courier, maildir formats.
_BESIDE = ("dovecot", "courierimap", "maildirsize", "maildirfolder", "subscriptions", "thumbs.db", "desktop.ini")
#: The columns after the verdicts: how many messages came in which way.
_WAYS = ("TLS 1.3", "TLS 1.2", "older TLS", "version not stated", "clear", "not shown")


def files_in(folder: Path) -> Iterator[Path]:
    """The files of a folder and of those in it, in the order of their names; of a maildir its messages.

    Nothing hidden, nothing that is no regular file, and nothing that is still being delivered (a maildir's `tmp`).
    """
    for place, folders, names in os.walk(folder):
        is_maildir = {"cur", "new"} & set(folders)
        kept = [name for name in folders if not (is_maildir and name == "tmp")]
        # A maildir's own folders begin with a dot (Maildir++); other hidden folders hold no mail.
        folders[:] = sorted(name for name in kept if is_maildir or not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or name.lower().startswith(_BESIDE):
                continue
            path = Path(place, name)
            if path.is_file():
                yield path


def is_many(judgements: Sequence[Judgement]) -> bool:
    """Whether there is a table, and not each message."""
    return len(judgements) > MANY and all(judgement.kind == "message" for judgement in judgements)


def worth_showing(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Those that are shown in full: not passed and read, the worst first."""
    order = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.WARNING)
    found = [judgement for judgement in judgements if judgement.verdict in order and not _is_unread(judgement)]
    return tuple(sorted(found, key=lambda judgement: order.index(judgement.verdict)))


def summary(judgements: Sequence[Judgement]) -> Iterator[str]:
    """The lines of the table, then why files were not read."""
    rows: dict[tuple[str, str], Counter[str]] = {}
    for judgement in judgements:
        if not _is_unread(judgement):
            direction = judgement.direction.word if judgement.direction else "no boundary"
            count = rows.setdefault((direction, judgement.partner or ""), Counter())
            count["messages"] += 1
            count[judgement.verdict.value] += 1
            count[_way(judgement)] += 1
    columns = ["messages", *(verdict.value for verdict in Verdict), *_WAYS]
    columns = ["messages", *(name for name in columns[1:] if any(count[name] for count in rows.values()))]
    heads = ["direction", "partner", *columns]
    lines = [[*names, *(str(count[name]) for name in columns)] for names, count in sorted(rows.items())]
    widths = [max(len(line[at]) for line in [heads, *lines]) for at in range(len(heads))]
    for line in [heads, *lines]:
        cells = (
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield printable("  ".join(cells).rstrip())
    yield from _not_read(judgements)


def _not_read(judgements: Sequence[Judgement]) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for judgement in judgements:
        if _is_unread(judgement):
            reason = judgement.findings[0].text.replace(judgement.subject, "").strip().removeprefix("is ")
            reasons.setdefault(reason, []).append(judgement.subject)
    for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        yield printable(f"not read: {', '.join(names[:_MOST_NAMED])}{more}: {reason}")


def _is_unread(judgement: Judgement) -> bool:
    said = [finding.check for finding in judgement.findings]
    return judgement.verdict is Verdict.UNKNOWN and judgement.direction is None and Check.HEADERS in said


def _way(judgement: Judgement) -> str:
    facts = {fact.name: fact.value for fact in judgement.facts}
    if facts.get("transport") == "clear":
        return "clear"
    if facts.get("transport") != "encrypted":
        return "not shown"
    for version in ("1.3", "1.2"):
        if f"TLSv{version}" in facts.get("protocol", ""):
            return f"TLS {version}"
    return "older TLS" if "TLSv1" in facts.get("protocol", "") or "SSL" in facts.get("protocol", "") else _WAYS[3]
