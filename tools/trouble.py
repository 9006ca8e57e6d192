"""The tables of docs/trouble.md that come from the code: what Entra and the service refuse, and what our error says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from exchange_online.admin_api.classification import known_refusals
from exchange_online.admin_api.entra_errors import KNOWN
from regulated_partners.markdown import Markdown, code, table

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "trouble.md"


def with_tables(document: str) -> str:
    """docs/trouble.md with what the code says now."""
    for name, lines in (("sign-in", _sign_in()), ("refusals", _refusals())):
        text = "".join(f"{line}\n" for line in lines)
        place = re.compile(rf"(?<=<!-- {name}: made by `make generate` -->\n).*(?=<!-- /{name} -->)", re.DOTALL)
        document = place.sub(text.replace("\\", r"\\"), document)
    return document


def _sign_in() -> Iterator[str]:
    told: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, said in KNOWN.items():
        told[said].append(code(f"AADSTS{number}"))
    rows = ((Markdown(", ".join(numbers)), what, Markdown(advice)) for (what, advice), numbers in told.items())
    return table(("Entra says", "our error says", "what to do"), rows)


def _refusals() -> Iterator[str]:
    rows = (
        (Markdown(", ".join(map(code, known.told_by))), known.what.format(parameters="…"), Markdown(known.advice))
        for known in known_refusals()
    )
    return table(("the service's answer has", "our error says", "what to do"), rows)
